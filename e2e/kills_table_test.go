package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"roomkey/livekit/livekittest"
)

// part is something that can die, or be gone for a while.
type part struct {
	name          string
	kill, restart func()
	alone         bool // nothing takes its place, so it is started again at once
}

// parts are all of the cluster's.
func (c *cluster) parts() []part {
	parts := []part{
		{name: "PostgreSQL, kill -9", kill: c.killDatabase, restart: c.startDatabase, alone: true},
		{name: "PostgreSQL, restarted", kill: c.stopDatabase, restart: c.startDatabase, alone: true},
		{name: "all connections to PostgreSQL, cut", kill: c.cutDatabase, restart: func() {}, alone: true},
		{name: "a roomkey, SIGSTOP for longer than its leases", kill: c.pauseHolder, restart: c.resumeHolder},
		{name: "a roomkey's way to LiveKit, cut", kill: c.toLiveKit[0].Cut, restart: c.toLiveKit[0].Heal},
		{name: "Redis, kill -9", kill: c.media.Redis.Kill, restart: c.media.Redis.Restart, alone: true},
	}
	for _, s := range c.instances {
		parts = append(parts, part{name: "a roomkey, kill -9", kill: s.kill, restart: s.run})
	}
	for _, node := range c.media.Nodes {
		parts = append(parts, part{name: "a LiveKit node, kill -9", kill: node.Kill, restart: node.Restart})
	}
	return parts
}

func (c *cluster) killDatabase()  { c.postgres.Kill(c.t) }
func (c *cluster) stopDatabase()  { c.postgres.Stop(c.t) }
func (c *cluster) startDatabase() { c.postgres.Start(c.t) }

// cutDatabase ends every connection of the roomkeys.
func (c *cluster) cutDatabase() {
	c.postgres.Exec(c.t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "+
		"WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
}

// pauseHolder stops the instance that does what one does for all, and resumeHolder has
// it go on once another one does that.
func (c *cluster) pauseHolder() {
	c.paused = c.holder()
	c.paused.pause()
}

func (c *cluster) resumeHolder() {
	livekittest.Wait(c.t, "another instance to have the lease", func() bool { return c.holder() != c.paused })
	c.paused.resume()
	c.paused = nil
}

func (s *system) pause() { s.signal(syscall.SIGSTOP) }

func (s *system) resume() { s.signal(syscall.SIGCONT) }

func (s *system) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// round is what was seen when something was killed.
type round struct {
	what    string
	removed time.Duration // how long it took to remove somebody; 0 is nobody
	arrived time.Duration // how long it took somebody to come in
	seen    sight
}

func (r round) String() string {
	return fmt.Sprintf("%s: no change was acknowledged for %v, somebody was removed after %v and came in after %v; "+
		"%d changes, failed: %v", r.what, r.seen.longest.Round(time.Millisecond), r.removed.Round(time.Millisecond),
		r.arrived.Round(time.Millisecond), r.seen.done, r.seen.failed)
}

// kills are all rounds.
type kills []round

// String is a table with a line for each part.
func (k kills) String() string {
	var parts []string
	rounds := map[string][]round{}
	for _, r := range k {
		if rounds[r.what] == nil {
			parts = append(parts, r.what)
		}
		rounds[r.what] = append(rounds[r.what], r)
	}
	var table strings.Builder
	table.WriteString("| what | times | longest without a change acknowledged | somebody removed after " +
		"| somebody came in after | changes acknowledged | calls that failed |\n" +
		"| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, what := range parts {
		done, failed := 0, map[string]int{}
		for _, r := range rounds[what] {
			done += r.seen.done
			for kind, n := range r.seen.failed {
				failed[kind] += n
			}
		}
		fmt.Fprintf(&table, "| %s | %d | %s | %s | %s | %d | %s |\n", what, len(rounds[what]),
			spread(rounds[what], func(r round) time.Duration { return r.seen.longest }),
			spread(rounds[what], func(r round) time.Duration { return r.removed }),
			spread(rounds[what], func(r round) time.Duration { return r.arrived }),
			done, strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(failed), "map["), "]"))
	}
	return table.String()
}

// spread gives median and longest of a time.
func spread(rounds []round, of func(round) time.Duration) string {
	var all []time.Duration
	for _, r := range rounds {
		if d := of(r); d > 0 {
			all = append(all, d)
		}
	}
	if len(all) == 0 {
		return "-"
	}
	slices.Sort(all)
	return fmt.Sprintf("%.1f s, at most %.1f s", all[len(all)/2].Seconds(), all[len(all)-1].Seconds())
}
