package pagetest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/signin"
	"roomkey/signin/signintest"
	"roomkey/web"
)

// atProvider signs in as Ada where the tab was sent to.
func (tab *tab) atProvider() {
	tab.t.Helper()
	tab.fill("Username", "ada")
	tab.fill("Password", signintest.Password)
	tab.press("Login")
}

// withProvider is a server where people may sign in at an identity provider.
func withProvider(t *testing.T) (s *testServer) {
	t.Helper()
	provider := signintest.New(t)
	var system *meettest.System
	s = setupWith(t, func(links meettest.Option) *meettest.System {
		system = newSystem(t, links)
		return system
	}, func(c *web.Config) {
		c.SignIn = signInAt(c.PublicURL.String(), system, signin.Provider{Issuer: provider.URL, Name: "Example",
			ClientID: signintest.ClientID, ClientSecret: signintest.ClientSecret, Scopes: []string{"profile", "email"},
			Allow: signin.Allow{Domains: []string{"example.com"}}, Role: meet.User})
	})
	provider.Serve(t, s.url+signin.CallbackPath)
	return s
}

// Where a room requires it, somebody signs in at an identity provider, is back on the same
// page, and comes in under the name that is proved. On the consent page they sign in in
// the same way.
func TestSignInOnThePage(t *testing.T) {
	t.Parallel()
	needsBrowser(t)
	s := withProvider(t)
	room, codes := s.room(meet.RoomChange{Settings: meet.SettingsChange{RequireSignIn: meettest.Of(true)}})
	ada := s.open(phone)
	path := "/join/" + codes["guest"]
	ada.visit(path)
	ada.see("This room lets in only people who have signed in.")
	if ada.has("Your name") || ada.has("Join") {
		t.Error("the page offers to join without signing in")
	}
	ada.findNothingWithAxe()
	ada.press("Sign in with Example")
	ada.atProvider()
	ada.screen("prejoin")
	ada.see("You have signed in as")
	ada.see("Ada Lovelace")
	if at := eval[string](ada, "location.pathname"); at != path {
		t.Errorf("back at %s, want %s", at, path)
	}
	ada.findNothingWithAxe()
	if cookies := eval[string](ada, "document.cookie"); cookies != "" {
		t.Errorf("a script can read the cookies %s", cookies)
	}
	ada.press("Join")
	ada.screen("call")
	roster, err := s.Roster(t.Context(), meettest.Ada, room.ID)
	if err != nil || len(roster.Participants) != 1 || roster.Participants[0].Name != "Ada Lovelace" ||
		!roster.Participants[0].Verified {
		t.Errorf("inside are %+v, %v; want Ada Lovelace, verified", roster.Participants, err)
	}
	ada.press("Leave")
	ada.message("left", "You left the call")
	ada.reload()
	ada.press("Sign out")
	ada.see("This room lets in only people who have signed in.")

	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<title>back</title>"))
	}))
	t.Cleanup(program.Close)
	ada.visit(s.consentPage("Claude", program.URL+"/callback"))
	ada.findNothingWithAxe()
	ada.press("Sign in with Example")
	ada.atProvider()
	ada.wait("the consent page", `document.body?.innerText.includes("You are Ada Lovelace, as Example says.")`)
	ada.findNothingWithAxe()
	ada.press("Allow")
	ada.wait("the program", `document.title === "back"`)
}

// consentPage is where a new client sends people to.
func (s *testServer) consentPage(name, redirect string) string {
	s.t.Helper()
	client := meet.OAuthClient{ID: strings.Repeat("c", 26), Name: name, CreatedAt: s.Clock.Now(),
		RedirectURIs: []string{redirect}, ExpiresAt: s.Clock.Now().AddDate(50, 0, 0)}
	must(s.t, s.Store.RegisterClient(s.t.Context(), client, meet.ClientLimits{Most: 9, MostOfAddress: 9}))
	return signin.AuthorizePath + "?" + url.Values{"response_type": {"code"}, "client_id": {client.ID},
		"state": {"a state"}, "redirect_uri": client.RedirectURIs, "code_challenge": {strings.Repeat("c", 43)},
		"code_challenge_method": {"S256"}, "resource": {s.url + "/mcp"}}.Encode()
}
