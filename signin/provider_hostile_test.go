package signin

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"roomkey/meet"
)

// A provider that answers for another one is not believed, nor one that says nothing
// where it has promised to name itself.
func TestMixUpOfProviders(t *testing.T) {
	t.Parallel()
	s, real, hostile := withProviders(t, exampleDomain)
	b := s.browser()
	to := b.chooseProvider(hostile.url)
	holdRefused(t, "the iss of another", b.open(hostile.back(to, "&iss="+real.URL)), "from another provider")
	to = b.chooseProvider(hostile.url)
	holdRefused(t, "two iss", b.open(hostile.back(to, "&iss="+hostile.url+"&iss="+real.URL)), "from another provider")
	if hostile.count("/token") > 0 {
		t.Error("a code of another provider was sent to it")
	}
	hostile.set(func() { hostile.metadata["authorization_response_iss_parameter_supported"] = true })
	s.Server = New(s.Config) // which knows nothing of the provider yet
	s.serve()
	to = b.chooseProvider(hostile.url)
	holdRefused(t, "no iss", b.open(hostile.back(to, "")), "from another provider")
	to = b.chooseProvider(hostile.url)
	hostile.set(func() { hostile.idToken = func() string { return hostile.sign(hostile.claims(to)) } })
	if page := b.open(hostile.back(to, "&iss="+hostile.url)); page.status != http.StatusOK {
		t.Errorf("its own iss: %d %s", page.status, page.body)
	}
}

// What a provider says went wrong is told as text, and the page goes on.
func TestProviderAnswersAnError(t *testing.T) {
	t.Parallel()
	s, _, hostile := withProviders(t, exampleDomain)
	b := s.browser()
	to := b.chooseProvider(hostile.url)
	page := b.open(to.Query().Get("redirect_uri") + "?error=%3Cb%3Eaccess_denied&state=" + to.Query().Get("state"))
	holdRefused(t, "an error", page, "it says <b>access_denied")
	if strings.Contains(page.body, "<b>") || sealInPage.FindString(page.body) == "" {
		t.Errorf("an error: got %s, want text and a form", page.body)
	}
	to = b.chooseProvider(hostile.url)
	holdRefused(t, "no code", b.open(strings.Replace(hostile.back(to, ""), "code=c", "code=", 1)), "it has no code")
	to = b.chooseProvider(hostile.url)
	hostile.set(func() {
		hostile.answer = func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, 2*maxProviderAnswer)) }
	})
	holdRefused(t, "an endless answer", b.open(hostile.back(to, "")), "does not take its own code")
}

// While a provider is down the server starts, passcodes work, and it is not asked again
// at once. What it has said of itself before counts.
func TestProviderIsDown(t *testing.T) {
	t.Parallel()
	s, _, hostile := withProviders(t, exampleDomain)
	hostile.set(func() { hostile.down = true })
	b := s.browser()
	client, _ := s.register("", callback)
	var page reply
	for range 3 {
		page = b.post(b.open(s.Issuer+s.query(client)), "provider", hostile.url)
		holdRefused(t, "down", page, "Hostile does not answer as it should")
	}
	if got := hostile.count("/.well-known/openid-configuration"); got != 1 {
		t.Errorf("it was asked %d times, want once", got)
	}
	page = b.open(s.Issuer + s.query(client))
	seal := sealInPage.FindStringSubmatch(page.body)
	answer := b.read(b.PostForm(s.Issuer+AuthorizePath, map[string][]string{"request": {seal[1]}, "user": {"ada"},
		"passcode": {passcode}, "decision": {"allow"}}))
	if answer.status != http.StatusSeeOther {
		t.Errorf("by passcode: %d %s", answer.status, answer.body)
	}
	p, now := s.provider(hostile.url), time.Now()
	p.now = func() time.Time { return now }
	hostile.set(func() { hostile.down = false })
	now = now.Add(discoveryAfterFail)
	if _, err := p.discover(t.Context()); err != nil {
		t.Errorf("up again: %v", err)
	}
	hostile.set(func() { hostile.down = true })
	now = now.Add(discoveryLife)
	if _, err := p.discover(t.Context()); err != nil {
		t.Errorf("down again: %v, want what it has said before", err)
	}
}

// A provider gets this server to no address but its own and public ones, and no further
// than its answers.
func TestSSRFByProviders(t *testing.T) {
	t.Parallel()
	var asked bool
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(inside.Close)
	s, _, hostile := withProviders(t, exampleDomain)
	p := s.provider(hostile.url)
	for name, endpoint := range map[string]string{"token_endpoint": "file:///etc/passwd",
		"issuer": "https://other.example", "padding": strings.Repeat("x", maxProviderAnswer),
		"authorization_endpoint": "javascript:alert(1)"} {
		before := hostile.metadata[name]
		hostile.set(func() { hostile.metadata[name] = endpoint })
		if _, err := p.fetch(t.Context()); err == nil {
			t.Errorf("%s %.30s was taken", name, endpoint)
		}
		hostile.set(func() { hostile.metadata[name] = before })
	}
	hostile.set(func() { hostile.metadata["token_endpoint"] = inside.URL + "/token" })
	b := s.browser()
	to := b.chooseProvider(hostile.url)
	holdRefused(t, "an address of this machine", b.open(hostile.back(to, "")), "does not take its own code")
	hostile.set(func() { hostile.metadata["token_endpoint"] = hostile.url + "/token" })
	s.Server = New(s.Config)
	s.serve()
	to = b.chooseProvider(hostile.url)
	hostile.set(func() {
		hostile.answer = func(w http.ResponseWriter) {
			w.Header().Set("Location", hostile.url+"/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	})
	holdRefused(t, "a redirection", b.open(hostile.back(to, "")), "does not take its own code")
	if hostile.count("/elsewhere") > 0 {
		t.Error("a redirection was followed")
	}
	if asked {
		t.Error("the provider got this server to another address of this machine")
	}
	public := providerClient("https://accounts.example.com")
	if _, err := public.Get(inside.URL); err == nil {
		t.Error("a provider with TLS got this server to an address without")
	}
}

// A provider that takes its time holds nothing up for longer than it may.
func TestSlowProvider(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // which nobody answers at
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	p := newProvider(Provider{Issuer: "http://" + listener.Addr().String()}, time.Now)
	p.http.Timeout = 10 * time.Millisecond
	if _, err := p.discover(t.Context()); err == nil {
		t.Error("got no error")
	}
}

// Somebody who is disabled gets no further, whether before they come back or before they
// have pressed Allow.
func TestDisabledUserOfAProvider(t *testing.T) {
	t.Parallel()
	s, real, _ := withProviders(t, exampleDomain)
	b := s.browser()
	page := b.open(real.SignIn(t, b.Client, b.chooseProvider(real.URL).String(), "ada"))
	s.disable(meet.ForeignSubject(real.URL, "id-of-ada"))
	holdRefused(t, "before Allow", b.post(page, "decision", "allow"), "This user may not come in")
	page = b.open(real.SignIn(t, b.Client, b.chooseProvider(real.URL).String(), "ada"))
	holdRefused(t, "before coming back", page, "This user may not come in here")
}
