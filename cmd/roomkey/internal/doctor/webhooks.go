package doctor

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"roomkey/webhooks"
)

// How long endpoints are waited for, and for how long an event may wait for one until
// that is worth telling.
const (
	endpointsWithin = 4 * time.Second
	waitsTooLong    = time.Minute
)

// waitingMetric is for how long the oldest event waits for an endpoint, in seconds.
const waitingMetric = "roomkey_webhook_waiting_seconds"

// checkWebhooks connects to the endpoints of the configuration, and asks the server
// which endpoints do not take their events. It says nothing where there are none.
func (d *Doctor) checkWebhooks(ctx context.Context, s *server) {
	problems := d.unreachableEndpoints(ctx)
	var waiting map[string]float64
	if s != nil {
		waiting, _ = d.metrics(ctx, s, waitingMetric) // where they cannot be read, other checks say so
	}
	for id, seconds := range waiting {
		if span := time.Duration(seconds) * time.Second; span > waitsTooLong {
			problems = append(problems, fmt.Sprintf("%s has not taken an event for %v", id, span))
		}
	}
	switch {
	case len(problems) > 0:
		d.warn(checkWebhooksOut, strings.Join(problems, "; "),
			"roomkey webhook deliveries ENDPOINT --state pending says why; events are sent again for three days.")
	case len(d.Config.Webhooks.Endpoints)+len(waiting) > 0:
		d.ok(checkWebhooksOut, "the endpoints can be reached, and no event waits for long")
	}
}

// unreachableEndpoints says which endpoints of the configuration cannot be connected
// to, by their hosts: a URL may hold a secret.
func (d *Doctor) unreachableEndpoints(ctx context.Context) (problems []string) {
	ctx, cancel := context.WithTimeout(ctx, endpointsWithin)
	defer cancel()
	client := webhooks.NewClient(d.Config.Webhooks.AllowPrivate, "")
	found := make([]string, len(d.Config.Webhooks.Endpoints))
	var tries sync.WaitGroup
	for i, e := range d.Config.Webhooks.Endpoints {
		tries.Go(func() { found[i] = client.Try(ctx, e.URL) })
	}
	tries.Wait()
	for i, problem := range found {
		if problem != "" {
			problems = append(problems, "the endpoint at "+webhooks.Host(d.Config.Webhooks.Endpoints[i].URL)+
				" cannot be reached: "+problem)
		}
	}
	return problems
}
