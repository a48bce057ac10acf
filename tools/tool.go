// Package tools puts meet.Service within reach of agents over MCP: what tools
// there are, how their arguments are read, and what comes back. It knows MCP
// and nothing of HTTP headers, tokens, SQL or LiveKit.
//
// A tool is data: a definition, an input type whose fields describe
// themselves, and a handler of about ten lines. The JSON schemas, the strict
// decoder, the command line and the documentation all come from that.
package tools

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"roomkey/meet"
)

// Toolset is a group of tools that an operator can leave out.
type Toolset string

// The toolsets.
const (
	Rooms      Toolset = "rooms"
	Codes      Toolset = "codes"
	Moderation Toolset = "moderation"
	Meeting    Toolset = "meeting" // what happens and happened in rooms
	HMS        Toolset = "hms"     // room codes as 100ms's clients know them
)

// Toolsets are all toolsets, DefaultToolsets those that are on unless an
// operator says otherwise.
var (
	Toolsets        = []Toolset{Rooms, Codes, Moderation, Meeting, HMS}
	DefaultToolsets = []Toolset{Rooms, Codes, Moderation, Meeting}
)

// Hints tell a client what a tool may do. They are the truth, and the ceilings
// of [Selection] go by them.
type Hints struct {
	ReadOnly bool // changes nothing

	// Destructive: removes people, or ends something that the same tool
	// cannot bring back.
	Destructive bool

	// Idempotent: the same call again changes nothing more.
	Idempotent bool

	// OpenWorld: reaches beyond this server and its LiveKit. No tool does.
	OpenWorld bool
}

// Tool is one MCP tool.
type Tool struct {
	Name        string
	Title       string
	Description string
	Toolset     Toolset
	Scope       meet.TokenScope // that an access token needs, if it has scopes
	Hints       Hints

	InputSchema  json.RawMessage
	OutputSchema json.RawMessage

	input reflect.Type
	call  func(context.Context, *meet.Service, meet.Principal, map[string]any) (any, error)
}

// define completes a tool with its handler. In is a struct whose fields carry
// the tags json and doc, and enum, min, max where they apply; optional fields
// are pointers. Out is what the tool answers.
func define[In, Out any](t Tool, handle func(context.Context, *meet.Service, meet.Principal, In) (Out, error)) Tool {
	t.input = reflect.TypeFor[In]()
	t.InputSchema = mustMarshal(inputSchema(t.input, ""))
	t.OutputSchema = mustMarshal(outputSchema(reflect.TypeFor[Out]()))
	t.call = func(ctx context.Context, s *meet.Service, p meet.Principal, arguments map[string]any) (any, error) {
		var in In
		if err := decode(t.Name, arguments, &in); err != nil {
			return nil, err
		}
		return handle(ctx, s, p, in)
	}
	return t
}

// Catalogue gives every tool there is, in the order they are listed.
func Catalogue() []Tool {
	return []Tool{
		createRoom, joinRoom, listRooms, getRoom, updateRoom, endRoom,
		createRoomCodes, getRoomCodes, updateRoomCode, rotateRoomCode,
		listParticipants, kickParticipant, muteParticipant, disableParticipantVideo, updateParticipant, answerJoinRequest,
		listEvents, sendMessage, listSessions, getSession, getTranscript,
		hmsCreateRoomCodes, hmsGetRoomCodes, hmsUpdateRoomCode,
	}
}

// Selection says which tools to offer. Those left out are neither listed nor
// callable.
type Selection struct {
	Toolsets           []Toolset // nil is DefaultToolsets
	ReadOnly           bool      // only tools that change nothing
	DisableDestructive bool      // no destructive tools
}

// Select gives the tools of the selection in the order of [Catalogue].
func (s Selection) Select() []Tool {
	var selected []Tool
	for _, t := range Catalogue() {
		if s.offers(t) {
			selected = append(selected, t)
		}
	}
	return selected
}

func (s Selection) offers(t Tool) bool {
	if s.ReadOnly && !t.Hints.ReadOnly || s.DisableDestructive && t.Hints.Destructive {
		return false
	}
	if s.Toolsets == nil {
		return slices.Contains(DefaultToolsets, t.Toolset)
	}
	return slices.Contains(s.Toolsets, t.Toolset)
}

// leavesOut says whether one of these tools is not offered.
func (s Selection) leavesOut(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		t, ok := toolNamed(name)
		return ok && !s.offers(t)
	})
}
