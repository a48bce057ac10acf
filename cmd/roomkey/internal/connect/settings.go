// Package connect writes the settings with which MCP clients reach this roomkey.
package connect

import (
	_ "embed"
	"io"
	"path/filepath"
	"strings"
	"text/template"

	"roomkey/cmd/roomkey/internal/output"
	"roomkey/meet"
)

// Connection is what is in the settings.
type Connection struct {
	URL, Token          string // MCP over HTTP
	Program, Data, File string // MCP over standard input and output; File may be empty
}

// Client is a program that speaks MCP. Its settings are the template of its
// name.
type Client struct {
	Name  string
	Where string // what to do with the settings
	Local bool   // it starts roomkey itself

	SignsIn bool // it gets its token by itself, from the person who uses it
}

// Clients are those that are known.
var Clients = []Client{
	{Name: "claude-code",
		Where: "Run this command once, in the folder of the project (or add --scope user for all projects)."},
	{Name: "claude-desktop", Local: true,
		Where: "Put this into claude_desktop_config.json (Settings, Developer, Edit Config), " +
			"beside the servers that are there, and start Claude Desktop again."},
	{Name: "vscode",
		Where: "Put this into .vscode/mcp.json of your workspace, beside the servers that are there."},
	{Name: "cursor",
		Where: "Put this into .cursor/mcp.json of your project, or ~/.cursor/mcp.json for all of them, " +
			"beside the servers that are there."},
	{Name: "codex",
		Where: "Add this to ~/.codex/config.toml, at its end."},
	{Name: "claude-ai", SignsIn: true,
		Where: "In claude.ai or Claude Desktop: Settings, Connectors, Add custom connector. Type this as its URL, " +
			"leave the rest empty, and press Connect."},
	{Name: "chatgpt", SignsIn: true,
		Where: "In ChatGPT: Settings, Apps & Connectors, Advanced settings, Developer mode; then Create. " +
			"Type this as the MCP server URL, with OAuth as authentication."},
}

// Names are the names of all clients.
func Names() []string {
	names := make([]string, len(Clients))
	for i, c := range Clients {
		names[i] = c.Name
	}
	return names
}

//go:embed settings.tmpl
var settingsText string

var settings = template.Must(template.New("settings").
	Funcs(template.FuncMap{"json": jsonWord, "shell": output.ShellWord}).Parse(settingsText))

func jsonWord(s string) string { return strings.TrimSuffix(output.JSON(s), "\n") }

// Write writes the settings for the client.
func (c Client) Write(w io.Writer, with Connection) error {
	return settings.ExecuteTemplate(w, c.Name, with)
}

// Banner is what roomkey serve prints at its start.
type Banner struct {
	Version string
	Links   meet.Links
	LiveKit string // where it is, in words
	Data    string // folder
	Local   string // where this machine reaches the server
	Program string // as it was called
	File    string // configuration; may be empty
}

// Print tells an operator what to paste into a client. It holds no token: the commands
// in it make one when they are run, in any folder.
func (b Banner) Print(w io.Writer) error {
	source := " --data " + output.ShellWord(Absolute(b.Data))
	if b.File != "" {
		source += " --config " + output.ShellWord(Absolute(b.File))
	}
	program := b.Program
	if strings.ContainsRune(program, filepath.Separator) {
		program = output.ShellWord(Absolute(program))
	}
	return settings.ExecuteTemplate(w, "banner", map[string]any{
		"Version": b.Version, "Public": b.Links.Public, "OnlyHere": b.Links.OnlyHere(), "LiveKit": b.LiveKit,
		"Data": b.Data, "Local": b.Local, "Program": program, "Source": source,
	})
}
