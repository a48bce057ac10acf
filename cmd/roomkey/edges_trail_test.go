package main

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roomkey/meet"
)

// event is a line of list_events, as far as it does not differ from call to
// call.
type event struct{ Actor, Via, Client, Action, Outcome string }

// Every call that changes something leaves exactly one line, on every edge the
// same but for the way it came. What changes nothing leaves none.
func TestEdgesLeaveTheSameTrail(t *testing.T) {
	t.Parallel()
	a := startApp(t, allToolsets)
	steps := []struct {
		action string
		leaves string
	}{
		{"create", "room.created"},
		{"create codes", "code.created"},
		{"create codes", ""},
		{"create a code for a role", ""},
		{"get codes", ""},
		{"list", ""},
		{"disable a code", "code.updated"},
		{"disable a code", ""},
		{"enable a code", "code.updated"},
		{"join by name", "participant.admitted"},
		{"join by code", "participant.admitted"},
		{"mute", "participant.muted"},
		{"mute", ""},
		{"video off", "participant.video_disabled"},
		{"video off", ""},
		{"kick everybody", ""},
		{"kick", "participant.kicked"},
	}
	// Each scene is run on one edge alone, as far as that has what is asked for.
	for name, edgeOf := range map[string]func(offered []edge) edge{
		"mcp":                   func(offered []edge) edge { return offered[0] },
		"mcp, in 100ms's words": func(offered []edge) edge { return offered[min(1, toolsIn(offered)-1)] },
		"rest":                  func(offered []edge) edge { return offered[toolsIn(offered)] },
		"rest, the other way":   func(offered []edge) edge { return offered[len(offered)-1] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmptyScene(t, a)
			delete(s.words, "identity")
			s.words["name"] = s.words["room"]
			for _, step := range steps {
				e := edgeOf(edges[step.action])
				if step.action == "disable a code" && s.code == "" {
					s.code = s.codes("to be disabled")[0].Code
					s.words["code"] = s.code
				}
				s.fill(e.path + e.body) // puts somebody inside first, if it takes one
				want := s.trail()
				got := s.ask(e, "room's admin")
				if refused := step.action == "kick everybody"; (got.verdict == bad) != refused || (got.verdict == yes) == refused {
					t.Fatalf("%s: got %s, want it refused: %t", e.name, got, refused)
				}
				if step.leaves != "" {
					line := event{Actor: s.principal("ada", meet.User).ID, Via: "mcp", Client: "test 1", Action: step.leaves, Outcome: "ok"}
					if e.rest() {
						line.Via, line.Client = "rest", edgeClient
					}
					want = append(want, line)
				}
				if diff := cmp.Diff(want, s.trail()); diff != "" {
					t.Errorf("trail of %s (-want +got):\n%s", e.name, diff)
				}
			}
		})
	}
}

// toolsIn counts the tools, which come first.
func toolsIn(offered []edge) int {
	n := slices.IndexFunc(offered, edge.rest)
	if n < 0 {
		return len(offered)
	}
	return n
}

// trail is what callers did to the room, the oldest first; LiveKit's own words
// come when they come.
func (s *scene) trail() []event {
	s.t.Helper()
	got := s.ask(tool("list_events", `{"room_id": "{room}", "limit": 100}`), "room's admin")
	if got.verdict == none { // it is not made yet
		return []event{}
	}
	var page struct{ Events []event }
	if err := json.Unmarshal([]byte(got.body), &page); err != nil || got.verdict != yes {
		s.t.Fatalf("list_events: got %s: %v", got, err)
	}
	trail := slices.DeleteFunc(page.Events, func(e event) bool { return e.Via != "mcp" && e.Via != "rest" })
	slices.Reverse(trail)
	return trail
}
