package servicetest

import (
	"net/http"
	"strings"
	"testing"

	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	. "roomkey/web/webtest"
)

// TestSecretsStaySecret uses everything, well and badly, and looks for tokens
// and codes in all that is logged, LiveKit's own lines among it, and counted.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	log := new(Logs)
	meettest.New(t) // starts the LiveKit that all share: of two, the one started last writes the lines
	lk, err := embedded.Start(t.Context(), embedded.Config{
		APIKey: livekittest.APIKey, APISecret: livekittest.APISecret, Log: log.Logger()})
	if err != nil {
		t.Fatalf("start LiveKit: %v", err)
	}
	t.Cleanup(func() { _ = lk.Stop() })
	s := serve(t, meettest.NewOn(t, lk.URL(), logTo(log)), log)
	secrets := map[string]string{
		"access token": s.Token(t, meettest.Ada), "code": s.guestCode(t), "old code": s.guestCode(t)}
	a := s.redeem(t, map[string]any{"code": secrets["code"], "name": "Grace"})
	secrets["join token"] = a.Token
	secrets["bad token"] = a.Token[:len(a.Token)-4] + "AAAA"
	secrets["wrong code"] = "qqq-qqqq-qqq"
	secrets["API secret"] = livekittest.APISecret

	if _, _, err := s.RotateCode(t.Context(), meettest.Ada, secrets["old code"], false); err != nil {
		t.Fatalf("RotateCode: %v", err)
	}
	livekittest.Join(t, s.Signal(), a.Token).Leave()
	if _, err := livekittest.TryJoin(t, s.Signal(), secrets["bad token"]); err == nil {
		t.Error("a bad token let somebody in")
	}
	for name, secret := range secrets {
		s.Do(t, "POST", "/mcp", secret, Bearer(secret))
		s.Do(t, "POST", "/mcp?token="+secret, "{}", Bearer(secrets["access token"]))
		s.Do(t, "GET", "/join/"+secret, "")
		s.Do(t, "GET", "/join/"+secret+"/qr.svg", "", From("192.0.2.2"))
		s.Do(t, "GET", "/page/assets/"+secret, "")
		for _, call := range []string{"invitation", "join", "requests", "requests/answer"} {
			s.callPage(t, call, map[string]any{"code": secret}, From("192.0.2.2"))
			fields := map[string]any{"room": secret, "name": "Eve", "request_id": secret, "approve": true}
			s.callPage(t, call, fields, Bearer(secret), From("192.0.2.2"))
		}
		s.Do(t, "GET", "/nothing/"+secret+"?"+secret+"="+secret, "", Header("Referer", "https://x/"+secret),
			Header("User-Agent", secret), Header("Cookie", secret))
		s.Do(t, "GET", "/rtc?access_token="+secret, "")
		s.Do(t, "GET", "/rtc/validate?access_token="+secret, "")
		s.Do(t, "POST", "/mcp", "{}", Host(strings.ReplaceAll(secret, "_", "-")+".example.com"))
		s.Do(t, "POST", "/v2/token", "not JSON: "+secret)
		r := s.exchange(t, map[string]any{"code": secret, "user_id": "u"}, From("192.0.2.1"))
		if r.Status == http.StatusOK && name != "code" {
			t.Errorf("%s was taken for a code", name)
		}
	}

	// Both hold something, so that what they do not hold means something.
	lines, metrics := log.String(), s.Do(t, "GET", "/metrics", "").Body
	for _, want := range []string{`"msg":"participant.admitted"`, `"route":"/v2/token"`, `"component":"livekit`} {
		if !strings.Contains(lines, want) {
			t.Errorf("the log does not hold %s", want)
		}
	}
	for name, secret := range secrets {
		parts := []string{secret, strings.ReplaceAll(secret, "-", "")}
		if head, signature, ok := strings.Cut(secret[strings.IndexByte(secret, '.')+1:], "."); ok {
			parts = append(parts, head, signature)
		}
		for _, part := range parts {
			if i := strings.Index(lines, part); i >= 0 {
				t.Errorf("the log holds the %s: …%.300s", name, lines[max(0, i-200):])
			}
			if strings.Contains(metrics, part) {
				t.Errorf("the metrics hold the %s", name)
			}
		}
	}
	if first := meet.FirstGroup(secrets["code"]); !strings.Contains(lines, `"details.code":"`+first+`"`) {
		t.Errorf("the log does not name the code by its first group %s", first)
	}
}
