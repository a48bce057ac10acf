package servicetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/store"
)

const hostileText = `<img src=x onerror=alert(1)>`

// recordAccess puts n access tokens and users and an endpoint of webhooks on record.
func (a *agent) recordAccess(n int) {
	a.t.Helper()
	tokens, err := store.OpenTokens(a.t.Context(), a.Path)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = tokens.Close() }()
	now := time.Now().UTC().Truncate(time.Millisecond)
	for i := range n {
		token := meet.TokenRecord{ID: fmt.Sprintf("token-%02d", i), Subject: "ann", Name: hostileText, Role: meet.User,
			IssuedAt: now, ExpiresAt: now.Add(time.Duration(1+i/2) * time.Hour), Scope: "rooms:read", Rooms: "one two"}
		user := meet.Account{Subject: fmt.Sprintf("user-%02d", i), Name: hostileText, Role: meet.Guest, RoleSet: true,
			Source: meet.LocalSource, PasscodeHash: "secret-hash", CreatedAt: now}
		if err := tokens.Add(a.t.Context(), token); err != nil {
			a.t.Fatal(err)
		}
		if err := a.Store.AddUser(a.t.Context(), user); err != nil {
			a.t.Fatal(err)
		}
	}
	noEvent := func(meet.TokenRecord) *meet.Event { return nil }
	if _, err := tokens.Revoke(a.t.Context(), "token-00", now, false, noEvent); err != nil {
		a.t.Fatal(err)
	}
	endpoint := meet.WebhookEndpoint{ID: "we_one", URL: "https://hooks.example.com/secret-path?secret-query",
		Secret: "whsec_secret", CreatedAt: now}
	if err := a.Store.ConfigureWebhooks(a.t.Context(), []meet.WebhookEndpoint{endpoint}, now); err != nil {
		a.t.Fatal(err)
	}
}

// contentOf gives what a resource holds.
func contentOf(r reply) (content map[string]any) {
	text, _ := r.read("contents", 0, "text").(string)
	_ = json.Unmarshal([]byte(text), &content) // what is no JSON has nothing that is wanted
	return content
}

// idsIn reads a list from its beginning to its end, and gives a field of its items.
func (a *agent) idsIn(uri, list, field string) (ids []any) {
	a.t.Helper()
	for page := uri; ; {
		got := a.read(meettest.Root, false, page)
		text, _ := got.read("contents", 0, "text").(string)
		if strings.Contains(text, "secret") {
			a.t.Errorf("%s shows a secret: %s", page, text)
		}
		content := contentOf(got)
		items, _ := content[list].([]any)
		for _, item := range items {
			ids = append(ids, item.(map[string]any)[field])
		}
		cursor, more := content["next_cursor"].(string)
		if len(items) > 25 || content["has_more"] != more {
			a.t.Fatalf("%s: %d items, has_more %v, next_cursor %q", page, len(items), content["has_more"], cursor)
		}
		if !more {
			return ids
		}
		page = uri + "?after=" + cursor
	}
}

// Operators read which access tokens, users and webhooks there are, page by page, and
// no secret of them.
func TestAccessResources(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	a.recordAccess(51)
	var tokens, users []any
	for i := 50; i >= 0; i-- {
		tokens = append(tokens, fmt.Sprintf("token-%02d", i))
		users = append(users, fmt.Sprintf("user-%02d", 50-i))
	}
	if diff := cmp.Diff(tokens, a.idsIn("roomkey://tokens", "tokens", "id")); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(users, a.idsIn("roomkey://users", "users", "user")); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	text, _ := a.read(meettest.Root, true, "roomkey://webhooks").read("contents", 0, "text").(string)
	if !strings.Contains(text, `"url":"https://hooks.example.com/…"`) || strings.Contains(text, "secret") {
		t.Errorf("webhooks: %s; want scheme and host of the endpoint alone", text)
	}

	for range 30 {
		a.must(meettest.Ada, "create_room", args{})
	}
	for more := true; more; {
		var err error
		if more, err = a.Store.TakeWebhookEvents(t.Context(), time.Now(), 100); err != nil {
			t.Fatal(err)
		}
	}
	deliveries := a.idsIn("roomkey://webhooks/we_one", "deliveries", "event_id")
	if len(deliveries) != 30 || deliveries[0].(string) < deliveries[29].(string) && len(deliveries[29].(string)) == 2 {
		t.Errorf("deliveries: %v; want 30, the newest first", deliveries)
	}
	text, _ = a.read(meettest.Root, true, "roomkey://webhooks/we_one").read("contents", 0, "text").(string)
	if !strings.Contains(text, `"type":"room.created"`) || !strings.Contains(text, `"state":"pending"`) {
		t.Errorf("deliveries: %s; want what happened, pending", text)
	}
}

// Only a superadmin is shown the lists and may read them, with a token that is for all
// of the server.
func TestAccessResourcesAreForOperators(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	a.recordAccess(26)
	ofRooms, noAdmin, onlyAdmin := meettest.Root, meettest.Root, meettest.Root
	ofRooms.Rooms, noAdmin.Scopes = "one", meet.LimitedTo(meet.ScopeRoomsRead, meet.ScopeMeeting)
	onlyAdmin.Scopes = meet.LimitedTo(meet.ScopeAdmin)
	for name, c := range map[string]struct {
		p    meet.Principal
		code meet.ErrorCode
	}{
		"superadmin": {meettest.Root, ""}, "admin": {onlyAdmin, ""}, "user": {meettest.Ada, meet.CodeForbidden},
		"guest": {meettest.Gus, meet.CodeForbidden}, "nobody": {meettest.Zero, meet.CodeUnauthenticated},
		"without the scope": {noAdmin, meet.CodeForbidden}, "for a room": {ofRooms, meet.CodeForbidden},
	} {
		listed := fmt.Sprint(a.namesIn(c.p, "resources/list", "resources", "uri"),
			a.namesIn(c.p, "resources/templates/list", "resourceTemplates", "uriTemplate"))
		for _, uri := range []string{"roomkey://tokens", "roomkey://users", "roomkey://webhooks"} {
			if got := strings.Count(listed, uri); (got == 2) != (c.code == "") || got > 0 && c.code != "" {
				t.Errorf("%s: listed are %s; want %s: %v", name, listed, uri, c.code == "")
			}
		}
		for _, uri := range []string{"roomkey://tokens", "roomkey://users?after=", "roomkey://webhooks",
			"roomkey://webhooks/we_one", "roomkey://health"} {
			got := a.read(c.p, false, uri)
			if c.code == "" && got.Error != nil || c.code != "" && (got.Error == nil || got.Error.Data.Code != c.code) {
				t.Errorf("%s: %s: %s %+v; want %q", name, uri, got.Result, got.Error, c.code)
			}
		}
	}
	next := contentOf(a.read(meettest.Root, true, "roomkey://tokens"))["next_cursor"]
	for _, uri := range []string{"roomkey://users?after=x", fmt.Sprintf("roomkey://users?after=%s", next),
		"roomkey://tokens?after=a,b", "roomkey://webhooks/we_one?after=%20",
		"roomkey://users?after=" + strings.Repeat("A", 1<<15)} {
		wantRefusal(t, fmt.Sprintf("%.60s", uri), a.read(meettest.Root, true, uri), -32602,
			"invalid: after is not one that this list gave. ")
	}
	for _, uri := range []string{"roomkey://webhooks/nowhere", "roomkey://webhooks/", "roomkey://webhooks/a,b"} {
		wantRefusal(t, uri, a.read(meettest.Root, true, uri), -32002,
			"not_found: There is no webhook endpoint with this id. ")
	}
}
