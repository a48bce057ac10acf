package e2e_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/encoding/protojson"
)

// hook is a webhook of a test's own, signed or not.
type hook struct {
	body  []byte
	token string
}

// sign makes a webhook as LiveKit does.
func (s *system) sign(e *livekit.WebhookEvent) hook {
	s.t.Helper()
	body, err := protojson.Marshal(e)
	if err != nil {
		s.t.Fatal(err)
	}
	return hook{body, s.signature(body, s.key, s.secret, time.Now().Add(5*time.Minute))}
}

// signature is a token that says what the body's checksum is.
func (s *system) signature(body []byte, key, secret string, expires time.Time) string {
	s.t.Helper()
	sum := sha256.Sum256(body)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": key, "exp": expires.Unix(),
		"sha256": base64.StdEncoding.EncodeToString(sum[:])}).SignedString([]byte(secret))
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

// tell posts a webhook and gives the status.
func (s *system) tell(h hook) int {
	url := s.url + "/livekit/webhook"
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, url, bytes.NewReader(h.body))
	if err != nil {
		s.t.Error(err)
		return 0
	}
	req.Header.Set("Content-Type", "application/webhook+json")
	if h.token != "" {
		req.Header.Set("Authorization", h.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Error(err)
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// hookAbout is what LiveKit tells of somebody's connection.
func (s *system) hookAbout(kind, id, identity, sid string) *livekit.WebhookEvent {
	now := time.Now()
	return &livekit.WebhookEvent{
		Event:     kind,
		Id:        id,
		CreatedAt: now.Unix(),
		Room:      &livekit.Room{Name: s.room.ID, Sid: "RM_" + s.room.Name},
		Participant: &livekit.ParticipantInfo{
			Identity:   identity,
			Sid:        sid,
			State:      livekit.ParticipantInfo_ACTIVE,
			JoinedAt:   now.Unix(),
			JoinedAtMs: now.UnixMilli(),
			Permission: &livekit.ParticipantPermission{CanSubscribe: true, CanPublish: true, CanPublishData: true},
		},
	}
}

// counter reads one line of /metrics.
func (s *system) counter(line string) float64 {
	s.t.Helper()
	resp, err := http.Get(s.url + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), line+" "); ok {
			n, err := strconv.ParseFloat(rest, 64)
			if err != nil {
				s.t.Fatal(err)
			}
			return n
		}
	}
	s.t.Fatalf("/metrics has no %s", line)
	return 0
}

const (
	refusedHooks  = `roomkey_webhooks_total{outcome="refused"}`
	repeatedHooks = `roomkey_webhooks_total{outcome="repeated"}`
)

// Nobody without LiveKit's key changes anything, and each attempt is counted.
func TestForgedWebhooks(t *testing.T) {
	each(t, nil, func(t *testing.T, s *system) {
		ada := s.guest("ada")
		s.waitEvents(1, "participant.joined")
		sid := ada.Room().LocalParticipant.SID()
		good := s.sign(s.hookAbout("participant_left", "EV_forged", ada.pass.Identity, sid))
		soon := time.Now().Add(time.Minute)
		forged := map[string]hook{
			"not signed":            {body: good.body},
			"signed with another":   {good.body, s.signature(good.body, s.key, strings.Repeat("x", 32), soon)},
			"of another key":        {good.body, s.signature(good.body, "anotherkey", s.secret, soon)},
			"cut":                   {good.body[:len(good.body)/2], good.token},
			"another body":          {bytes.Replace(good.body, []byte("left"), []byte("gone"), 1), good.token},
			"signed, but no JSON":   {[]byte("{"), s.signature([]byte("{"), s.key, s.secret, soon)},
			"a join token":          {good.body, ada.pass.Token},
			"too old":               {good.body, s.signature(good.body, s.key, s.secret, time.Now().Add(-time.Hour))},
			"empty":                 {},
			"signature cut":         {good.body, good.token[:len(good.token)-5]},
			"signed, without a sum": {good.body, s.mint("ada", nil).Token},
		}
		before := s.counter(refusedHooks)
		for name, h := range forged {
			if status := s.tell(h); status < 400 || status > 499 {
				t.Errorf("webhook %s: got status %d, want 4xx", name, status)
			}
		}
		if n := s.counter(refusedHooks) - before; n < float64(len(forged)) {
			t.Errorf("%s: grew by %v, want %d", refusedHooks, n, len(forged))
		}
		s.waitInside(ada)
		if left := s.events("participant.left"); len(left) != 0 {
			t.Errorf("events: got %v, want nobody to have left", left)
		}
	})
}

// A repeated webhook, or one about an old connection, changes nothing.
func TestRepeatedWebhooks(t *testing.T) {
	each(t, nil, func(t *testing.T, s *system) {
		ada, bob := s.guest("ada"), s.guest("bob")
		s.waitEvents(2, "participant.joined")
		adas, bobsOld := ada.Room().LocalParticipant.SID(), bob.Room().LocalParticipant.SID()
		ada.Leave()
		bob.Restart()
		bobs := bob.Room().LocalParticipant.SID()
		s.waitEvents(3, "participant.joined")
		s.waitEvents(2, "participant.left")

		before, n := s.counter(repeatedHooks), 0
		tell := func(kind, identity, sid string) {
			n++
			h := s.sign(s.hookAbout(kind, "EV_late_"+strconv.Itoa(n), identity, sid))
			if status := s.tell(h); status != http.StatusOK {
				t.Errorf("late %s: got status %d, want 200", kind, status)
			}
			if status := s.tell(h); status < 400 || status > 499 { // replayed
				t.Errorf("replayed %s: got status %d, want 4xx", kind, status)
			}
		}
		tell("participant_joined", ada.pass.Identity, adas)
		tell("participant_left", ada.pass.Identity, adas)
		tell("participant_joined", bob.pass.Identity, bobsOld)
		tell("participant_left", bob.pass.Identity, bobsOld)
		tell("participant_joined", bob.pass.Identity, bobs)
		tell("participant_left", "nobody", "PA_nobody")
		if got := s.counter(repeatedHooks) - before; got < float64(n) {
			t.Errorf("%s: grew by %v, want %d", repeatedHooks, got, n)
		}
		if s.mode == foreign { // and the very bytes of LiveKit's own
			for _, h := range s.webhooksAbout("participant_joined", bob.pass.Identity) {
				if status := s.hooks.Deliver(h); status != http.StatusConflict {
					t.Errorf("replayed webhook of LiveKit's: got status %d, want 409", status)
				}
			}
		}
		if came, left := len(s.events("participant.joined")), len(s.events("participant.left")); came != 3 || left != 2 {
			t.Errorf("events: got %d who came and %d who left, want 3 and 2", came, left)
		}
		s.waitInside(bob)
	})
}
