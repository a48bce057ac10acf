package server

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"roomkey/cmd/roomkey/internal/build"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/webhooks"
)

type metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	limited  *prometheus.CounterVec

	webhooks        *prometheus.CounterVec
	webhooksWaiting *prometheus.GaugeVec
}

// newMetrics makes the metrics of the instance with that name.
func newMetrics(instance string) metrics {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "roomkey_instance_info", Help: "Always 1: which process has these metrics, as in its log and its request ids.",
		ConstLabels: prometheus.Labels{"instance": instance, "version": build.Version().Version},
	})
	info.Set(1)
	m := metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roomkey_tool_calls_total", Help: "MCP tool calls by tool and outcome (ok or an error code).",
		}, []string{"tool", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "roomkey_tool_seconds", Help: "How long MCP tool calls took.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8),
		}, []string{"tool"}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roomkey_limited_total",
			Help: "What was refused, dropped or cut off because a limit was reached, by limit.",
		}, []string{"limit"}),
		webhooks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roomkey_webhook_deliveries_total",
			Help: "Attempts to tell endpoints of webhooks an event, by outcome (delivered, retried, failed).",
		}, []string{"outcome"}),
		webhooksWaiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "roomkey_webhook_waiting_seconds",
			Help: "For how long the oldest event that an endpoint has not taken has been waiting; 0 if there is none. " +
				"Only the instance that sends has it.",
		}, []string{"endpoint"}),
	}
	for _, outcome := range webhooks.Outcomes { // so that each is there before it happens
		m.webhooks.WithLabelValues(string(outcome))
	}
	m.registry.MustRegister(info, m.calls, m.seconds, m.limited, m.webhooks, m.webhooksWaiting)
	return m
}

func (m metrics) onLimit(limit string) { m.limited.WithLabelValues(limit).Inc() }

func (m metrics) onWebhook(outcome webhooks.Outcome) {
	m.webhooks.WithLabelValues(string(outcome)).Inc()
}

func (m metrics) onWebhooksWaiting(waiting map[string]time.Duration) {
	m.webhooksWaiting.Reset() // one may have been removed
	for endpoint, span := range waiting {
		m.webhooksWaiting.WithLabelValues(endpoint).Set(span.Seconds())
	}
}

func (m metrics) observe(tool, outcome string, took time.Duration) {
	m.calls.WithLabelValues(tool, outcome).Inc()
	m.seconds.WithLabelValues(tool).Observe(took.Seconds())
}

// listenForMetrics takes the configured address of the metrics; nil where there
// is none.
func listenForMetrics(ctx context.Context, c config.Config) (net.Listener, error) {
	if c.Metrics.Listen == "" {
		return nil, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Metrics.Address().String())
	if err != nil {
		return nil, fmt.Errorf("listen on %s for the metrics (metrics.listen): %w", c.Metrics.Listen, err)
	}
	return listener, nil
}
