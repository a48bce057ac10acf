package e2e_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/livekit/livekittest"
	"roomkey/store/postgrestest"
)

// cluster is three roomkeys on one PostgreSQL, and a LiveKit of two nodes on one
// Redis. The system embedded here reaches the roomkeys through a balancer, each
// call another one. People connect to LiveKit through a balancer, too.
type cluster struct {
	*system
	instances []*system               // each by itself
	toLiveKit []*livekittest.Balancer // of each instance
	postgres  *postgrestest.Server
	database  string
	media     *livekittest.Cluster
	paused    *system // the instance that answers nobody now; nil is none
}

// startCluster starts one, and makes the room. env is for all roomkeys.
func startCluster(t *testing.T, env ...string) *cluster {
	t.Helper()
	c := newCluster(t, env...)
	for _, s := range c.instances {
		s.launch()
	}
	for _, s := range c.instances {
		s.waitReady()
	}
	c.createRoom(nil)
	return c
}

// newCluster gives a cluster of which no roomkey runs yet.
func newCluster(t *testing.T, env ...string) *cluster {
	t.Helper()
	c := &cluster{postgres: postgrestest.Start(t)}
	c.database = c.postgres.Database(t)
	for range 3 {
		c.instances = append(c.instances, newSystem(t, foreign))
	}
	front := livekittest.StartBalancer(t, urls(c.instances)...)
	hooks := livekittest.StartWebhooks(t, front.URL()+"/livekit/webhook")
	c.media = livekittest.StartCluster(t, 2, livekittest.ServerOptions{Webhooks: []string{hooks.URL()}})
	first := c.instances[0]
	for _, s := range c.instances {
		media := livekittest.StartBalancer(t, c.media.Nodes[0].URL(), c.media.Nodes[1].URL())
		c.toLiveKit = append(c.toLiveKit, media)
		s.room, s.code, s.secrets, s.hooks = first.room, first.code, first.secrets, hooks
		s.livekitURL = media.URL()
		s.rooms = lksdk.NewRoomServiceClient(s.livekitURL, s.key, s.secret)
		s.env = append(append(s.env, "ROOMKEY_DATABASE_URL="+c.database, "LIVEKIT_URL="+s.livekitURL,
			"LIVEKIT_API_KEY="+s.key, "LIVEKIT_API_SECRET="+s.secret), env...)
	}
	c.system = &system{t: t, mode: foreign, url: front.URL(), authority: first.authority, hooks: hooks,
		livekitURL: first.livekitURL, rooms: first.rooms, key: first.key, secret: first.secret,
		room: first.room, code: first.code, secrets: first.secrets,
		// Each call has a connection of its own, so that each goes to another instance.
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
	}
	return c
}

func urls(systems []*system) (all []string) {
	for _, s := range systems {
		all = append(all, s.url)
	}
	return all
}

// holder is the instance that does now what one does for all.
func (c *cluster) holder() (holder *system) {
	c.t.Helper()
	db := connect(c.t, c.database)
	defer db.Close(context.Background()) // it is asked for again and again
	livekittest.Wait(c.t, "an instance to have the lease", func() bool {
		var name string
		err := db.QueryRow(c.t.Context(), "SELECT holder FROM leases WHERE name = 'housekeeping' AND "+
			"until > extract(epoch FROM clock_timestamp()) * 1000").Scan(&name)
		for _, s := range c.instances {
			if err == nil && strings.Contains(s.output.String(), "instance="+name) {
				holder = s
			}
		}
		return holder != nil
	})
	return holder
}
