package bridge

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"

	"golang.org/x/sync/errgroup"

	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/meet"
	"roomkey/tools"
)

// ErrAddressInUse says that another program has the address: a roomkey or
// something else.
var ErrAddressInUse = errors.New("is in use by another program: choose another address with --listen")

// Config is what a bridge needs to find or start a roomkey.
type Config struct {
	Data   string         // the data folder
	Listen netip.AddrPort // of a roomkey that is started
	Log    *slog.Logger

	// Selection is the most that is offered, whatever the roomkey offers that
	// answers: the limits of the bridge's own command line hold.
	Selection tools.Selection

	// Channel are the kinds of events that a Claude Code session is told of by itself.
	Channel []meet.EventKind

	// OwnerToken gives what makes access tokens of the local owner.
	OwnerToken func() (func() (string, error), error)

	// Start starts a roomkey that serves at an address. Its error is
	// [ErrAddressInUse] or [datafolder.ErrInUse] where another program has the
	// address or another process the data folder.
	Start func(ctx context.Context, address netip.AddrPort) (Server, error)
}

// Server is a roomkey in this process, which serves in Run.
type Server interface {
	Holder() datafolder.Holder
	Run(ctx context.Context) error
	Close() error // instead of Run
}

// ServeTo carries the lines of in to one roomkey, wherever it is, and its answers
// to out, until in ends or ctx is done. An error at first is that of c's Ping. channel
// is as in [Config].
func ServeTo(
	ctx context.Context, c *Client, offered tools.Selection, channel []meet.EventKind, in io.Reader, out io.Writer,
) error {
	c.DisableDestructive = offered.DisableDestructive
	if err := c.Ping(ctx); err != nil {
		return err
	}
	k := newKeeper(Config{})
	k.use(c)
	defer k.use(nil)
	return (&bridge{servers: k, out: out, offered: offeredBy(offered), channel: channel}).run(ctx, in)
}

// Serve carries the lines of in to the roomkey that has the data folder, and
// its answers to out, until in ends or ctx is done.
func Serve(ctx context.Context, c Config, in io.Reader, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	k, begun := newKeeper(c), make(chan struct{})
	var running errgroup.Group
	running.Go(func() error {
		defer stop() // by a signal, or because a part died
		return k.run(ctx, func() { close(begun) })
	})
	running.Go(func() error {
		defer stop() // the MCP client has gone
		select {
		case <-begun:
		case <-ctx.Done():
			return nil
		}
		return (&bridge{servers: k, out: out, offered: offeredBy(c.Selection), channel: c.Channel}).run(ctx, in)
	})
	return running.Wait()
}
