package pagetest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/signin"
)

// knowsAda is the check of user and passcode.
func knowsAda(_ context.Context, _ meet.Principal, user, passcode string) (meet.Principal, error) {
	if user != "ada" || passcode != "a passcode" {
		return meet.Principal{}, &meet.Error{Code: meet.CodeUnauthenticated, Message: "User or passcode is wrong"}
	}
	return meet.Principal{ID: "ada", Role: meet.User}, nil
}

// signIn is the authorization server at the address of the test server.
func (s *testServer) signIn() *signin.Server { return signInAt(s.url, s.System) }

// signInAt is the authorization server at an address, with identity providers.
func signInAt(url string, system *meettest.System, providers ...signin.Provider) *signin.Server {
	secret := []byte(strings.Repeat("s", 32))
	return signin.New(signin.Config{Store: system.Store, Issuer: url, SignIn: knowsAda, UserOf: system.UserOf,
		SignInForeign: system.SignInForeign, Providers: providers, Secrets: func() [][]byte { return [][]byte{secret} }})
}

// A person reads who asks, types user and passcode, and comes back to the program, in
// real browsers that hold the page against its policy.
func TestConsentInABrowser(t *testing.T) {
	t.Parallel()
	s := setup(t)
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<title>back</title>"))
	}))
	t.Cleanup(program.Close)
	consent := s.consentPage("Claude <b>", program.URL+"/callback")
	for _, browser := range []string{"Chromium", "Firefox"} {
		t.Run(browser, func(t *testing.T) {
			var tab *tab
			if browser == "Firefox" {
				needsFirefox(t)
				tab = s.openFirefox(wide)
			} else {
				tab = s.openIn(noCamera, phone)
			}
			tab.t = t
			tab.visit(consent)
			tab.see("Allow Claude <b>?")
			tab.see(strings.TrimPrefix(program.URL, "http://"))
			tab.see("see, mute, remove and admit the people in rooms")
			if tab.firefox == nil {
				tab.look("consent", "")
				tab.findNothingWithAxe()
			}
			tab.fill("User", "ada")
			tab.fill("Passcode", "a wrong one")
			tab.press("Allow")
			tab.wait("a refusal", `document.body?.innerText.includes("User or passcode is wrong")`)
			tab.fill("Passcode", "a passcode")
			tab.press("Allow")
			tab.wait("the program", `document.title === "back"`)
			back := mustURL(eval[string](tab, "location.href"))
			q := back.Query()
			if back.Path != "/callback" || q.Get("state") != "a state" || q.Get("iss") != s.url || q.Get("code") == "" {
				t.Errorf("back at %s", back)
			}
			tab.visit(consent)
			tab.press("Deny")
			tab.wait("the program", `document.title === "back"`)
			if q := mustURL(eval[string](tab, "location.href")).Query(); q.Get("error") != "access_denied" {
				t.Errorf("denied, back with %v", q)
			}
		})
	}
}

// findNothingWithAxe has axe-core look at a page that lets no script run.
func (tab *tab) findNothingWithAxe() {
	tab.t.Helper()
	axe, err := os.ReadFile(axePath)
	if err != nil {
		return // npm ci in web/page brings it
	}
	eval[bool](tab, string(axe)+"; true")
	if findings := eval[string](tab, `axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(
		r.violations
		.map(v => v.id + " " + v.nodes.map(n => n.html))))`); findings != "[]" {
		tab.t.Errorf("axe-core finds %s", findings)
	}
}
