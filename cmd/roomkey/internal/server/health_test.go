package server

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// health is what the resource holds.
type health struct {
	ExaminedAt time.Time      `json:"examined_at"`
	Findings   []meet.Finding `json:"findings"`
}

func (a *testServer) health(t *testing.T) (h health) {
	t.Helper()
	r := a.request(t, programtest.Eras[0], "resources/read", map[string]any{"uri": "roomkey://health"})
	var result struct{ Contents []struct{ Text string } }
	if r.Error != nil || json.Unmarshal(r.Result, &result) != nil || len(result.Contents) != 1 {
		t.Fatalf("health: %s %+v", r.Result, r.Error)
	}
	if err := json.Unmarshal([]byte(result.Contents[0].Text), &h); err != nil {
		t.Fatal(err)
	}
	return h
}

// want holds what a check has found to a status and a beginning.
func (h health) want(t *testing.T, check string, status meet.FindingStatus, detail string) {
	t.Helper()
	i := slices.IndexFunc(h.Findings, func(f meet.Finding) bool { return f.Check == check })
	if i < 0 || h.Findings[i].Status != status || !strings.Contains(h.Findings[i].Detail, detail) {
		t.Errorf("%s: got %+v; want %s and %q", check, h.Findings, status, detail)
	}
}

// A server says what doctor would say of it, which it looks at now and then.
func TestHealth(t *testing.T) {
	t.Parallel()
	a := startServer(t, nil)
	h := a.health(t)
	h.want(t, "database", meet.FindingOK, "answers, and can be written to")
	h.want(t, "disk", meet.FindingOK, " are free on the disk of "+a.data)
	h.want(t, "public_url", meet.FindingOK, "none, so links are for this machine alone: "+a.url)
	h.want(t, "livekit", meet.FindingOK, "the LiveKit inside answers")
	h.want(t, "signalling", meet.FindingOK, "clients reach the LiveKit inside through /rtc")
	h.want(t, "webhook", meet.FindingOK, "the LiveKit inside is wired to roomkey by itself")
	h.want(t, "ports", meet.FindingOK, "TCP "+strings.TrimPrefix(a.url, "http://"))
	if again := a.health(t); again.ExaminedAt != h.ExaminedAt || time.Since(h.ExaminedAt) > time.Hour {
		t.Errorf("examined at %v and again at %v", h.ExaminedAt, again.ExaminedAt)
	}
}

// Nothing is made at a foreign LiveKit. One that hangs is given up in time, also when the
// server is to stop meanwhile.
func TestHealthWithAForeignLiveKit(t *testing.T) {
	t.Parallel()
	a := startServer(t, func(c *config.Config) {
		c.LiveKit.URL = programtest.StartHangingLiveKit(t)
		c.LiveKit.APIKey, c.LiveKit.APISecret = livekittest.APIKey, livekittest.APISecret
		c.PublicURL = "https://roomkey.invalid"
	})
	h := a.health(t)
	h.want(t, "livekit", meet.FindingFail, "no LiveKit answers at ")
	h.want(t, "public_url", meet.FindingWarn, "no roomkey answers at https://roomkey.invalid")
	for _, f := range h.Findings {
		if f.Check == "signalling" || f.Check == "webhook" {
			t.Errorf("%+v: want that it was not looked at", f)
		}
	}
}
