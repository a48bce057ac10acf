package storetest

import (
	"testing"
	"time"

	"roomkey/meet"
)

// set sets a property of an admission.
func (b testStore) set(identity string, property meet.Property, override meet.Override) {
	b.t.Helper()
	_, err := b.UpdateOverrides(b.t.Context(), identity, func(a *meet.Admission, _ meet.Room) error {
		if a.Overrides == nil {
			a.Overrides = meet.Overrides{}
		}
		a.Overrides[property] = override
		return nil
	}, nil)
	if err != nil {
		b.t.Fatalf("UpdateOverrides(%s): %v", identity, err)
	}
}

func (b testStore) overrides(identity string) meet.Overrides {
	b.t.Helper()
	return b.joinOf(identity).Overrides
}

// endOverrides gives the identities of those for whom something has ended, and takes
// all away that was set for them.
func (b testStore) endOverrides(seconds, limit int) []string {
	b.t.Helper()
	ended, err := b.EndOverrides(b.t.Context(), at(seconds), limit, func(a *meet.Admission, _ meet.Room) *meet.Event {
		a.Overrides = nil
		return about(meet.UpdateEnded, a.Identity)
	})
	if err != nil {
		b.t.Fatalf("EndOverrides: %v", err)
	}
	return names(ended, func(a meet.Admission) string { return a.Identity })
}

// value is an override that was set so many seconds after noon, and lasts.
func value(value string, seconds int) meet.Override {
	return meet.Override{Value: value, At: at(seconds)}
}

var overrideTests = []test{
	{"AnOverrideIsKeptAsItIs", func(t *testing.T, b testStore) {
		room := b.create(newRoom("room"))
		b.enter("eve", "eve", "eve", 1)
		b.enter("bob", "bob", "bob", 2)
		want := meet.Overrides{
			meet.PropertyName: {Value: "Eve \u202e\"\u00e9\"", At: at(3)},
			meet.PropertyChat: {Value: "false", At: at(3), Until: at(9).Add(time.Millisecond), Then: "true"},
		}
		got, err := b.UpdateOverrides(t.Context(), "eve", func(a *meet.Admission, in meet.Room) error {
			wantSame(t, "the admission", *a, b.joinOf("eve"))
			wantSame(t, "the room", in, room)
			a.Overrides = want
			a.Name, a.Role = "Mallory", "host" // these are the admission's own
			return nil
		}, nil)
		wantErr(t, "UpdateOverrides", err, nil)
		wantSame(t, "given", got.Overrides, want)
		wantSame(t, "stored", b.overrides("eve"), want)
		wantSame(t, "role of the admission", b.joinOf("eve").Role, "guest")
		wantSame(t, "another's", b.overrides("bob"), meet.Overrides(nil))
		_, err = b.UpdateOverrides(t.Context(), "eve", func(a *meet.Admission, _ meet.Room) error {
			a.Overrides = nil
			return nil
		}, nil)
		wantErr(t, "UpdateOverrides", err, nil)
		wantSame(t, "taken back", b.overrides("eve"), meet.Overrides(nil))
	}},
	{"TheSamePersonInheritsOverrides", func(t *testing.T, b testStore) {
		b.create(newRoom("room"), newCode("aaa", "guest"))
		b.create(newRoom("other"))
		role, chat, mic := value("host", 5), value("false", 6), value("true", 7)
		for _, c := range []struct{ name, subject string }{{"proven", "eve"}, {"claimed", ""}, {"removed", "zoe"}} {
			b.enter(c.name, c.subject, c.name, 1)
			b.enter(c.name+", a second one", c.subject, c.name, 2)
			b.set(c.name, meet.PropertyRole, role)
			b.set(c.name, meet.PropertyChat, value("true", 4))
			b.set(c.name+", a second one", meet.PropertyChat, chat)
			b.set(c.name+", a second one", meet.PropertyMicrophone, mic)
		}
		both := []string{"removed", "removed, a second one"}
		wantErr(t, "RevokeAdmissions", b.RevokeAdmissions(t.Context(),
			meet.Revocation{RoomID: "id-room", Identities: both, At: at(8), By: "ann"}, nil), nil)
		all := meet.Overrides{meet.PropertyRole: role, meet.PropertyChat: chat, meet.PropertyMicrophone: mic}
		taken := meet.Overrides{meet.PropertyChat: chat}
		for _, c := range []struct {
			name, subject, userID string
			want                  meet.Overrides
		}{
			{"proven", "eve", "proven", all}, {"claimed", "", "claimed", taken}, {"removed", "zoe", "removed", taken},
			{"another", "bob", "bob", nil}, {"nobody in particular", "", "", nil},
		} {
			b.enter(c.name+" anew", c.subject, c.userID, 9) // compares what is stored
			wantSame(t, c.name, b.overrides(c.name+" anew"), c.want)
		}
		b.join(meet.Admission{Identity: "elsewhere", RoomID: "id-other", Subject: "eve", Person: person("eve", "proven"),
			Role: "guest", CreatedAt: at(9)})
		wantSame(t, "in another room", b.overrides("elsewhere"), meet.Overrides(nil))
		b.nextOpening("id-room")
		b.enter("after the next opening", "eve", "proven", 10)
		wantSame(t, "after the next opening", b.overrides("after the next opening"), meet.Overrides(nil))
	}},
	{"ALockForAllEndsWhatIsAllowed", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		b.join(meet.Admission{Identity: "admin", RoomID: "id-room", Subject: "ann", Principal: meet.User, Role: "host",
			CreatedAt: noon})
		everybody := []string{"admin", "eve", "spared"}
		for i, identity := range everybody {
			if i > 0 {
				b.enter(identity, "", "", i)
			}
			b.set(identity, meet.PropertyMicrophone, value("true", 1))
			b.set(identity, meet.PropertyChat, value("true", 1))
		}
		lockAll := func(source meet.Source, locked bool, target string) {
			t.Helper()
			_, _, err := b.LockForAll(t.Context(), "id-room", source, locked, []string{"spared"}, about(meet.Locked, target))
			wantErr(t, "LockForAll", err, nil)
		}
		want := func(identity, microphone string) {
			t.Helper()
			got := b.overrides(identity)
			wantSame(t, identity+": microphone", got[meet.PropertyMicrophone].Value, microphone)
			wantSame(t, identity+": chat", got[meet.PropertyChat].Value, "true")
		}
		lockAll(cam, true, "camera")
		want("eve", "true")
		lockAll(mic, true, "microphone")
		want("eve", "")
		want("spared", "true")
		want("admin", "true")
		lockAll(mic, true, "nothing new")
		b.set("eve", meet.PropertyMicrophone, value("true", 2))
		lockAll(mic, true, "allowed meanwhile")
		want("eve", "")
		b.set("eve", meet.PropertyMicrophone, value("true", 3))
		lockAll(mic, false, "back")
		want("eve", "true")
		wantSame(t, "events", b.targets(), []string{"camera", "microphone", "allowed meanwhile", "back"})
	}},
}
