package servicetest

import (
	"net/http"
	"strings"
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/web"
	. "roomkey/web/webtest"
)

// A host moderates on the page, a guest cannot, and the record says how it was done.
func TestHostsModerateOnThePage(t *testing.T) {
	t.Parallel()
	s := setup(t)
	room, code := s.codeFor(t, meet.RoleGuest, meet.RoomChange{}, meet.CodeChange{})
	host := s.redeem(t, map[string]any{"code": s.NewCode(t, room, meet.RoleHost, meet.CodeChange{}).Code})
	eve := s.redeem(t, map[string]any{"code": code, "name": "Eve"})
	livekittest.Join(t, s.Signal(), host.Token)
	person := livekittest.Join(t, s.Signal(), eve.Token)
	remove := map[string]any{"action": meet.HostRemove, "identity": eve.Identity}
	s.callPage(t, "moderate", remove, Bearer(eve.Token)).Refused(t, "a guest", 403)
	s.callPage(t, "moderate", remove).Refused(t, "nobody", 401)
	s.callPage(t, "moderate", remove, Bearer(s.Token(t, meettest.Ada))).Refused(t, "an access token", 401)
	s.callPage(t, "moderate", map[string]any{"action": "crown"}, Bearer(host.Token)).Refused(t, "no action", 400)
	r := s.callPage(t, "moderate", remove, Bearer(host.Token))
	if r.Status != http.StatusOK || r.Body != `{"status":"done"}`+"\n" {
		t.Errorf("a host: status %d, %s", r.Status, r.Body)
	}
	person.WaitDisconnected()
	s.callPage(t, "moderate", remove, Bearer(host.Token)).Refused(t, "once more", 404)
	events, _, err := s.Events(t.Context(), meettest.Ada, meet.EventFilter{RoomID: &room.ID, Limit: meettest.Of(100)})
	Must(t, err)
	for _, e := range events {
		if e.Action == meet.Kicked && e.Actor == host.Identity && e.Caller.Via == meet.ViaPage {
			return
		}
	}
	t.Errorf("no event says that the host removed somebody on the page: %+v", events)
}

// What the operator forbids is refused to hosts, and they are not told that they could.
func TestHostsUnderCeilings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*web.Config)
		rights string
		lock   int // the status
	}{
		"read_only": {func(c *web.Config) { c.ReadOnly = true }, `"rights":["admit"],`, 403},
		"disable_destructive": {func(c *web.Config) { c.DisableDestructive = true },
			`"rights":["admit","mute","video","lock","invite","role","rename"],`, 200},
	} {
		s := setup(t, c.change)
		room := s.NewRoom(t, meet.RoomChange{})
		host := s.redeem(t, map[string]any{"code": s.NewCode(t, room, meet.RoleHost, meet.CodeChange{}).Code})
		livekittest.Join(t, s.Signal(), host.Token)
		if view := s.callPage(t, "requests", map[string]any{}, Bearer(host.Token)).Body; !strings.Contains(view, c.rights) {
			t.Errorf("%s: the view is %s, want %s", name, view, c.rights)
		}
		end := s.callPage(t, "moderate", map[string]any{"action": meet.HostEndForAll}, Bearer(host.Token))
		end.Refused(t, name+": end", 403)
		lock := s.callPage(t, "moderate", map[string]any{"action": meet.HostLockRoom}, Bearer(host.Token))
		if lock.Status != c.lock {
			t.Errorf("%s: locking the room gives status %d, want %d", name, lock.Status, c.lock)
		}
	}
}
