package server

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

	"roomkey/cmd/roomkey/internal/database"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/memory"
	"roomkey/meet"
	"roomkey/store"
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
func (s *Server) Run(ctx context.Context) error {
	parts, ctx := errgroup.WithContext(ctx) // ctx is done when a part dies, too
	serve := func(what string, server *http.Server, l net.Listener) {
		parts.Go(func() error {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve %s: %w", what, err)
			}
			return nil
		})
	}
	if s.embedded != nil {
		if err := s.enforcer.Load().MediaRestarted(ctx); err != nil {
			s.log.Warn("could not write down who has left since the last start; reconciliation does", "err", err)
		}
	}
	for _, l := range s.listeners {
		serve("HTTP", s.server, l)
	}
	if s.metricsListener != nil {
		serve("the metrics", s.metricsServer, s.metricsListener)
	}
	if s.embedded != nil {
		parts.Go(func() error {
			select {
			case <-ctx.Done():
				return nil
			case <-s.embedded.Done():
				return fmt.Errorf("the LiveKit inside has ended: %w", s.embedded.Err())
			}
		})
	}
	renew := func(ctx context.Context) error {
		_, err := s.housekeeping.renew(ctx)
		return err
	}
	if err := renew(ctx); err != nil && ctx.Err() == nil { // not because it is to stop already
		s.log.Warn("the database does not say whether this instance sweeps", "err", err)
	}
	parts.Go(func() error { return s.every(ctx, leaseEvery, "renewing the lease to sweep", renew) })
	parts.Go(func() error { return s.every(ctx, sweepEvery, "sweep", s.oneAtATime(s.enforcer.Load().Sweep)) })
	parts.Go(func() error {
		return s.every(ctx, leaseEvery, "removing disabled users", s.oneAtATime(s.enforcer.Load().WatchDisabled))
	})
	parts.Go(func() error {
		return s.every(ctx, reconcileEvery, "reconciliation", s.oneAtATime(s.enforcer.Load().Reconcile))
	})
	parts.Go(func() error {
		return s.every(ctx, leaseEvery, "keeping chats", s.oneAtATime(s.enforcer.Load().KeepChats))
	})
	parts.Go(func() error { return s.every(ctx, leaseEvery, "sending webhooks", s.oneAtATime(s.sendWebhooks)) })
	parts.Go(func() error { return s.every(ctx, observeEvery, "noting who is inside", s.observe) })
	parts.Go(func() error {
		return s.every(ctx, noteTokensEvery, "noting the use of access tokens", s.noteTokens)
	})
	if s.inside != nil {
		parts.Go(func() error { return s.keepLiveKitInside(ctx) })
	}
	parts.Go(func() error { return s.every(ctx, memory.QuietTime, "giving memory back", new(memory.Idle).GiveBack) })
	if s.store.Shared() {
		parts.Go(func() error { return s.every(ctx, announceEvery, "announcing counts", s.service.AnnounceCounts) })
	}
	parts.Go(func() error { s.checkDatabase(ctx); return nil })
	log := s.log
	if !s.store.Shared() { // else each line has it
		log = log.With("instance", s.instance)
	}
	log.Info("serving", "address", s.listeners[0].Addr().String(), "url", s.public.String())

	<-ctx.Done()
	s.log.Info("stopping")
	s.drain()
	return errors.Join(parts.Wait(), s.Close())
}

// oneAtATime is work that one instance of all does.
func (s *Server) oneAtATime(work func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error { return s.housekeeping.do(ctx, work) }
}

// sendWebhooks sends until another instance may do it.
func (s *Server) sendWebhooks(ctx context.Context) error {
	defer s.metrics.webhooksWaiting.Reset()
	return s.webhooks.Run(ctx)
}

// observe has the enforcer note who of the people inside speaks, and that they are
// there.
func (s *Server) observe(ctx context.Context) error {
	enforcer, speaking := s.enforcer.Load(), s.media.Speaking
	if s.embedded != nil {
		speaking = s.embedded.Speaking
	}
	return errors.Join(enforcer.HearSpeakers(ctx, speaking()), s.housekeeping.do(ctx, enforcer.Observe))
}

// noteTokensLast is noteTokens before the database is closed.
func (s *Server) noteTokensLast() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.noteTokens(ctx); err != nil {
		s.log.Debug("could not note the use of access tokens", "err", err)
	}
}

// observeLast is observe before the LiveKit inside stops, and everybody is out.
func (s *Server) observeLast() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.observe(ctx); err != nil {
		s.log.Debug("could not note who is inside", "err", err)
	}
}

// noteTokens writes down which access tokens were used.
func (s *Server) noteTokens(ctx context.Context) error { return s.used.Write(ctx, s.store) }

// every does something at once and then repeats it until ctx is done. It gives no
// error.
func (s *Server) every(ctx context.Context, interval time.Duration, what string, do func(context.Context) error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn(what+" failed and will be repeated", "err", err)
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
func (s *Server) drain() {
	timeout := drainTimeout
	if s.embedded != nil {
		timeout = drainTimeoutInside
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	defer time.AfterFunc(silentGrace, s.silent.close).Stop()
	if err := s.server.Shutdown(ctx); err != nil {
		s.log.Warn("calls were still running and are cut off", "err", err)
		_ = s.server.Close()
	}
	_ = s.metricsServer.Close() // last, so that the metrics can be read until then
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
func (s *Server) Holder() datafolder.Holder { return s.holder }

// Links are where people and clients reach the server.
func (s *Server) Links() meet.Links { return s.service.Links() }

// MediaPorts are the ports of media of the LiveKit inside, the second 0 where there
// is no media over TCP. inside is false with a foreign LiveKit.
func (s *Server) MediaPorts() (udp, tcp int, inside bool) {
	if s.embedded == nil {
		return 0, 0, false
	}
	return s.embedded.UDPPort(), s.embedded.TCPPort(), true
}

// Close stops what New has started.
func (s *Server) Close() error {
	for _, l := range append(s.listeners, s.metricsListener) {
		if l != nil {
			_ = l.Close() // usually closed by its HTTP server already
		}
	}
	var errs []error
	if s.embedded != nil && s.enforcer.Load() != nil {
		s.observeLast()
	}
	if s.issuers != nil {
		s.issuers.Close()
	}
	if s.media != nil {
		s.media.Close()
	}
	if s.embedded != nil {
		http.DefaultClient.CloseIdleConnections() // ours to LiveKit: it waits 5 s for one that never spoke
		errs = append(errs, s.embedded.Stop())
	}
	if s.store != nil {
		s.noteTokensLast()
		s.releaseLeases()
		errs = append(errs, s.store.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// checkDatabase looks at the part of a large database that the start had no
// time for. Where it is damaged, the program is not ready any more.
func (s *Server) checkDatabase(ctx context.Context) {
	if err := s.store.Check(ctx); errors.Is(err, store.ErrDamaged) {
		s.log.Error("the database is damaged: stop, and "+database.RestoreHint, "err", err)
	} else if err != nil && ctx.Err() == nil {
		s.log.Warn("the database could not be checked", "err", err)
	}
}
