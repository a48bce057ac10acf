package tools

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to look at the store's file from outside

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	"roomkey/meet/meettest"
)

// world is everything a tool could have changed: the rows of every table and
// who is connected with which tracks. Times of use and change are left out:
// a repeated call may say again that it happened.
func (a *agent) world(room meet.Room) string {
	a.t.Helper()
	db, err := sql.Open("sqlite", "file:"+a.Path+"?mode=ro")
	if err != nil {
		a.t.Fatal(err)
	}
	defer db.Close()
	var b strings.Builder
	for _, query := range []string{
		"SELECT id, name, admin_id, state, is_public, mode, max_participants, expires_at FROM rooms ORDER BY id",
		"SELECT code, room_id, role, label, enabled, uses, max_uses, expires_at, retired_at IS NULL FROM codes ORDER BY code",
		"SELECT identity, room_id, code FROM joins ORDER BY identity",
		"SELECT id, room_id, state FROM join_requests ORDER BY id",
	} {
		rows, err := db.Query(query)
		if err != nil {
			a.t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				a.t.Fatal(err)
			}
			for _, v := range values {
				fmt.Fprint(&b, *v.(*any), " ")
			}
			b.WriteByte('\n')
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			a.t.Fatal(err)
		}
	}
	roster, err := a.Roster(a.t.Context(), meettest.Root, room.ID)
	people := roster.Participants
	if err != nil {
		a.t.Fatal(err)
	}
	for _, p := range people {
		fmt.Fprintln(&b, p.Identity, p.Tracks)
	}
	return b.String()
}

// The hints are promises: a read-only tool changes nothing, an idempotent one
// nothing more the second time, one that is not destructive puts nobody out.
func TestHintsTellTheTruth(t *testing.T) {
	t.Parallel()
	for _, tool := range Catalogue() {
		t.Run(tool.Name, func(t *testing.T) {
			t.Parallel()
			a := newAgent(t)
			s := a.scene()
			s.person.PublishMicrophone()
			s.person.PublishCamera()
			livekittest.Wait(t, "both tracks", func() bool {
				return strings.Count(a.world(s.room), "camera")+strings.Count(a.world(s.room), "microphone") >= 2
			})
			before := a.world(s.room)
			a.must(meettest.Ada, tool.Name, s.sensible(tool.Name))
			after := a.world(s.room)
			if tool.Hints.ReadOnly && before != after {
				t.Errorf("it is read-only and changed something:\n%s\nto\n%s", before, after)
			}
			if !tool.Hints.Destructive && !s.person.Connected() {
				t.Error("it is not destructive and put somebody out")
			}
			a.Clock.Advance(time.Minute)
			a.call(meettest.Ada, tool.Name, s.sensible(tool.Name))
			again := a.world(s.room)
			if tool.Hints.Idempotent && after != again {
				t.Errorf("it is idempotent and changed something the second time:\n%s\nto\n%s", after, again)
			}
			if !tool.Hints.Idempotent && after == again && tool.Name != "rotate_room_code" { // whose second call finds the code gone
				t.Error("it is not idempotent and yet changed nothing the second time")
			}
		})
	}
}
