package storetest

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"roomkey/meet"
)

// list gives "name relationship" for each room of a list, as of noon.
func (b testStore) list(q meet.RoomQuery) []string {
	b.t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	if q.Now.IsZero() {
		q.Now = noon
	}
	rooms, err := b.Rooms(b.t.Context(), q)
	if err != nil {
		b.t.Fatalf("Rooms(%+v): %v", q, err)
	}
	return names(rooms, func(r meet.ListedRoom) string { return r.Name + " " + string(r.Relationship) })
}

func (b testStore) visit(subject string, rooms ...string) {
	b.t.Helper()
	for _, room := range rooms {
		b.join(meet.Admission{Identity: subject + " in " + room, RoomID: "id-" + room, Subject: subject, Role: "guest",
			CreatedAt: noon})
	}
}

// neighbourhood has rooms of every kind as ann sees them; see their names.
func (b testStore) neighbourhood() {
	b.t.Helper()
	bob := createdBy("bob")
	past := expiresAt(noon)
	for i, room := range []meet.Room{
		newRoom("own"), newRoom("own-public", public), newRoom("own-ended", ended), newRoom("own-overdue", past),
		newRoom("other", bob),
		newRoom("joined", bob), newRoom("joined-public", bob, public), newRoom("joined-ended", bob, ended),
		newRoom("joined-overdue", bob, past),
		newRoom("public", bob, public, expiresAt(at(1))), newRoom("public-ended", bob, public, ended),
		newRoom("public-overdue", bob, public, past),
		newRoom("own-joined"),
	} {
		createdAt(at(-i))(&room)
		b.create(room)
	}
	b.visit("ann", "joined", "joined-public", "joined-ended", "joined-overdue", "own-joined")
	b.visit("bob", "own", "public")
	b.visit("", "other") // without an access token
}

var listTests = []test{
	{"ScopesAndRelationships", func(t *testing.T, b testStore) {
		b.neighbourhood()
		for _, c := range []struct {
			name string
			q    meet.RoomQuery
			want []string
		}{
			{"mine", meet.RoomQuery{Mine: true}, []string{"own creator", "own-public creator", "own-ended creator",
				"own-overdue creator", "own-joined creator"}},
			{"joined", meet.RoomQuery{Joined: true}, []string{"joined participant", "joined-public participant",
				"joined-ended participant",
				"joined-overdue participant", "own-joined creator"}},
			{"public", meet.RoomQuery{Public: true}, []string{"own-public creator", "joined-public participant",
				"public public"}},
			{"mine and joined", meet.RoomQuery{Mine: true, Joined: true}, []string{"own creator", "own-public creator",
				"own-ended creator",
				"own-overdue creator", "joined participant", "joined-public participant", "joined-ended participant",
				"joined-overdue participant", "own-joined creator"}},
			{"all three", meet.RoomQuery{Mine: true, Joined: true, Public: true}, []string{"own creator", "own-public creator",
				"own-ended creator",
				"own-overdue creator", "joined participant", "joined-public participant", "joined-ended participant",
				"joined-overdue participant", "public public", "own-joined creator"}},
			{"all", meet.RoomQuery{All: true, Mine: true}, []string{"own creator", "own-public creator", "own-ended creator",
				"own-overdue creator",
				"other none", "joined participant", "joined-public participant", "joined-ended participant",
				"joined-overdue participant",
				"public public", "public-ended public", "public-overdue public", "own-joined creator"}},
			{"none", meet.RoomQuery{}, []string{}},
		} {
			c.q.Subject = "ann"
			wantSame(t, c.name, b.list(c.q), c.want)
		}
	}},
	{"HasJoined", func(t *testing.T, b testStore) {
		b.neighbourhood()
		for room, want := range map[string]bool{"joined": true, "joined-ended": true, "own-joined": true, "own": false,
			"public": false, "other": false} {
			got, err := b.HasJoined(t.Context(), b.room("id-"+room), "ann")
			wantErr(t, "HasJoined "+room, err, nil)
			wantSame(t, "has joined "+room, got, want)
		}
	}},
	{"OnlyActive", func(t *testing.T, b testStore) {
		b.neighbourhood()
		yes := true
		for _, c := range []struct {
			q    meet.RoomQuery
			want []string
		}{
			{meet.RoomQuery{Mine: true}, []string{"own creator", "own-public creator", "own-joined creator"}},
			{meet.RoomQuery{Joined: true}, []string{"joined participant", "joined-public participant", "own-joined creator"}},
			{meet.RoomQuery{Public: true}, []string{"own-public creator", "joined-public participant", "public public"}},
			{meet.RoomQuery{All: true}, []string{"own creator", "own-public creator", "other none", "joined participant",
				"joined-public participant", "public public", "own-joined creator"}},
		} {
			c.q.Subject, c.q.Active = "ann", &yes
			wantSame(t, fmt.Sprintf("%+v", c.q), b.list(c.q), c.want)
		}
		later := meet.RoomQuery{Subject: "ann", Public: true, Active: &yes, Now: at(1)}
		wantSame(t, "public a second later", b.list(later), []string{"own-public creator", "joined-public participant"})
	}},
	{"OnlyInactive", func(t *testing.T, b testStore) {
		b.neighbourhood()
		no := false
		for _, c := range []struct {
			q    meet.RoomQuery
			want []string
		}{
			{meet.RoomQuery{Mine: true}, []string{"own-ended creator", "own-overdue creator"}},
			{meet.RoomQuery{Joined: true}, []string{"joined-ended participant", "joined-overdue participant"}},
			{meet.RoomQuery{Public: true}, []string{}},
			{meet.RoomQuery{Mine: true, Public: true}, []string{"own-ended creator", "own-overdue creator"}},
			{meet.RoomQuery{All: true}, []string{"own-ended creator", "own-overdue creator", "joined-ended participant",
				"joined-overdue participant", "public-ended public", "public-overdue public"}},
		} {
			c.q.Subject, c.q.Active = "ann", &no
			wantSame(t, fmt.Sprintf("%+v", c.q), b.list(c.q), c.want)
		}
	}},
	{"ListedRoomsAreWhole", func(t *testing.T, b testStore) {
		rich := b.create(full())
		plain := b.create(newRoom("plain", createdBy("x"), createdAt(rich.CreatedAt.Add(-time.Second))))
		got, err := b.Rooms(t.Context(), meet.RoomQuery{All: true, Subject: "x", Now: noon, Limit: 2})
		wantErr(t, "Rooms", err, nil)
		wantSame(t, "list", got, []meet.ListedRoom{{Room: rich, Relationship: meet.RelPublic}, {Room: plain,
			Relationship: meet.RelCreator}})
	}},
	{"AJoinWithoutASubjectIsNobodys", func(t *testing.T, b testStore) {
		b.create(newRoom("room", public))
		b.visit("", "room")
		wantSame(t, "joined by nobody", b.list(meet.RoomQuery{Joined: true}), []string{})
		wantSame(t, "public to nobody", b.list(meet.RoomQuery{Joined: true, Public: true}), []string{"room public"})
	}},
	{"RoomsOfOthersThatTheSubjectAdministers", func(t *testing.T, b testStore) {
		bob := createdBy("bob")
		admins := func(subjects ...string) func(*meet.Room) {
			return func(r *meet.Room) { r.AdminID, r.Admins = subjects[0], subjects[1:] }
		}
		for i, room := range []meet.Room{
			newRoom("shared", bob, admins("bob", "ann", "cem")), newRoom("handed", bob, admins("ann")),
			newRoom("ended", bob, admins("bob", "ann"), ended), newRoom("given", admins("bob")),
			newRoom("kept", admins("bob", "ann")), newRoom("other", bob, admins("bob", "cem")),
		} {
			createdAt(at(-i))(&room)
			b.create(room)
		}
		b.visit("ann", "shared")
		yes := true
		mine := meet.RoomQuery{Subject: "ann", Mine: true}
		wantSame(t, "mine", b.list(mine),
			[]string{"shared admin", "handed admin", "ended admin", "given creator", "kept creator"})
		mine.Active = &yes
		wantSame(t, "mine and active", b.list(mine),
			[]string{"shared admin", "handed admin", "given creator", "kept creator"})
		wantSame(t, "joined", b.list(meet.RoomQuery{Subject: "ann", Joined: true}), []string{"shared admin"})
		wantSame(t, "in pages of one", b.pages(meet.RoomQuery{Mine: true}, 1),
			[]string{"shared admin", "handed admin", "ended admin", "given creator", "kept creator"})

		b.update("id-shared", func(r *meet.Room) { r.Admins = nil })
		b.update("id-handed", func(r *meet.Room) { r.AdminID = "bob" })
		b.update("id-other", func(r *meet.Room) { r.Admins = []string{"ann", "cem"} })
		mine.Active = nil
		wantSame(t, "mine after changes", b.list(mine),
			[]string{"ended admin", "given creator", "kept creator", "other admin"})
	}},
	{"ComingBackDoesNotDoubleARoom", func(t *testing.T, b testStore) {
		b.create(newRoom("room", createdBy("bob"), public))
		for i := range 3 {
			b.join(meet.Admission{Identity: strconv.Itoa(i), RoomID: "id-room", Subject: "ann", Role: "guest", CreatedAt: at(i)})
		}
		wantSame(t, "list", b.list(meet.RoomQuery{Subject: "ann", Joined: true, Public: true}), []string{"room participant"})
	}},
	{"PagesMeetWithoutGapOrOverlap", func(t *testing.T, b testStore) {
		var want []string
		for i := range 11 { // newest first, 4 of one moment, by id within it
			name := numbered("room", 99-i)
			b.create(newRoom(name, public, createdAt(at(-i/4))))
			b.visit("ann", name)
			want = append(want, name+" creator")
		}
		for _, q := range []meet.RoomQuery{{Mine: true}, {Joined: true}, {Public: true}, {All: true}, {Mine: true,
			Joined: true, Public: true}} {
			for limit := 1; limit <= 12; limit++ {
				wantSame(t, fmt.Sprintf("%+v in pages of %d", q, limit), b.pages(q, limit), want)
			}
		}
	}},
	{"ACursorNeedNotBeARoom", func(t *testing.T, b testStore) {
		b.create(newRoom("new", createdAt(at(2))))
		b.create(newRoom("old", createdAt(at(0))))
		for _, c := range []struct {
			after meet.Position
			want  []string
		}{
			{meet.Position{At: at(3)}, []string{"new creator", "old creator"}},
			{meet.Position{At: at(2), Key: "zzz"}, []string{"new creator", "old creator"}},
			{meet.Position{At: at(2), Key: "id-new"}, []string{"old creator"}},
			{meet.Position{At: at(1), Key: "zzz"}, []string{"old creator"}},
			{meet.Position{At: at(0), Key: "aaa"}, []string{}},
		} {
			wantSame(t, fmt.Sprintf("after %v", c.after), b.list(meet.RoomQuery{Subject: "ann", Mine: true, After: &c.after}),
				c.want)
		}
	}},
	{"PartIsTakenLiterally", func(t *testing.T, b testStore) {
		all := []string{"100%", `back\slash`, "under_score", "plain", "Capital", "quote'd"}
		for i, name := range all {
			b.create(newRoom(name, public, createdAt(at(-i))))
			b.visit("ann", name)
		}
		for part, want := range map[string][]string{
			"":         all,
			"%":        {"100%"},
			"_":        {"under_score"},
			`\`:        {`back\slash`},
			`\%`:       {},
			"%%":       {},
			"'":        {"quote'd"},
			"lai":      {"plain"},
			"plain":    {"plain"},
			"plain2":   {},
			"capital":  {},
			"C":        {"Capital"},
			"p_ain":    {},
			"p%n":      {},
			"e":        {"under_score", "quote'd"},
			"100%pure": {},
		} {
			for _, q := range []meet.RoomQuery{{Mine: true}, {Joined: true}, {Public: true}, {All: true}} {
				q.Subject, q.Part = "ann", part
				wantSame(t, fmt.Sprintf("part %q of %+v", part, q), b.list(q),
					names(want, func(name string) string { return name + " creator" }))
			}
		}
	}},
	{"PartAtTheStart", func(t *testing.T, b testStore) {
		for i, name := range []string{"team", "team-two", "a-team", "te%m", "Team"} {
			b.create(newRoom(name, public, createdAt(at(-i))))
			b.visit("ann", name)
		}
		for part, want := range map[string][]string{
			"":       {"team", "team-two", "a-team", "te%m", "Team"},
			"te":     {"team", "team-two", "te%m"},
			"team":   {"team", "team-two"},
			"team-":  {"team-two"},
			"te%":    {"te%m"},
			"eam":    {},
			"a-team": {"a-team"},
		} {
			for _, q := range []meet.RoomQuery{{Mine: true}, {Joined: true}, {Public: true}, {All: true}} {
				q.Subject, q.Part, q.AtStart = "ann", part, true
				wantSame(t, fmt.Sprintf("begins with %q of %+v", part, q), b.list(q),
					names(want, func(name string) string { return name + " creator" }))
			}
		}
	}},
	{"AListOfNothingIsEmpty", func(t *testing.T, b testStore) {
		b.create(newRoom("room"))
		rooms, err := b.Rooms(t.Context(), meet.RoomQuery{All: true, Now: noon, Limit: 0})
		wantErr(t, "Rooms", err, nil)
		failIf(t, len(rooms) != 0, "limit 0 gave %d rooms", len(rooms))
	}},
	{"FiltersComeBeforeTheLimit", func(t *testing.T, b testStore) {
		yes := true
		b.create(newRoom("wanted", createdAt(at(-100))))
		for i := range 10 {
			b.create(newRoom(numbered("ended-wanted", i), createdAt(at(-i)), ended))
			b.create(newRoom(numbered("overdue-wanted", i), createdAt(at(-i)), expiresAt(noon.Add(-time.Hour))))
			b.create(newRoom(numbered("other", i), createdAt(at(-i))))
		}
		for _, q := range []meet.RoomQuery{{Mine: true}, {All: true}} {
			q.Subject, q.Part, q.Active, q.Limit = "ann", "wanted", &yes, 1
			wantSame(t, fmt.Sprintf("%+v", q), b.list(q), []string{"wanted creator"})
		}
	}},
}

// pages walks a list of ann's to its end.
func (b testStore) pages(q meet.RoomQuery, limit int) []string {
	b.t.Helper()
	q.Subject, q.Limit, q.Now = "ann", limit, noon
	var all []string
	for range 100 {
		page, err := b.Rooms(b.t.Context(), q)
		if err != nil {
			b.t.Fatalf("Rooms(%+v): %v", q, err)
		}
		for _, room := range page {
			all = append(all, room.Name+" "+string(room.Relationship))
		}
		if len(page) > limit {
			b.t.Errorf("a page of %d, want at most %d", len(page), limit)
		}
		if len(page) < limit {
			return all
		}
		last := page[len(page)-1]
		q.After = &meet.Position{At: last.CreatedAt, Key: last.ID}
	}
	b.t.Fatalf("the list %+v has no end", q)
	return nil
}
