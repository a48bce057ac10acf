package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/livekit"
	"roomkey/meet"
)

// What the checks are called that are about no part of the program.
const (
	checkPorts      = "ports"
	checkSignalling = "signalling"
	checkWebhook    = "webhook"
)

// doctorRoom is a media room of the doctor's own, named so that nobody takes it
// for a meeting.
func doctorRoom() meet.Room { return meet.Room{ID: "roomkey-doctor-" + strings.ToLower(rand.Text())} }

// joinToken lets somebody into a media room in which they may do nothing.
func joinToken(lk *livekit.Server, room meet.Room) (string, error) {
	return lk.Token(meet.Admission{RoomID: room.ID, Identity: "roomkey-doctor"}, meet.Profile{}, time.Now().Add(time.Minute))
}

// validate asks signalling whether it would let the bearer of a join token in,
// and gives the status of its answer. base may be of any scheme that LiveKit's
// clients take.
func validate(ctx context.Context, base, token string) (int, error) {
	if rest, ok := strings.CutPrefix(config.WebSocketURL(base), "ws"); ok {
		base = "http" + rest
	}
	resp, err := get(ctx, base+"/rtc/validate", token)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4096))
	return resp.StatusCode, resp.Body.Close()
}

// checkInsideLiveKit looks at the way of clients to the LiveKit inside, whose
// API nobody else reaches: it refuses a bad token, and knows that the room of a
// good one does not exist.
func (d *doctor) checkInsideLiveKit(ctx context.Context, p *patient) {
	good, err1 := insideToken(p.url, p.secret)
	bad, err2 := insideToken(p.url, []byte(rand.Text()))
	if err := errors.Join(err1, err2); err != nil {
		d.fail(checkSignalling, oneLine(err), "Report this.")
		return
	}
	refused, err1 := validate(ctx, p.url, bad)
	unknown, err2 := validate(ctx, p.url, good)
	switch err := errors.Join(err1, err2); {
	case err != nil:
		d.fail(checkSignalling, "/rtc does not answer: "+trouble(err), "Restart roomkey, and look at its log if that does not help.")
	case refused == http.StatusNotFound && unknown == http.StatusNotFound:
		d.fail(checkSignalling, "the roomkey that runs has no LiveKit inside, as this configuration has",
			"Restart it with this configuration, or run the doctor with its --config and its environment.")
	case refused != http.StatusUnauthorized || unknown != http.StatusNotFound:
		d.fail(checkSignalling, fmt.Sprintf("/rtc answers with %d where a bad token is refused with 401, and with %d where a good one without a room is told 404", refused, unknown),
			"Restart roomkey, and look at its log if that does not help.")
	case !p.reached:
		d.ok(checkSignalling, "clients on this machine reach the LiveKit inside through /rtc")
	case d.checkUpgrade(ctx, p.public):
		d.ok(checkSignalling, "clients reach the LiveKit inside through /rtc")
	}
	counts, err := p.webhooks(ctx)
	if err != nil {
		d.fail(checkWebhook, "roomkey does not show its metrics: "+trouble(err), "Look at its log.")
	} else {
		d.ok(checkWebhook, "the LiveKit inside is wired to roomkey by itself; so far: "+outcomes(counts))
	}
	port := d.config.LiveKit.Embedded.UDPPort
	if p.app != nil {
		port = p.app.embedded.UDPPort()
	}
	d.checkNode(p, port)
}

// insideToken is a join token for a room that does not exist, signed as the
// roomkey with that secret does it.
func insideToken(base string, secret []byte) (string, error) {
	key, apiSecret, err := auth.LiveKitKey(secret)
	if err != nil {
		return "", err
	}
	lk, err := livekit.New(livekit.Config{URL: base, APIKey: key, APISecret: apiSecret})
	if err != nil {
		return "", err
	}
	return joinToken(lk, doctorRoom())
}

// checkForeignLiveKit looks at a LiveKit elsewhere: its API, the way of clients
// to it, and its way to us. p is nil where no roomkey runs.
func (d *doctor) checkForeignLiveKit(ctx context.Context, p *patient) {
	c := d.config.LiveKit
	// Should the deletion fail, LiveKit ends the room by itself.
	lk, err := livekit.New(livekit.Config{URL: c.URL, APIKey: c.APIKey, APISecret: c.APISecret, EmptyTimeout: 30 * time.Second})
	if err != nil {
		d.fail(partLiveKit, oneLine(err), "Mend livekit.url.")
		return
	}
	switch err := lk.Ping(ctx); {
	case livekit.Refused(err):
		d.fail(partLiveKit, "LiveKit at "+c.URL+" refuses the key "+c.APIKey+" or its secret",
			"Set livekit.api_key and livekit.api_secret to a pair under keys: in livekit.yaml. If they are the same, compare the clocks.")
	case err != nil:
		d.fail(partLiveKit, "no LiveKit answers at "+c.URL+": "+trouble(err), "Start it, or mend livekit.url (LIVEKIT_URL).")
	default:
		d.ok(partLiveKit, "the API at "+c.URL+" answers and takes the key")
		d.checkWithRoom(ctx, p, lk)
		return
	}
	const later = "Mend LiveKit first."
	d.warn(checkSignalling, "not checked", later)
	d.warn(checkWebhook, "not checked", later)
}

// checkWithRoom makes a media room, has clients' way to it checked, and waits
// for what LiveKit tells of its beginning and end.
func (d *doctor) checkWithRoom(ctx context.Context, p *patient, lk *livekit.Server) {
	room := doctorRoom()
	var before map[string]float64
	var err error
	if p != nil {
		before, err = p.webhooks(ctx)
	}
	if err != nil {
		d.fail(checkWebhook, "roomkey does not show its metrics: "+trouble(err), "Look at its log.")
		p = nil
	}
	made := lk.EnsureRoom(ctx, room)
	if made != nil {
		d.fail(checkSignalling, "LiveKit makes no media room: "+trouble(made), "Look at LiveKit's log.")
	} else {
		d.checkSignalling(ctx, lk, room)
	}
	clearing, cancel := context.WithTimeout(context.WithoutCancel(ctx), doctorClearsWithin)
	defer cancel()
	if _, err := lk.DeleteRoom(clearing, room.ID); err != nil { // also where the answer to its making got lost
		d.warn(partLiveKit, "the media room "+room.ID+" could not be deleted", "LiveKit deletes it by itself in half a minute.")
	}
	switch {
	case made != nil || p == nil && err == nil:
		d.warn(checkWebhook, "not checked", "Mend the rest first.")
	case p != nil:
		d.checkWebhook(ctx, p, before)
	}
}

// checkSignalling looks at the way of clients, who connect directly.
func (d *doctor) checkSignalling(ctx context.Context, lk *livekit.Server, room meet.Room) {
	base := config.WebSocketURL(d.config.LiveKit.URL)
	other := doctorRoom()
	token, err1 := joinToken(lk, room)
	homeless, err2 := joinToken(lk, other)
	if err := errors.Join(err1, err2); err != nil {
		d.fail(checkSignalling, oneLine(err), "Report this.")
		return
	}
	got, err := validate(ctx, base, token)
	switch {
	case err != nil:
		d.fail(checkSignalling, "clients cannot connect to "+base+": "+trouble(err), "Mend livekit.url, or the proxy before LiveKit: /rtc has to reach it.")
		return
	case got == http.StatusUnauthorized:
		d.fail(checkSignalling, base+" refuses a fresh join token", "Is another LiveKit behind /rtc than behind the API, or its clock wrong?")
		return
	case got != http.StatusOK:
		d.fail(checkSignalling, fmt.Sprintf("%s/rtc/validate answers with %d to a good join token", base, got),
			"Let the proxy before LiveKit pass everything on, WebSockets too, to the server that has the API.")
		return
	}
	switch got, err = tryUpgrade(ctx, base, "/rtc?auto_subscribe=0&access_token="+url.QueryEscape(token), false); {
	case err != nil && got == 0:
		d.fail(checkSignalling, "nobody can join: a WebSocket to "+base+" fails: "+trouble(err), passUpgrade)
		return
	case err != nil || got != http.StatusSwitchingProtocols:
		d.fail(checkSignalling, fmt.Sprintf("nobody can join: a WebSocket to %s/rtc is answered with %d", base, got),
			passUpgrade)
		return
	}
	if got, err = validate(ctx, base, homeless); err == nil && got == http.StatusOK {
		d.warn(checkSignalling, "clients reach "+base+", but a token that still lives makes a room again that has ended",
			"Put into livekit.yaml:\nroom:\n  auto_create: false")
		return
	}
	if page := d.config.PublicURL; strings.HasPrefix(page, "https:") && strings.HasPrefix(base, "ws:") && !isLoopback(&url.URL{Host: hostOf(base)}) {
		d.warn(checkSignalling, base+" answers, but browsers let no https page connect to ws://", "Put TLS before LiveKit and make livekit.url a wss:// URL.")
		return
	}
	d.ok(checkSignalling, "clients reach "+base)
}

func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Host
}

// webhooksWithin is how long LiveKit has to tell of a room.
const webhooksWithin = 10 * time.Second

// checkWebhook waits until roomkey has accepted something that LiveKit sent.
func (d *doctor) checkWebhook(ctx context.Context, p *patient, before map[string]float64) {
	ctx, cancel := context.WithTimeout(ctx, webhooksWithin)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	after := before
	for after["accepted"] <= before["accepted"] {
		select {
		case <-ctx.Done():
			d.noWebhook(p, before, after)
			return
		case <-tick.C:
			if now, err := p.webhooks(ctx); err == nil {
				after = now
			}
		}
	}
	d.ok(checkWebhook, "what LiveKit tells of its rooms arrives")
}

// noWebhook says what keeps LiveKit's webhooks away.
func (d *doctor) noWebhook(p *patient, before, after map[string]float64) {
	const meanwhile = "Until then removals and locks still hold, but up to ten seconds late."
	lines := fmt.Sprintf("webhook:\n  api_key: %s\n  urls: [%s%s]\n", d.config.LiveKit.APIKey, p.public, webhookPath)
	switch {
	case after["refused"] > before["refused"]:
		d.fail(checkWebhook, "roomkey refuses what LiveKit sends: it is signed with another key than "+d.config.LiveKit.APIKey,
			"Put the key that roomkey knows into livekit.yaml, and restart LiveKit, and roomkey too if it runs with an older configuration:\n"+lines+meanwhile)
	case after["failed"] > before["failed"]:
		d.fail(checkWebhook, "what LiveKit tells of its rooms arrives, but roomkey cannot deal with it", "Look at the log of roomkey.\n"+meanwhile)
	default:
		hint := "Put this into livekit.yaml, and restart LiveKit:\n" + lines + meanwhile
		if isLoopback(p.public) && !isLoopback(&url.URL{Host: hostOf(d.config.LiveKit.URL)}) {
			hint = "LiveKit is elsewhere, so it needs an address of roomkey that it reaches: set public_url. Then put this into livekit.yaml, and restart LiveKit:\n" +
				strings.Replace(lines, p.public.String(), "<public_url>", 1) + meanwhile
		}
		d.fail(checkWebhook, "nothing arrived from LiveKit when a room was made and deleted", hint)
	}
}

// trouble words why no answer came, without the URL that a caller names anyway.
func trouble(err error) string {
	var (
		name    *net.DNSError
		trust   *tls.CertificateVerificationError
		plain   tls.RecordHeaderError
		network net.Error
		asked   *url.Error
	)
	switch {
	case errors.As(err, &name) && !name.IsTimeout:
		return "its name is not known"
	case errors.As(err, &trust):
		return "its certificate is not trusted here"
	case errors.As(err, &plain):
		return "it does not speak TLS"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "no answer came in time"
	case errors.As(err, &asked), errors.As(err, &network):
		return "the connection fails"
	}
	return "something else answers there"
}
