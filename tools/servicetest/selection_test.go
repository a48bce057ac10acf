package servicetest

import (
	"slices"
	"strings"
	"testing"

	"roomkey/meet"
	"roomkey/meet/meettest"
	. "roomkey/tools"
)

// What an operator left out is neither listed nor given: tools, prompts that
// need one of them, and the resource of rooms, which shows what get_room shows.
func TestSelection(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	room := a.NewRoom(t, meet.RoomChange{})
	all := []string{"audit_access", "host_a_meeting", "moderate_room"}
	for name, tt := range map[string]struct {
		selection Selection
		keep      func(Tool) bool
		prompts   []string
		hasRooms  bool
	}{
		"by default": {Selection{}, func(t Tool) bool { return t.Toolset != HMS }, all, true},
		"everything": {Selection{Toolsets: Toolsets}, func(Tool) bool { return true }, all, true},
		"read-only": {Selection{Toolsets: Toolsets, ReadOnly: true},
			func(t Tool) bool { return t.Hints.ReadOnly }, nil, true},
		"not destructive": {Selection{Toolsets: Toolsets, DisableDestructive: true},
			func(t Tool) bool { return !t.Hints.Destructive }, nil, true},
		"moderation": {Selection{Toolsets: []Toolset{Moderation}},
			func(t Tool) bool { return t.Toolset == Moderation }, all[2:], false},
		"no toolset": {Selection{Toolsets: []Toolset{}}, func(Tool) bool { return false }, nil, false},
		"rooms, read-only": {Selection{Toolsets: []Toolset{Rooms}, ReadOnly: true},
			func(t Tool) bool { return t.Toolset == Rooms && t.Hints.ReadOnly }, nil, true},
	} {
		a.serve(tt.selection)
		var want []string
		for _, tool := range Catalogue() {
			if tt.keep(tool) {
				want = append(want, tool.Name)
				continue
			}
			got := a.ask(meettest.Ada, true, "tools/call", args{"name": tool.Name})
			wantRefusal(t, name+": "+tool.Name, got, -32602, NoSuchTool)
		}
		selected := namesOf(tt.selection.Select())
		if !slices.Equal(want, selected) || !slices.Equal(sortedNames(want), a.listed("tools/list", "tools")) {
			t.Errorf("%s: tools %v, listed %v; want %v", name, selected, a.listed("tools/list", "tools"), want)
		}
		if got := a.listed("prompts/list", "prompts"); !slices.Equal(got, tt.prompts) {
			t.Errorf("%s: prompts %v; want %v", name, got, tt.prompts)
		}
		for _, prompt := range all {
			_, got := a.prompt(meettest.Ada, prompt, args{})
			isThere := got.Error == nil || !strings.HasPrefix(got.Error.Message, NoSuchPrompt) && got.Error.Code != -32601
			if isThere != slices.Contains(tt.prompts, prompt) {
				t.Errorf("%s: %s gives %s %+v", name, prompt, got.Result, got.Error)
			}
		}
		templates := a.ask(meettest.Ada, false, "resources/templates/list", args{})
		if got := templates.read("resourceTemplates", 0); (got != nil) != tt.hasRooms {
			t.Errorf("%s: the template %v", name, got)
		}
		if got := a.read(meettest.Ada, false, "roomkey://rooms/"+room.Name); !tt.hasRooms {
			wantRefusal(t, name, got, -32602, NoSuchResource)
		} else if got.Error != nil {
			t.Errorf("%s: %+v", name, got.Error)
		}
		if got := a.read(meettest.Ada, false, RolesURI); got.Error != nil {
			t.Errorf("%s: roles: %+v", name, got.Error)
		}
	}
}

// listed are the names of a list that clients get, sorted.
func (a *agent) listed(method, key string) (names []string) {
	a.t.Helper()
	items, _ := a.ask(meettest.Ada, false, method, args{}).read(key).([]any)
	for _, item := range items {
		names = append(names, item.(map[string]any)["name"].(string))
	}
	return sortedNames(names)
}

func sortedNames(names []string) []string { return slices.Sorted(slices.Values(names)) }
