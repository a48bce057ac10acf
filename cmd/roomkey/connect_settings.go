package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"strings"
	"text/template"
	"unicode"
)

type connection struct {
	URL, Token          string // MCP over HTTP
	Program, Data, File string // MCP over standard input and output; File may be empty
}

// mcpClient is a program that speaks MCP. Its settings are the template of its
// name.
type mcpClient struct {
	name  string
	where string // what to do with the settings
	local bool   // it starts roomkey itself

	signsIn bool // it gets its token by itself, from the person who uses it
}

var mcpClients = []mcpClient{
	{name: "claude-code",
		where: "Run this command once, in the folder of the project (or add --scope user for all projects)."},
	{name: "claude-desktop", local: true,
		where: "Put this into claude_desktop_config.json (Settings, Developer, Edit Config), " +
			"beside the servers that are there, and start Claude Desktop again."},
	{name: "vscode",
		where: "Put this into .vscode/mcp.json of your workspace, beside the servers that are there."},
	{name: "cursor",
		where: "Put this into .cursor/mcp.json of your project, or ~/.cursor/mcp.json for all of them, " +
			"beside the servers that are there."},
	{name: "codex",
		where: "Add this to ~/.codex/config.toml, at its end."},
	{name: "claude-ai", signsIn: true,
		where: "In claude.ai or Claude Desktop: Settings, Connectors, Add custom connector. Type this as its URL, " +
			"leave the rest empty, and press Connect."},
	{name: "chatgpt", signsIn: true,
		where: "In ChatGPT: Settings, Apps & Connectors, Advanced settings, Developer mode; then Create. " +
			"Type this as the MCP server URL, with OAuth as authentication."},
}

func clientNames() []string {
	names := make([]string, len(mcpClients))
	for i, c := range mcpClients {
		names[i] = c.name
	}
	return names
}

//go:embed settings.tmpl
var settingsText string

var settings = template.Must(template.New("settings").
	Funcs(template.FuncMap{"json": jsonWord, "shell": shellWord}).Parse(settingsText))

// jsonDocument writes v for people to read: without the escapes that JSON needs
// only inside HTML.
func jsonDocument(v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(v) // plain values marshal
	return b.String()
}

func jsonWord(s string) string { return strings.TrimSuffix(jsonDocument(s), "\n") }

// shellWord quotes a text for a shell where it has to be quoted.
func shellWord(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-", r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
