package main

import (
	"net/http"
	"regexp"
	"testing"

	"roomkey/cmd/roomkey/internal/programtest"
)

var printedPasscode = regexp.MustCompile(`Passcode: (\S+)`)

// A roomkey that is stopped, or killed, in the middle of signing in goes on where it was:
// between consent and code, and between tokens and their refresh.
func TestRestartInTheMiddleOfSignIn(t *testing.T) {
	t.Parallel()
	dir, address := t.TempDir(), programtest.FreeAddress(t)
	env := append(bareEnvironment(dir), "ROOMKEY_AUTH_SIGN_IN=true", "ROOMKEY_LISTEN="+address)
	serve := func() *process { return startAt(t, address, command(dir, env, "serve")) }
	server := serve()
	said, err := command(dir, env, "user", "add", "ada").Output()
	passcode := printedPasscode.FindSubmatch(said)
	if err != nil || passcode == nil {
		t.Fatalf("user add: %s, %v", said, err)
	}
	c := &programtest.ByHand{T: t, URL: server.url}
	c.Ask(programtest.NewPerson(t, "ada", string(passcode[1])), "rooms:read rooms:write")
	if err := server.terminate(); err != nil {
		t.Fatal(err)
	}
	server = serve()
	c.Redeem(false)
	works := func(when string) {
		t.Helper()
		got, err := programtest.Send(t.Context(), c.Access, http.MethodPost, c.URL+"/api/room/create", `{}`)
		if err != nil || got.Status != http.StatusOK {
			t.Errorf("%s: %d %s, %v", when, got.Status, got.Body, err)
		}
	}
	works("after the code was redeemed")
	server.kill()
	serve()
	works("after a crash")
	before := c.Access
	c.Redeem(true)
	if c.Access == before {
		t.Error("no new access token was given")
	}
	works("after a refresh")
}
