package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/meet"
)

// A keeper sees to it that a roomkey has the data folder as long as a bridge
// needs one: another process that has it, or else this one. Several of them on
// one folder agree by its lock.
type keeper struct {
	config config.Config
	log    *slog.Logger

	mu      sync.Mutex
	current *client       // of the roomkey that answers; nil while there is none
	changed chan struct{} // closed when current is another
	suspect chan struct{} // gets a value when current does not answer
}

const (
	// keeperEvery is how often a keeper looks whether the roomkey that it found
	// is still there.
	keeperEvery = 200 * time.Millisecond

	// startWithin is how long another process may have the data folder, or the
	// address, without answering: it starts or stops.
	startWithin = 15 * time.Second

	// addressWithin is how long the address may be taken without a roomkey that
	// has the data folder: it is another program's.
	addressWithin = 500 * time.Millisecond

	// nextWithin is how long a call waits for a roomkey that answers.
	nextWithin = 15 * time.Second
)

func newKeeper(c config.Config, log *slog.Logger) *keeper {
	return &keeper{config: c, log: log, changed: make(chan struct{}), suspect: make(chan struct{}, 1)}
}

// next gives the roomkey to send a message to, once there is one. It is another
// than gone, which has not answered, or the same if that is still the one a
// moment later.
func (k *keeper) next(ctx context.Context, gone *client) (*client, error) {
	again := time.NewTimer(keeperEvery)
	defer again.Stop()
	enough := time.NewTimer(nextWithin)
	defer enough.Stop()
	for {
		k.mu.Lock()
		current, changed := k.current, k.changed
		k.mu.Unlock()
		if current != nil && current != gone {
			return current, nil
		}
		select {
		case <-changed:
		case <-again.C:
			gone = nil
		case <-enough.C:
			return nil, noneNow(k.config.Data, nil)
		case <-ctx.Done():
			return nil, noneNow(k.config.Data, ctx.Err())
		}
	}
}

// noneNow is the error where no roomkey came in time.
func noneNow(folder string, err error) *meet.Error {
	return &meet.Error{Code: meet.CodeUnavailable, Message: "No roomkey answers for the data folder " + folder + " now",
		Hint: "One is being started. Try again in a few seconds, and look at the log of roomkey stdio if that does not help.", Err: err}
}

// lost hears that a roomkey does not answer.
func (k *keeper) lost(c *client) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current == c {
		select {
		case k.suspect <- struct{}{}:
		default:
		}
	}
}

// client is a client of a roomkey that has the data folder.
func (k *keeper) client(h holder, tokens func() (string, error)) *client {
	c := ownerClient(h, tokens)
	c.noDestruction = k.config.DisableDestructive
	return c
}

// use makes a roomkey the one that messages go to; nil is none.
func (k *keeper) use(c *client) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current != nil {
		k.current.http.CloseIdleConnections()
	}
	k.current = c
	close(k.changed)
	k.changed = make(chan struct{})
}

// run keeps a roomkey there until ctx is done. begun is called when the first
// one is found or started. What goes wrong before that ends run; after that
// only the death of a part of a roomkey of this process's own does.
func (k *keeper) run(ctx context.Context, begun func()) error {
	defer k.use(nil)
	t := try{config: k.config, since: time.Now(), first: true}
	begin := func() {
		if t.first {
			begun()
		}
		t = try{config: k.config, since: time.Now()}
	}
	for {
		found, err := k.follow(ctx, begin)
		if found {
			t.since = time.Now()
		}
		if err == nil || errors.Is(err, errNobody) || errors.Is(err, errSilent) {
			err = k.lead(ctx, &t, begin)
		}
		if err != nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(keeperEvery):
		}
	}
}

// try is what a keeper remembers while it finds no roomkey and starts none.
type try struct {
	config config.Config // of the one to start
	since  time.Time     // when there was one last
	first  bool          // there has never been one
	told   string        // the last trouble that the log was told of
}

// lead starts a roomkey in this process and runs it until ctx is done or a serve
// wants its place. It gives nil, too, where it is to be tried again.
func (k *keeper) lead(ctx context.Context, t *try, begin func()) error {
	if waitsForData(k.config.Data) {
		return nil
	}
	a, err := newApp(ctx, t.config, k.log, commandStdio)
	if err == nil {
		begin()
		err = k.serve(ctx, a)
		t.since = time.Now()
		return err
	}
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it was stopped, which is no trouble
	}
	waited := time.Since(t.since)
	foreign := errors.Is(err, errAddressInUse) && waited > addressWithin && !k.taken() // another program's address
	busy := errors.Is(err, errAddressInUse) || errors.Is(err, errDataInUse)
	switch {
	case t.first && (!busy || foreign || waited > startWithin):
		return err
	case foreign:
		t.config, err = k.elsewhere()
		return err
	case !busy && err.Error() != t.told:
		t.told = err.Error()
		k.log.Warn("no roomkey could be started; it is tried again and again", "err", err)
	}
	return nil
}

// taken says whether another process has the data folder, wherever it is.
func (k *keeper) taken() bool {
	_, err := readHolder(k.config.Data)
	return !errors.Is(err, errNobody)
}

// elsewhere is the configuration at another port: the configured one belongs to
// another program now, and those who talk to this process need none.
func (k *keeper) elsewhere() (config.Config, error) {
	c := k.config
	listen, err := config.ParseListen(c.Listen)
	if err != nil {
		return c, err
	}
	c.Listen = netip.AddrPortFrom(listen.Addr(), 0).String()
	k.log.Warn("another program has the address, so another port is used: links that were handed out do not work",
		"listen", k.config.Listen)
	return c, nil
}

// follow uses the roomkey that has the data folder for as long as it does. It
// says whether there was one.
func (k *keeper) follow(ctx context.Context, found func()) (bool, error) {
	h, err := findHolder(ctx, k.config.Data)
	if err != nil {
		return false, err
	}
	tokens, err := ownerTokens(k.config)
	if err != nil {
		return false, err
	}
	c := k.client(h, tokens)
	ping := []byte(`{"jsonrpc":"2.0","id":0,"method":"ping"}`)
	switch err := c.post(ctx, ping, func([]byte) error { return nil }); {
	case meet.IsCode(err, meet.CodeUnauthenticated):
		return false, fmt.Errorf("the roomkey at %s has another signing secret: give its --data and its --config", h.url())
	case err != nil:
		return false, fmt.Errorf("%w: %w", errSilent, err)
	}
	k.log.Info("a roomkey is running already, bridging to it", "url", h.url())
	k.use(c)
	defer k.use(nil)
	found()
	tick := time.NewTicker(keeperEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return true, nil
		case <-k.suspect:
			if _, err := findHolder(ctx, k.config.Data); err != nil {
				return true, nil
			}
		case <-tick.C:
		}
		if now, err := readHolder(k.config.Data); err != nil || now.url() != h.url() || string(now.key) != string(h.key) {
			k.log.Info("that roomkey has ended", "url", h.url())
			return true, nil
		}
	}
}

// serve runs a roomkey of this process's own until ctx is done, or until a
// serve wants the data folder.
func (k *keeper) serve(ctx context.Context, a *app) error {
	tokens, err := ownerTokens(k.config)
	if err != nil {
		return errors.Join(err, a.close())
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- a.run(running) }()
	k.use(k.client(a.holder, tokens))
	defer k.use(nil)
	tick := time.NewTicker(keeperEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
			if running.Err() == nil && waitsForData(k.config.Data) {
				k.log.Info("roomkey serve takes over the data folder")
				k.use(nil) // calls wait for the other
				stop()
			}
		}
	}
}
