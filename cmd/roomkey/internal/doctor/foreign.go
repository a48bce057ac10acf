package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/livekit"
	"roomkey/meet"
)

// doctorRoom is a media room of the doctor's own, named so that nobody takes it
// for a meeting.
func doctorRoom() meet.Room { return meet.Room{ID: "roomkey-doctor-" + strings.ToLower(rand.Text())} }

// joinToken lets somebody into a media room in which they may do nothing.
func joinToken(lk *livekit.Server, room meet.Room) (string, error) {
	admission := meet.Admission{RoomID: room.ID, Identity: "roomkey-doctor"}
	return lk.Token(admission, meet.Profile{}, time.Now().Add(time.Minute))
}

// checkForeignLiveKit looks at a LiveKit elsewhere: its API, the way of clients
// to it, and its way to the server s, which is nil where none is examined.
func (d *Doctor) checkForeignLiveKit(ctx context.Context, s *server) {
	if lk := d.checkForeignAPI(ctx); lk != nil {
		d.checkWithRoom(ctx, s, lk)
		return
	}
	d.warn(checkSignalling, "not checked", "Correct LiveKit first.")
	d.warn(checkWebhook, "not checked", "Correct LiveKit first.")
}

// doctorRoomEmpty is after how long LiveKit ends a room of the doctor's by itself, should
// its deletion fail.
const doctorRoomEmpty = 30 * time.Second

// checkWithRoom makes a media room and deletes it again. Between, it checks the
// way of clients to it; after that, whether what LiveKit sends about the room
// arrives at the server.
func (d *Doctor) checkWithRoom(ctx context.Context, s *server, lk *livekit.Server) {
	room := doctorRoom()
	var before map[string]float64
	var metricsErr error
	if s != nil {
		before, metricsErr = d.metrics(ctx, s, webhooksMetric)
	}
	made := lk.EnsureRoom(ctx, room)
	if made != nil {
		d.fail(checkSignalling, "LiveKit makes no media room: "+trouble(made), "Look at LiveKit's log.")
	} else {
		d.checkSignalling(ctx, lk, room)
	}
	clearing, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearsWithin)
	defer cancel()
	if _, err := lk.DeleteRoom(clearing, room.ID); err != nil { // also where the answer to its making got lost
		d.warn(checkLiveKit, "the media room "+room.ID+" could not be deleted",
			"LiveKit deletes it by itself in half a minute.")
	}
	switch {
	case s == nil:
		d.notRunning(checkWebhook)
	case metricsErr != nil:
		d.fail(checkWebhook, "roomkey does not show its metrics: "+trouble(metricsErr), "Look at its log.")
	case made != nil:
		d.warn(checkWebhook, "not checked", "Correct the rest first.")
	default:
		d.checkWebhook(ctx, s, before)
	}
}

// checkSignalling looks at the way of clients, who connect directly.
func (d *Doctor) checkSignalling(ctx context.Context, lk *livekit.Server, room meet.Room) {
	base := config.WebSocketURL(d.Config.LiveKit.URL)
	token, err1 := joinToken(lk, room)
	homeless, err2 := joinToken(lk, doctorRoom())
	if err := errors.Join(err1, err2); err != nil {
		d.fail(checkSignalling, oneLine(err), "Report this.")
		return
	}
	livekitURL, _ := url.Parse(base) // was checked with the configuration
	status, err := openWebSocket(ctx, base+"/rtc?auto_subscribe=0&access_token="+url.QueryEscape(token))
	autoCreate, _, _ := get(ctx, "http"+strings.TrimPrefix(base, "ws")+"/rtc/validate", homeless) // 0 is no answer
	switch {
	case err != nil:
		d.fail(checkSignalling, "clients cannot connect to "+base+": "+trouble(err),
			"Correct livekit.url, or the proxy before LiveKit: /rtc has to reach it.")
	case status == http.StatusUnauthorized:
		d.fail(checkSignalling, base+" refuses a fresh join token",
			"Is another LiveKit behind /rtc than behind the API, or its clock wrong?")
	case status != http.StatusSwitchingProtocols:
		d.fail(checkSignalling, fmt.Sprintf(refusedWebSocket, base, status), upgradeHint)
	case autoCreate == http.StatusOK:
		d.warn(checkSignalling, "clients reach "+base+", but a valid join token opens a room again that has ended",
			"Put into livekit.yaml:\nroom:\n  auto_create: false")
	case d.public.Scheme == "https" && livekitURL.Scheme == "ws" && !isLoopback(livekitURL):
		d.warn(checkSignalling, base+" answers, but browsers let no https page connect to ws://",
			"Put TLS before LiveKit and make livekit.url a wss:// URL.")
	default:
		d.ok(checkSignalling, "clients reach "+base)
	}
}

const webhooksWithin = 10 * time.Second

// checkWebhook waits until the server has accepted something that LiveKit sent.
func (d *Doctor) checkWebhook(ctx context.Context, s *server, before map[string]float64) {
	ctx, cancel := context.WithTimeout(ctx, webhooksWithin)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	after := before
	for after["accepted"] <= before["accepted"] {
		select {
		case <-ctx.Done():
			d.noWebhook(s, before, after)
			return
		case <-tick.C:
			if now, err := d.metrics(ctx, s, webhooksMetric); err == nil {
				after = now
			}
		}
	}
	d.ok(checkWebhook, "LiveKit's webhooks arrive")
}

func (d *Doctor) noWebhook(s *server, before, after map[string]float64) {
	detail, hint, report := "nothing arrived from LiveKit when a room was made and deleted", "", d.fail
	livekitURL, err := url.Parse(d.Config.LiveKit.URL)
	switch {
	case after["failed"] > before["failed"]:
		d.fail(checkWebhook, "LiveKit's webhooks arrive, but roomkey cannot deal with them",
			"Look at the log of roomkey.")
		return
	case after["refused"] > before["refused"]:
		detail = "roomkey refuses what LiveKit sends: it is signed with another key than " + d.Config.LiveKit.APIKey
		hint = "Restart roomkey, if it runs with an older configuration. "
	case s.instance != "": // one that is told is enough
		detail = "nothing arrived at this instance when a room was made and deleted; LiveKit may have told another one"
		hint = "Look whether " + webhooksMetric + " has gone up in the metrics of another instance. If not: "
		report = d.warn
	case isLoopback(d.public) && (err != nil || !isLoopback(livekitURL)):
		hint = "LiveKit is elsewhere, so it needs an address of roomkey that it reaches: set public_url first. "
	}
	report(checkWebhook, detail, fmt.Sprintf(hint+"Put this into livekit.yaml, and restart LiveKit:\n"+
		"webhook:\n  api_key: %s\n  urls: [%s/livekit/webhook]\n"+
		"Until then removals and locks still hold, but up to ten seconds late.", d.Config.LiveKit.APIKey, d.public))
}
