package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"roomkey/cmd/roomkey/internal/datafolder"
)

const sweepEvery = 2 * time.Second

// reconcileEvery is how often LiveKit is asked who is inside. If a webhook is
// lost, the database is right after that time and the five seconds by which
// LiveKit's own list of rooms may be late.
const reconcileEvery = 10 * time.Second

// observeEvery is how often is noted that the people inside are there, and who of them
// speaks. So exact is the time that they were inside when nobody told of their going.
const observeEvery = time.Second

// noteTokensEvery is how often the use of access tokens is written down.
const noteTokensEvery = time.Minute

// announceEvery is how often other instances are told of what limits count.
const announceEvery = time.Second

// listen listens at an address. A machine has two loopback addresses, and
// browsers try ::1 first for "localhost": for 127.0.0.1 it listens at ::1 too, if
// nobody else has the port there.
func listen(ctx context.Context, at netip.AddrPort, log *slog.Logger) ([]net.Listener, error) {
	first, err := new(net.ListenConfig).Listen(ctx, "tcp", at.String())
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(first.Addr().String()) // of our own listener
	if at.Addr() != netip.AddrFrom4([4]byte{127, 0, 0, 1}) {
		return []net.Listener{first}, nil
	}
	second, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("::1", port))
	if err != nil {
		log.Debug("not listening at [::1], too", "err", err) // there is no IPv6, or another program has the port
		return []net.Listener{first}, nil
	}
	return []net.Listener{first, second}, nil
}

// Run serves until ctx is done or a part dies, then stops everything in order:
// no new calls, running calls finish, the sweeper, LiveKit, the database.
func (a *app) Run(ctx context.Context) error {
	parts, ctx := errgroup.WithContext(ctx) // ctx is done when a part dies, too
	serve := func(what string, server *http.Server, l net.Listener) {
		parts.Go(func() error {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve %s: %w", what, err)
			}
			return nil
		})
	}
	if a.embedded != nil {
		if err := a.enforcer.Load().MediaRestarted(ctx); err != nil {
			a.log.Warn("could not write down who has left since the last start; reconciliation does", "err", err)
		}
	}
	for _, l := range a.listeners {
		serve("HTTP", a.server, l)
	}
	if a.metricsListener != nil {
		serve("the metrics", a.metricsServer, a.metricsListener)
	}
	if a.embedded != nil {
		parts.Go(func() error {
			select {
			case <-ctx.Done():
				return nil
			case <-a.embedded.Done():
				return fmt.Errorf("the LiveKit inside has ended: %w", a.embedded.Err())
			}
		})
	}
	renew := func(ctx context.Context) error {
		_, err := a.housekeeping.renew(ctx)
		return err
	}
	if err := renew(ctx); err != nil && ctx.Err() == nil { // not because it is to stop already
		a.log.Warn("the database does not say whether this instance sweeps", "err", err)
	}
	parts.Go(func() error { return a.every(ctx, leaseEvery, "renewing the lease to sweep", renew) })
	parts.Go(func() error { return a.every(ctx, sweepEvery, "sweep", a.oneAtATime(a.enforcer.Load().Sweep)) })
	parts.Go(func() error {
		return a.every(ctx, leaseEvery, "removing disabled users", a.oneAtATime(a.enforcer.Load().WatchDisabled))
	})
	parts.Go(func() error {
		return a.every(ctx, reconcileEvery, "reconciliation", a.oneAtATime(a.enforcer.Load().Reconcile))
	})
	parts.Go(func() error {
		return a.every(ctx, leaseEvery, "keeping chats", a.oneAtATime(a.enforcer.Load().KeepChats))
	})
	parts.Go(func() error { return a.every(ctx, leaseEvery, "sending webhooks", a.oneAtATime(a.sendWebhooks)) })
	parts.Go(func() error { return a.every(ctx, observeEvery, "noting who is inside", a.observe) })
	parts.Go(func() error {
		return a.every(ctx, noteTokensEvery, "noting the use of access tokens", a.noteTokens)
	})
	if a.inside != nil {
		parts.Go(func() error { return a.keepLiveKitInside(ctx) })
	}
	parts.Go(func() error { return a.every(ctx, quietTime, "giving memory back", new(idleMemory).giveBack) })
	if a.store.Shared() {
		parts.Go(func() error { return a.every(ctx, announceEvery, "announcing counts", a.service.AnnounceCounts) })
	}
	parts.Go(func() error { a.checkDatabase(ctx); return nil })
	log := a.log
	if !a.store.Shared() { // else each line has it
		log = log.With("instance", a.instance)
	}
	log.Info("serving", "address", a.listeners[0].Addr().String(), "url", a.public.String())

	<-ctx.Done()
	a.log.Info("stopping")
	a.drain()
	return errors.Join(parts.Wait(), a.Close())
}

// oneAtATime is work that one instance of all does.
func (a *app) oneAtATime(work func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error { return a.housekeeping.do(ctx, work) }
}

// sendWebhooks sends until another instance may do it.
func (a *app) sendWebhooks(ctx context.Context) error {
	defer a.metrics.webhooksWaiting.Reset()
	return a.webhooks.Run(ctx)
}

// observe has the enforcer note who of the people inside speaks, and that they are
// there.
func (a *app) observe(ctx context.Context) error {
	enforcer, speaking := a.enforcer.Load(), a.media.Speaking
	if a.embedded != nil {
		speaking = a.embedded.Speaking
	}
	return errors.Join(enforcer.HearSpeakers(ctx, speaking()), a.housekeeping.do(ctx, enforcer.Observe))
}

// noteTokensLast is noteTokens before the database is closed.
func (a *app) noteTokensLast() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := a.noteTokens(ctx); err != nil {
		a.log.Debug("could not note the use of access tokens", "err", err)
	}
}

// observeLast is observe before the LiveKit inside stops, and everybody is out.
func (a *app) observeLast() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := a.observe(ctx); err != nil {
		a.log.Debug("could not note who is inside", "err", err)
	}
}

// noteTokens writes down which access tokens were used.
func (a *app) noteTokens(ctx context.Context) error { return a.used.Write(ctx, a.store) }

// every does something at once and then repeats it until ctx is done. It gives no
// error.
func (a *app) every(ctx context.Context, interval time.Duration, what string, do func(context.Context) error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn(what+" failed and will be repeated", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// How long running calls may take after the stop has begun. A call waits for a
// foreign LiveKit at most 5 s. The LiveKit inside answers at once, but may take
// 6 s to stop; everything together takes at most ten.
const (
	drainTimeout       = 7 * time.Second
	drainTimeoutInside = 3 * time.Second
)

// drain refuses new calls and waits for running ones.
func (a *app) drain() {
	timeout := drainTimeout
	if a.embedded != nil {
		timeout = drainTimeoutInside
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	defer time.AfterFunc(silentGrace, a.silent.close).Stop()
	if err := a.server.Shutdown(ctx); err != nil {
		a.log.Warn("calls were still running and are cut off", "err", err)
		_ = a.server.Close()
	}
	_ = a.metricsServer.Close() // last, so that the metrics can be read until then
}

// silentGrace is how long a connection may stay silent after the stop has begun:
// enough for a call that is on its way.
const silentGrace = 200 * time.Millisecond

// silentConns are the connections on which nothing has been asked yet, as
// browsers and HTTP clients open them ahead of need. http.Server.Shutdown
// waits 5 s for each of them to speak.
type silentConns struct{ conns sync.Map }

// watch is an http.Server's ConnState.
func (s *silentConns) watch(c net.Conn, state http.ConnState) {
	if state == http.StateNew {
		s.conns.Store(c, nil)
	} else {
		s.conns.Delete(c)
	}
}

func (s *silentConns) close() {
	for c := range s.conns.Range {
		_ = c.(net.Conn).Close()
	}
}

// Holder is this process as the lock of the data folder names it.
func (a *app) Holder() datafolder.Holder { return a.holder }

// Close stops what newApp has started.
func (a *app) Close() error {
	for _, l := range append(a.listeners, a.metricsListener) {
		if l != nil {
			_ = l.Close() // usually closed by its HTTP server already
		}
	}
	var errs []error
	if a.embedded != nil && a.enforcer.Load() != nil {
		a.observeLast()
	}
	if a.issuers != nil {
		a.issuers.Close()
	}
	if a.media != nil {
		a.media.Close()
	}
	if a.embedded != nil {
		http.DefaultClient.CloseIdleConnections() // ours to LiveKit: it waits 5 s for one that never spoke
		errs = append(errs, a.embedded.Stop())
	}
	if a.store != nil {
		a.noteTokensLast()
		a.releaseLeases()
		errs = append(errs, a.store.Close())
	}
	if a.lock != nil {
		errs = append(errs, a.lock.Close())
	}
	return errors.Join(errs...)
}
