package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"roomkey/bench/load"
)

// measureFrame takes the time from the create_room call to the moment in which
// somebody who joins by code sees somebody else. Both are people with a browser
// who open their links at the same moment, so the other one's way in, camera
// and encoder are part of the figure, and so is that all of it shares one
// machine. The browser runs already, and either has an empty tab.
func measureFrame(ctx context.Context, l *lab) ([]row, error) {
	b, err := startBrowser(ctx)
	if err != nil {
		return nil, err
	}
	defer b.stop()
	r, err := l.startRoomkey(ctx, "frame")
	if err != nil {
		return nil, err
	}
	defer r.stop()

	var frames, forms, calls, hosts []float64
	var last arrival
	for round := range pick(l, 10, 3) {
		last, err = meetOnce(ctx, b, r, fmt.Sprintf("bench-frame-%d", round))
		if err != nil {
			return nil, fmt.Errorf("round %d: %w", round+1, err)
		}
		frames, hosts = append(frames, last.frame.Seconds()), append(hosts, last.host.Seconds())
		forms, calls = append(forms, last.form.Seconds()), append(calls, last.call.Seconds())
	}
	return []row{{
		name:   "create_room to first frame in a browser",
		value:  load.Median(frames),
		format: "%.2f s",
		target: target{atMost, 2.5},
		note: fmt.Sprintf("%.2f, median; name asked for after %.2f s, in the call after %.2f s, the host after %.2f s; %d × %d pixels",
			frames, load.Median(forms), load.Median(calls), load.Median(hosts), last.width, last.height),
	}}, nil
}

// roundPatience is what one meeting may take before it has failed.
const roundPatience = 30 * time.Second

var errNoFrame = fmt.Errorf("not within %v", roundPatience)

// arrival is how long after the call of create_room the guest has come how far,
// and the host was in the call.
type arrival struct {
	form, call, frame time.Duration
	host              time.Duration
	width, height     int
}

// meetOnce makes a room and lets a host and a guest join it.
func meetOnce(ctx context.Context, b *browser, r *roomkey, name string) (arrival, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, roundPatience, errNoFrame)
	defer cancel()
	host, err := b.openVisitor(ctx)
	if err != nil {
		return arrival{}, err
	}
	defer host.close()
	guest, err := b.openVisitor(ctx)
	if err != nil {
		return arrival{}, err
	}
	defer guest.close()

	if err := settle(ctx); err != nil {
		return arrival{}, err
	}

	started := time.Now()
	made, err := r.createRoom(ctx, name)
	if err != nil {
		return arrival{}, err
	}
	type entry struct {
		call news
		err  error
	}
	hosts := make(chan entry, 1)
	go func() {
		_, call, err := host.enter(ctx, r.joinURL(made.codes["host"]), "Host")
		hosts <- entry{call, err}
	}()
	a, err := guest.see(ctx, r.joinURL(made.codes["guest"]), started)
	if err != nil {
		err = fmt.Errorf("%w (guest: %s; host: %s)", err, guest.looks(), host.looks())
		cancel() // the host need not wait for what is over
	}
	other := <-hosts
	if err := errors.Join(wrap("guest", err), wrap("host", other.err)); err != nil {
		return arrival{}, err
	}
	a.host = other.call.at.Sub(started)
	return a, r.endRoom(ctx, made.id, name)
}

// settle gives the browser time to be done with its new windows, and the server
// with the last meeting: people have their browser open before they are invited.
func settle(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(1500 * time.Millisecond):
		return nil
	}
}

// see joins and waits for the first picture of somebody else.
func (v *visitor) see(ctx context.Context, url string, started time.Time) (arrival, error) {
	form, call, err := v.enter(ctx, url, "Guest")
	if err != nil {
		return arrival{}, err
	}
	frame, err := v.await(ctx, toldFrame)
	if err == nil && (frame.Width < smallestPicture || frame.Height < smallestPicture) {
		err = fmt.Errorf("the first frame has %d × %d pixels, which is no picture", frame.Width, frame.Height)
	}
	return arrival{form: form.at.Sub(started), call: call.at.Sub(started), frame: frame.at.Sub(started),
		width: frame.Width, height: frame.Height}, err
}

// smallestPicture is less than any layer of a camera's picture has on a side.
const smallestPicture = 64

// wrap says whose error it is, if there is one.
func wrap(who string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", who, err)
	}
	return nil
}

// joinURL is the join link of a code. It is made here and not taken from
// join_url, so that it leads to the server that is measured whatever public
// URL it is told.
func (r *roomkey) joinURL(code string) string { return "http://" + r.endpoint.Addr + "/join/" + code }

// endRoom ends a room, so that nothing of it is left in the next round.
func (r *roomkey) endRoom(ctx context.Context, id, name string) error {
	args := fmt.Sprintf(`{"room_id":%q,"confirm_name":%q}`, id, name)
	if _, err := load.Do(ctx, r.endpoint, load.CallTool("end_room", load.Fixed(args))); err != nil {
		return fmt.Errorf("end_room: %w", err)
	}
	return nil
}
