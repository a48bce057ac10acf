package main

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"roomkey/bench/load"
)

// joined is the answer to a join whose token has these claims.
func joined(claims string) []byte {
	segment := base64.RawURLEncoding.EncodeToString
	token := segment([]byte(`{"alg":"HS256"}`)) + "." + segment([]byte(claims)) + "." + segment([]byte("signature"))
	return []byte(`{"id":"r-1","name":"\"token\":\"x.y.z","adminId":"bench","token":"` + token + `"}`)
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	var seen identities
	for _, who := range []string{"guest_a", "guest_b"} {
		if err := seen.add(joined(`{"name":"\"sub\":\"x\"","sub":"` + who + `","video":{"room":"r-1"}}`)); err != nil {
			t.Errorf("%s: %v", who, err)
		}
	}
	if err := seen.add(joined(`{"sub":"guest_a","name":"another"}`)); err == nil || !strings.Contains(err.Error(), "guest_a") {
		t.Errorf("got %v for somebody who is there already, want an error about them", err)
	}
	if got := seen.count(); got != 2 {
		t.Errorf("got %d identities, want 2", got)
	}
}

func TestIdentityOfRefuses(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string][]byte{
		"no subject":    joined(`{"name":"Bench"}`),
		"empty subject": joined(`{"sub":""}`),
		"cut":           joined(`{"sub":"gue`),
		"no token":      []byte(`{"id":"r-1"}`),
		"not a JWT":     []byte(`{"token":"opaque"}`),
		"not base64":    []byte(`{"token":"a.$.c"}`),
	} {
		if got, err := identityOf(answer); err == nil {
			t.Errorf("%s: got %q, want an error", name, got)
		}
	}
}

func TestJoinRows(t *testing.T) {
	t.Parallel()
	runs := func(n int) []load.Result { return []load.Result{{Requests: n, Elapsed: time.Second}} }
	for _, n := range restConns {
		rows := joinRows(n, runs(3_000), runs(30_000))
		if len(rows) != 2 || rows[0].value != 3_000 || rows[1].value != 0.1 {
			t.Errorf("%d connections: got %+v, want 3000/s and 0.1", n, rows)
		}
		for _, r := range rows {
			if asked := n == restAsked; r.target.met(r.value) == asked {
				t.Errorf("%s: met is %v", r.name, !asked)
			}
			if !strings.Contains(r.name, connections(n)) {
				t.Errorf("%q does not say %q", r.name, connections(n))
			}
		}
	}
}
