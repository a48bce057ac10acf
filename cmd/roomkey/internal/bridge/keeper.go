package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/meet"
)

// A keeper makes sure that a roomkey has the data folder as long as a bridge
// needs one: another process that has it, or else this one. Several keepers on
// one data folder agree by its lock. A keeper that does not run has one roomkey
// that was given to it.
type keeper struct {
	Config

	mu      sync.Mutex
	current *Client       // of the roomkey that answers; nil while there is none
	changed chan struct{} // closed when current is another one
}

const (
	// PollEvery is how often a keeper looks whether the roomkey that it found is
	// still there.
	PollEvery = 200 * time.Millisecond

	// StartWithin is how long another process may have the data folder, or the
	// address, without answering: it starts or stops.
	StartWithin = 15 * time.Second

	// addressWithin is how long the address may be taken without a roomkey that
	// has the data folder: then it is another program's.
	addressWithin = 500 * time.Millisecond

	// nextWithin is how long a call waits for a roomkey that answers.
	nextWithin = 15 * time.Second
)

func newKeeper(c Config) *keeper {
	return &keeper{Config: c, changed: make(chan struct{})}
}

// next gives the roomkey to send a message to, once there is one. It is another
// one than gone, which has not answered, or gone again if it is still the one a
// moment later.
func (k *keeper) next(ctx context.Context, gone *Client) (*Client, error) {
	again := time.NewTimer(PollEvery)
	defer again.Stop()
	tooLate := time.NewTimer(nextWithin)
	defer tooLate.Stop()
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
		case <-tooLate.C:
			return nil, k.noneNow(nil)
		case <-ctx.Done():
			return nil, k.noneNow(ctx.Err())
		}
	}
}

func (k *keeper) noneNow(err error) *meet.Error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.Data == "" && k.current != nil { // of ServeTo
		return &meet.Error{Code: meet.CodeUnavailable, Message: "No roomkey answers at " + k.current.URL + " now",
			Hint: "Try again in a few seconds.", Err: err}
	}
	return &meet.Error{Code: meet.CodeUnavailable, Message: "No roomkey answers for the data folder " + k.Data + " now",
		Hint: "One is being started. Try again in a few seconds, " +
			"and look at the log of roomkey stdio if that does not help.", Err: err}
}

func (k *keeper) client(h datafolder.Holder) (*Client, error) {
	token, err := k.OwnerToken()
	if err != nil {
		return nil, err
	}
	c := NewOwnerClient(h, token)
	c.DisableDestructive = k.Selection.DisableDestructive
	return c, nil
}

// use makes a roomkey the one that messages go to; nil is none.
func (k *keeper) use(c *Client) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current != nil {
		k.current.HTTP.CloseIdleConnections()
	}
	k.current = c
	close(k.changed)
	k.changed = make(chan struct{})
}

// run makes sure that there is a roomkey until ctx is done. It calls begun when
// the first one is found or started. Any error before that ends run; after that
// only the death of a part of a roomkey in this process does.
func (k *keeper) run(ctx context.Context, begun func()) error {
	defer k.use(nil)
	s := search{listen: k.Listen, since: time.Now(), first: true}
	found := func() {
		if s.first {
			begun()
		}
		s = search{listen: k.Listen, since: time.Now()}
	}
	for {
		followed, err := k.follow(ctx, found)
		if followed {
			s.since = time.Now()
		}
		if err == nil || errors.Is(err, datafolder.ErrNoHolder) || errors.Is(err, datafolder.ErrSilent) {
			err = k.lead(ctx, &s, found)
		}
		if err != nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(PollEvery):
		}
	}
}

// search is what a keeper remembers while it finds no roomkey and starts none.
type search struct {
	listen netip.AddrPort // of the one to start
	since  time.Time      // when there was one last
	first  bool           // there has never been one
	logged string         // the last error that was logged
}

// lead starts a roomkey in this process and runs it until ctx is done or a serve
// wants the data folder. It also gives nil where the keeper has to try again.
func (k *keeper) lead(ctx context.Context, s *search, started func()) error {
	if datafolder.Awaited(k.Data) {
		return nil
	}
	server, err := k.Start(ctx, s.listen)
	if err == nil {
		started()
		err = k.serve(ctx, server)
		s.since = time.Now()
		return err
	}
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it was stopped, which is no error
	}
	waited, inUse := time.Since(s.since), errors.Is(err, ErrAddressInUse)
	_, holderErr := datafolder.ReadHolder(k.Data)
	foreign := inUse && waited > addressWithin && errors.Is(holderErr, datafolder.ErrNoHolder) // another program has it
	busy := inUse || errors.Is(err, datafolder.ErrInUse)
	switch {
	case s.first && (!busy || foreign || waited > StartWithin):
		return err
	case foreign:
		// A bridge needs no fixed port.
		k.Log.Warn("another program has the address, so another port is used: links that were handed out do not work",
			"listen", k.Listen)
		s.listen = netip.AddrPortFrom(k.Listen.Addr(), 0)
	case !busy && err.Error() != s.logged:
		s.logged = err.Error()
		k.Log.Warn("no roomkey could be started; it is tried again and again", "err", err)
	}
	return nil
}

// follow uses the roomkey that has the data folder for as long as it has it. It
// says whether there was one.
func (k *keeper) follow(ctx context.Context, found func()) (bool, error) {
	h, err := datafolder.ReadHolder(k.Data) // which proves itself to the client below
	if err != nil {
		return false, err
	}
	c, err := k.client(h)
	if err != nil {
		return false, err
	}
	switch err := c.Ping(ctx); {
	case meet.IsCode(err, meet.CodeUnauthenticated):
		return false, fmt.Errorf("the roomkey at %s has another signing secret: give its --data and its --config", h.URL())
	case err != nil:
		return false, fmt.Errorf("%w: %w", datafolder.ErrSilent, err)
	}
	k.Log.Info("a roomkey is running already, bridging to it", "url", h.URL())
	k.use(c)
	defer k.use(nil)
	found()
	tick := time.NewTicker(PollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return true, nil
		case <-tick.C:
			if now, err := datafolder.ReadHolder(k.Data); err != nil || now != h {
				k.Log.Info("that roomkey has ended", "url", h.URL())
				return true, nil
			}
		}
	}
}

// serve runs a roomkey in this process until ctx is done, or until a serve
// wants the data folder.
func (k *keeper) serve(ctx context.Context, server Server) error {
	c, err := k.client(server.Holder())
	if err != nil {
		return errors.Join(err, server.Close())
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- server.Run(running) }()
	k.use(c)
	defer k.use(nil)
	tick := time.NewTicker(PollEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
			if running.Err() == nil && datafolder.Awaited(k.Data) {
				k.Log.Info("roomkey serve takes over the data folder")
				k.use(nil) // calls wait for the other one
				stop()
			}
		}
	}
}
