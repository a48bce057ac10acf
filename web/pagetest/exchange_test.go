package pagetest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// redeem is how 100ms's web SDK gets a token for a room code, in our own lines:
// without a header unless a client of another kind has some.
const redeem = `async (endpoint, roomCode, userId, headers) => {
	try {
		const body = JSON.stringify({code: roomCode, user_id: userId});
		const answer = await fetch(endpoint, {method: "POST", body, headers});
		const read = await answer.json();
		if (!answer.ok) throw Object.assign(new Error(read.message), {code: read.code});
		return {token: read.token};
	} catch (e) {
		return {name: e.name, code: e.code, message: e.message};
	}
}`

// redeemed is what comes of it: a token, or what was thrown.
type redeemed struct {
	Token   string
	Name    string
	Code    int
	Message string
}

// foreignPage is a page of another origin, open in a tab.
type foreignPage struct {
	*tab

	mu   sync.Mutex
	sent []string // method and content type of what went to the exchange
}

// newOrigin serves an empty page on an origin of its own.
func newOrigin(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>somebody else's app</title>")
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// openForeign opens the page of another origin.
func (s *testServer) openForeign(origin string) *foreignPage {
	s.t.Helper()
	page := &foreignPage{tab: s.open(wide)}
	must(s.t, chromedp.Listen(page.ctx, page.watch))
	page.run(chromedp.Navigate(origin))
	return page
}

func (page *foreignPage) watch(event any) {
	e, ok := event.(*network.EventRequestWillBeSent)
	if !ok || !strings.HasSuffix(e.Request.URL, "/v2/token") {
		return
	}
	contentType, _ := e.Request.Headers["Content-Type"].(string)
	page.mu.Lock()
	defer page.mu.Unlock()
	page.sent = append(page.sent, strings.TrimSpace(e.Request.Method+" "+contentType))
}

// redeem gets a token by code, or what is thrown instead. headers is JSON, or
// undefined.
func (page *foreignPage) redeem(code, userID, headers string) redeemed {
	page.t.Helper()
	return eval[redeemed](page.tab, fmt.Sprintf("(%s)(%s, %s, %s, %s)",
		redeem, quote(page.server.url+"/v2/token"), quote(code), userID, headers))
}

// kinds are the kinds of requests that the browser has sent to the exchange.
func (page *foreignPage) kinds() []string {
	page.mu.Lock()
	defer page.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(page.sent)))
}

const asJSON = `{"Content-Type": "application/json"}`

// An app on another origin that is on the list redeems codes as with 100ms: by
// a simple request without any header, and by one that has to be asked for
// first.
func TestExchangeFromAnotherOrigin(t *testing.T) {
	t.Parallel()
	needsBrowser(t)
	listed := newOrigin(t)
	s := setupOn(t, func(links meettest.Option) *meettest.System { return newSystem(t, links) }, listed)
	room, codes := s.room(meet.RoomChange{})
	for name, c := range map[string]struct {
		headers string
		kinds   []string
	}{
		"as 100ms's SDK":   {"undefined", []string{"POST text/plain;charset=UTF-8"}},
		"as other clients": {asJSON, []string{"OPTIONS", "POST application/json"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := *s
			s.t = t
			page := s.openForeign(listed)
			got := page.redeem(codes["guest"], `"u-7"`, c.headers)
			if got.Token == "" {
				t.Fatalf("a good code: got %+v, want a token", got)
			}
			person := livekittest.Join(t, s.url, got.Token)
			if a := person.Attributes(); a["user_id"] != "u-7" || a["role"] != "guest" {
				t.Errorf("attributes of who joined: got %v, want the user id u-7 and the role guest", a)
			}
			isPerson := func(p meet.Person) bool { return p.Identity == person.Identity() }
			if people := s.people(room); !slices.ContainsFunc(people, isPerson) {
				t.Errorf("inside are %+v, want %s among them", people, person.Identity())
			}
			if got := page.redeem(codes["viewer"], "undefined", c.headers); got.Token == "" {
				t.Errorf("a good code without a user id: got %+v, want a token", got)
			}
			want := redeemed{Name: "Error", Code: http.StatusNotFound, Message: "This code does not open a room"}
			if got := page.redeem("aaa-aaaa-aaa", `"u-7"`, c.headers); got != want {
				t.Errorf("an unknown code: got %+v, want %+v thrown", got, want)
			}
			want = redeemed{Name: "Error", Code: http.StatusBadRequest, Message: "Invalid request body"}
			if got := page.redeem("aaa-aaaa-aaa", "7", c.headers); got != want {
				t.Errorf("a user id that is no text: got %+v, want %+v thrown", got, want)
			}
			if got := page.kinds(); !slices.Equal(got, c.kinds) {
				t.Errorf("the browser sent %q, want %q", got, c.kinds)
			}
		})
	}
}

// An app on an origin that is not on the list gets nothing: the browser keeps
// the answer, and no use of the code is counted.
func TestExchangeFromAnUnlistedOrigin(t *testing.T) {
	t.Parallel()
	needsBrowser(t)
	s := setupOn(t, func(links meettest.Option) *meettest.System { return newSystem(t, links) }, newOrigin(t))
	room := s.NewRoom(t, meet.RoomChange{})
	code := s.NewCode(t, room, "guest", meet.CodeChange{MaxUses: meettest.Of(1)}).Code
	page := s.openForeign(newOrigin(t))
	for _, headers := range []string{"undefined", asJSON} {
		want := redeemed{Name: "TypeError", Message: "Failed to fetch"} // which is all that a browser says
		if got := page.redeem(code, `"u-7"`, headers); got != want {
			t.Errorf("a good code with the headers %s: got %+v, want %+v thrown", headers, got, want)
		}
	}
	s.exchange(code, "Ada") // its only use
}
