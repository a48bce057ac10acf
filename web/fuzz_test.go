package web_test

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"roomkey/meet"
	"roomkey/meet/meettest"
)

// FuzzExchange holds that whatever strangers send, the answer is one of those
// that were agreed, and whoever gets in has a clean name.
func FuzzExchange(f *testing.F) {
	log := new(logs)
	// The same codes in every process, so that the seeds stay good.
	random := rand.NewChaCha8([32]byte{})
	s := serve(f, meettest.New(f, log.of, func(c *meet.Config) { c.Random = random }), log)
	h := s.handler(s.listen)
	code := s.guestCode(f)
	for _, seed := range []string{
		`{"code":"` + code + `"}`, `{"code":"` + code + `","name":"Ada","user_id":"u-7"}`, `{"code":"` + code + `","name":"\u202e\u0000<b>","user_id":"\ud800"}`,
		`{"code":"aaa-aaaa-aaa"}`, `{"code":""}`, `{"code":null}`, `{"code":7,"name":[]}`, `[]`, `{`, ``, `{"CODE":"` + code + `"}`, `{"code":"` + code + `"} {}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s.Clock.Advance(2 * time.Minute) // past failures are forgotten
		r := hand(h, "POST", "/v2/token", string(body))
		switch {
		case r.status == http.StatusOK:
			var a admission
			strict(t, "admission", r.body, &a)
			c := claims(t, a.Token)
			if c.Name == "" || c.Name != meet.CleanText(c.Name, meet.MaxDisplayName) || a.Role != meet.RoleGuest {
				t.Errorf("body %q let %q in as %q", body, c.Name, a.Role)
			}
		case slices.Contains([]int{400, 404, 413}, r.status):
			if r.status == http.StatusRequestEntityTooLarge {
				r.refused(t, "too large", r.status, meet.CodeInvalid)
			} else {
				r.refusedExchange(t, "refused", r.status)
			}
		default:
			t.Errorf("body %q: status %d, body %s, want 200, 400, 404 or 413", body, r.status, r.body)
		}
	})
}
