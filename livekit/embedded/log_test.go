package embedded_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// journal is a place for log lines.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// busy makes LiveKit say all sorts of things and gives the tokens it has seen.
func busy(t *testing.T, s *embedded.Server) (tokens []string) {
	t.Helper()
	good := token(t, s, "room", "a")
	bad := good[:len(good)-6] + "AAAAAA"
	for _, tok := range []string{bad, "not-a-token", good} {
		for _, path := range []string{"/rtc", "/rtc/validate"} {
			req, err := http.NewRequest(http.MethodGet, s.URL()+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+tok)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}
	if status := livekittest.Knock(t, s.URL(), bad); status != http.StatusUnauthorized {
		t.Errorf("a token with a wrong signature got status %d", status)
	}
	p := livekittest.Join(t, s.URL(), good)
	p.PublishMicrophone()
	p.Leave()
	return []string{good, bad}
}

// Not parallel: LiveKit has one logger for all servers of the process.
func TestLogHoldsNoSecrets(t *testing.T) {
	var lines journal
	cfg := config()
	cfg.Log = slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := start(t, cfg)
	tokens := busy(t, s)
	livekittest.Wait(t, "a line about the bad token", func() bool { return strings.Contains(lines.String(), "invalid token: [token]") })
	stop(t, s)
	got := lines.String()
	for _, line := range []string{"starting LiveKit server", "starting RTC session", "level=WARN"} {
		if !strings.Contains(got, line) {
			t.Errorf("nothing about %q in the log", line)
		}
	}
	for _, token := range tokens {
		parts := strings.Split(token, ".")
		for _, secret := range []string{parts[1], parts[2], livekittest.APISecret} {
			if strings.Contains(got, secret) {
				t.Errorf("the log holds %q", secret)
			}
		}
	}
}

func TestLogIsSilentUnlessDebugging(t *testing.T) {
	var lines journal
	cfg := config()
	cfg.Log = slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelInfo}))
	s := start(t, cfg)
	busy(t, s)
	stop(t, s)
	if got := lines.String(); got != "" {
		t.Errorf("LiveKit's lines at level info:\n%s", got)
	}
}

func TestLogOfAStoppedServerIsLeftAlone(t *testing.T) {
	var lines journal
	cfg := config()
	cfg.Log = slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := embedded.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	stop(t, s)
	before := lines.String()
	other := start(t, config())
	livekittest.Join(t, other.URL(), token(t, other, "room", "a")).Receives("nobody", meet.Camera)
	if after := lines.String(); after != before {
		t.Errorf("another server's lines came: %s", strings.TrimPrefix(after, before))
	}
}
