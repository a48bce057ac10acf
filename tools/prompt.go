package tools

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"roomkey/meet"
)

// Prompt is one MCP prompt: it leads an agent through a job, by the tools that
// there are.
type Prompt struct {
	Name        string
	Title       string
	Description string

	tools []string // all that its text names; without one of them there is no prompt
	input reflect.Type
	write func(context.Context, *meet.Service, meet.Principal, map[string]any) (string, error)
}

//go:embed prompts/*.md.tmpl
var promptFiles embed.FS

var (
	promptFuncs     = template.FuncMap{"call": writeCall, "json": readableJSON}
	promptTemplates = template.Must(template.New("").Funcs(promptFuncs).ParseFS(promptFiles, "prompts/*.md.tmpl"))
	calledTool      = regexp.MustCompile(`{{call "([a-z_]+)"`)
)

// definePrompt completes a prompt with what its template needs. In is a struct
// as for [define], of strings only, because MCP gives prompts nothing else; the
// tag complete says what completes a field. What reaches data has been cleaned
// and cut to the tag max.
func definePrompt[In any](
	p Prompt, data func(context.Context, *meet.Service, meet.Principal, In) (any, error),
) Prompt {
	file := p.Name + ".md.tmpl"
	text, err := promptFiles.ReadFile("prompts/" + file)
	if err != nil {
		panic("tools: " + err.Error())
	}
	for _, match := range calledTool.FindAllSubmatch(text, -1) {
		p.tools = append(p.tools, string(match[1]))
	}
	p.input = reflect.TypeFor[In]()
	p.write = func(ctx context.Context, s *meet.Service, by meet.Principal, arguments map[string]any) (string, error) {
		var in In
		if err := decode(p.Name, arguments, &in); err != nil {
			return "", err
		}
		values, err := data(ctx, s, by, in)
		if err != nil {
			return "", renameArgument(err, "room_id", "room")
		}
		var b strings.Builder
		err = promptTemplates.ExecuteTemplate(&b, file, values)
		return b.String(), err
	}
	return p
}

// Prompts gives every prompt there is, in the order they are listed.
func Prompts() []Prompt { return []Prompt{auditAccess, hostAMeeting, moderateRoom} }

// Prompts gives the prompts whose tools the selection offers.
func (s Selection) Prompts() []Prompt {
	return slices.DeleteFunc(Prompts(), func(p Prompt) bool { return s.leavesOut(p.tools...) })
}

// promptDefinition writes a prompt in mcp-go's terms.
func promptDefinition(p Prompt) mcp.Prompt {
	definition := mcp.Prompt{Name: p.Name, Title: p.Title, Description: p.Description}
	for _, f := range fieldsOf(p.input) {
		doc := f.doc
		if f.enum != nil {
			doc += ": " + strings.Join(f.enum, " or ")
		}
		argument := mcp.PromptArgument{Name: f.name, Description: doc, Required: f.required}
		definition.Arguments = append(definition.Arguments, argument)
	}
	return definition
}

// promptHandler adapts a prompt to mcp-go.
func (s *Server) promptHandler(p Prompt) server.PromptHandlerFunc {
	return func(ctx context.Context, req mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		work := func(principal meet.Principal) (*mcp.GetPromptResult, error) {
			if err := s.checkScope(p, principal); err != nil {
				return nil, err
			}
			text, err := p.write(ctx, s.service, principal, cleanArguments(p, req.Params.Arguments))
			if err != nil {
				return nil, err
			}
			message := mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(text))
			return &mcp.GetPromptResult{Description: p.Description, Messages: []mcp.PromptMessage{message}}, nil
		}
		return attend(ctx, s, "prompt", p.Name, "", work)
	}
}

// maxArgument is the longest argument of a prompt that has no tag max, in
// characters: an identity's length, and longer than any name.
const maxArgument = meet.MaxUserID + 13

// cleanArguments makes a stranger's arguments harmless. Forms send what was
// left empty, so that counts as not given.
func cleanArguments(p Prompt, given map[string]string) map[string]any {
	limits := map[string]int{}
	for _, f := range fieldsOf(p.input) {
		if f.max != nil {
			limits[f.name] = *f.max
		}
	}
	arguments := map[string]any{}
	for name, text := range given {
		limit, ok := limits[name]
		if !ok {
			limit = maxArgument
		}
		if text = meet.CleanText(text, limit); text != "" {
			arguments[name] = text
		}
	}
	return arguments
}

// writeCall writes a call of a tool into a prompt: its name and its arguments,
// names and values in turn, as JSON. So a stranger's text is always a quoted
// string. An argument whose value is nil is left out.
func writeCall(tool string, arguments ...any) string {
	var written []string
	for i := 0; i+1 < len(arguments); i += 2 {
		if value := readableJSON(arguments[i+1]); value != "null" {
			written = append(written, readableJSON(arguments[i])+": "+value)
		}
	}
	return tool + " {" + strings.Join(written, ", ") + "}"
}

// readableJSON is JSON for people and models, without HTML's escapes.
func readableJSON(v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic("tools: " + err.Error())
	}
	return strings.TrimSuffix(b.String(), "\n")
}
