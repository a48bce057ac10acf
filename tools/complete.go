package tools

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
)

// completer completes the arguments of the prompts, and the variables of the
// templates, that are offered.
type completer struct {
	server    *Server
	prompts   map[string][]field
	templates []string
}

// completer gives what completes a selection, nil if there is nothing to
// complete.
func (s *Server) completer(selection Selection) *completer {
	c := &completer{server: s, prompts: map[string][]field{}, templates: completed(selection.ResourceTemplates())}
	for _, p := range selection.Prompts() {
		c.prompts[p.Name] = fieldsOf(p.input)
	}
	if len(c.prompts) == 0 && len(c.templates) == 0 {
		return nil
	}
	return c
}

// completed are those of some templates that have a variable that is completed.
func completed(templates []string) []string {
	return keep(templates, func(template string) bool { return template == RoomTemplateURI })
}

// CompletePromptArgument completes an argument of a prompt.
func (c *completer) CompletePromptArgument(
	ctx context.Context, prompt string, argument mcp.CompleteArgument, given mcp.CompleteContext,
) (*mcp.Completion, error) {
	for _, f := range c.prompts[prompt] {
		if f.name == argument.Name {
			return c.complete(ctx, f, argument.Value, given.Arguments)
		}
	}
	return &mcp.Completion{}, nil
}

// CompleteResourceArgument completes a variable of a template.
func (c *completer) CompleteResourceArgument(
	ctx context.Context, uri string, argument mcp.CompleteArgument, _ mcp.CompleteContext,
) (*mcp.Completion, error) {
	if !slices.Contains(c.templates, uri) || argument.Name != "name" {
		return &mcp.Completion{}, nil
	}
	return c.complete(ctx, field{complete: "rooms"}, argument.Value, nil)
}

// complete gives the values that begin with what has been typed. A lookup that
// fails, or that the principal may not make, gives none.
func (c *completer) complete(
	ctx context.Context, f field, typed string, given map[string]string,
) (*mcp.Completion, error) {
	what := cmp.Or(f.complete, "choices")
	return attend(ctx, c.server, "completion", what, "", func(p meet.Principal) (*mcp.Completion, error) {
		switch f.complete {
		case "rooms":
			names, more, err := c.server.service.RoomNames(ctx, p, typed)
			c.logFailedLookup(ctx, what, err)
			return &mcp.Completion{Values: names, HasMore: more}, nil
		case "roles":
			return withPrefix(typed, c.server.service.Roles().Names()), nil
		case "identities":
			roster, err := c.server.service.Roster(ctx, p, given["room"])
			c.logFailedLookup(ctx, what, err)
			identities := viewAll(roster.Participants, func(p meet.Person) string { return p.Identity })
			slices.Sort(identities)
			return withPrefix(typed, identities), nil
		}
		return withPrefix(typed, f.enum), nil
	})
}

// logFailedLookup logs why a lookup failed, if the caller is not the reason.
func (c *completer) logFailedLookup(ctx context.Context, what string, err error) {
	if err != nil {
		c.server.logFailure(ctx, "completion", what, meet.AsError(err))
	}
}

// withPrefix gives the values that begin with what has been typed, as many as
// the protocol allows.
func withPrefix(typed string, values []string) *mcp.Completion {
	isOther := func(value string) bool { return !strings.HasPrefix(value, typed) }
	values = slices.DeleteFunc(slices.Clone(values), isOther)
	shown := values[:min(len(values), meet.MaxPage)]
	return &mcp.Completion{Values: shown, Total: len(values), HasMore: len(values) > len(shown)}
}
