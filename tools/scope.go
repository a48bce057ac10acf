package tools

import (
	"slices"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
)

// The scopes of an access token decide which tools its bearer is shown and may
// call. meet.Policy decides once more, for every way in.

// checkScope refuses a call of the tool with a token that lacks its scope.
func (t Tool) checkScope(p meet.Principal) error { return p.CheckScope(t.Scope, "use "+t.Name) }

// isFor says whether the tool is in the list for an access token. A token for some
// rooms creates no other.
func (t Tool) isFor(p meet.Principal) bool {
	return p.Scopes.Has(t.Scope) && (t.Name != createRoom.Name || !p.Rooms.IsLimited())
}

// checkScope refuses a prompt to a token that lacks the scope of a tool in its text,
// or that of what the text says of a room.
func (s *Server) checkScope(prompt Prompt, p meet.Principal) error {
	if err := p.CheckScope(meet.ScopeRoomsRead, "use "+prompt.Name); err != nil {
		return err
	}
	for _, name := range prompt.tools {
		if err := p.CheckScope(s.tools[name].Scope, "use "+name+", which "+prompt.Name+" needs"); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) isPromptFor(prompt Prompt, p meet.Principal) bool {
	isNotFor := func(name string) bool { return !s.tools[name].isFor(p) }
	return p.Scopes.Has(meet.ScopeRoomsRead) && !slices.ContainsFunc(prompt.tools, isNotFor)
}

// listedFor leaves out of a list what the principal and the access token are not for.
func (s *Server) listedFor(p meet.Principal, result any) any {
	mayOperate := meet.Allowed(p, meet.ActListAccess, nil)
	switch list := result.(type) {
	case mcp.ListToolsResult:
		list.Tools = keep(list.Tools, func(t mcp.Tool) bool { return s.tools[t.Name].isFor(p) })
		return list
	case mcp.ListPromptsResult:
		list.Prompts = keep(list.Prompts, func(l mcp.Prompt) bool { return s.isPromptFor(s.prompts[l.Name], p) })
		return list
	case mcp.ListResourceTemplatesResult:
		list.ResourceTemplates = keep(list.ResourceTemplates, func(t mcp.ResourceTemplate) bool {
			if isAccessURI(t.URITemplate.Raw()) {
				return mayOperate
			}
			return getRoom.isFor(p)
		})
		return list
	case mcp.ListResourcesResult:
		list.Resources = keep(list.Resources, func(r mcp.Resource) bool { return mayOperate || !isAccessURI(r.URI) })
		return list
	}
	return result
}

// keep gives a list of its own with those items for which a function is true.
func keep[T any](items []T, isKept func(T) bool) []T {
	kept := []T{}
	for _, item := range items {
		if isKept(item) {
			kept = append(kept, item)
		}
	}
	return kept
}
