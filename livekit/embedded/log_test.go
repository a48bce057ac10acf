package embedded_test

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
)

// startLogging runs a server and keeps its lines from a level on.
func startLogging(t *testing.T, level slog.Level) (*embedded.Server, *livekittest.Output) {
	t.Helper()
	out := new(livekittest.Output)
	cfg := config()
	cfg.Log = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}))
	return start(t, cfg), out
}

// keepBusy makes LiveKit write all sorts of lines and gives the tokens it has seen.
func keepBusy(t *testing.T, s *embedded.Server) (tokens []string) {
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
	if status := livekittest.SignallingStatus(t, s.URL(), bad); status != http.StatusUnauthorized {
		t.Errorf("a token with a wrong signature got status %d", status)
	}
	a, b := join(t, s)
	waitHears(t, a, b)
	a.Leave()
	return []string{good, bad}
}

// Not parallel, as all tests of the log: LiveKit has one for the whole process.
func TestLogHoldsNoSecrets(t *testing.T) {
	s, lines := startLogging(t, slog.LevelDebug)
	tokens := keepBusy(t, s)
	livekittest.Wait(t, "a line about the bad token", func() bool {
		return strings.Contains(lines.String(), "invalid token: [token]")
	})
	stop(t, s)
	got := lines.String()
	for _, line := range []string{"starting LiveKit server", "starting RTC session", "level=WARN", "component=livekit"} {
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
	keepBusy(t, start(t, config()))
	const session = "starting RTC session" // a line of the first one's end may still come
	if after := lines.String(); strings.Count(after, session) != strings.Count(got, session) {
		t.Errorf("another server's lines came: %s", strings.TrimPrefix(after, got))
	}
}

func TestLogIsSilentUnlessDebugging(t *testing.T) {
	s, lines := startLogging(t, slog.LevelInfo)
	keepBusy(t, s)
	stop(t, s)
	if got := lines.String(); got != "" {
		t.Errorf("LiveKit's lines at level info:\n%s", got)
	}
}
