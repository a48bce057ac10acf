package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// connection is what a client has to know.
type connection struct {
	url, token          string // MCP over HTTP
	program, data, file string // MCP over standard input and output; file may be empty
}

// mcpClient is a program that speaks MCP, and how it is set up.
type mcpClient struct {
	name     string
	where    string // what to do with the settings
	local    bool   // it starts roomkey itself
	settings func(connection) string
}

// mcpClients are those that connect knows.
var mcpClients = []mcpClient{
	{name: "claude-code", settings: claudeCode,
		where: "Run this command once, in the folder of the project (or add --scope user for all projects)."},
	{name: "claude-desktop", settings: claudeDesktop, local: true,
		where: "Put this into claude_desktop_config.json (Settings, Developer, Edit Config), beside the servers that are there, and start Claude Desktop again."},
	{name: "vscode", settings: vsCode,
		where: "Put this into .vscode/mcp.json of your workspace, beside the servers that are there."},
	{name: "cursor", settings: cursor,
		where: "Put this into .cursor/mcp.json of your project, or ~/.cursor/mcp.json for all of them, beside the servers that are there."},
	{name: "codex", settings: codex,
		where: "Add this to ~/.codex/config.toml, at its end."},
}

func clientNames() []string {
	names := make([]string, len(mcpClients))
	for i, c := range mcpClients {
		names[i] = c.name
	}
	return names
}

// mcpClientNamed gives the zero client for a name that is not known.
func mcpClientNamed(name string) mcpClient {
	for _, c := range mcpClients {
		if c.name == name {
			return c
		}
	}
	return mcpClient{}
}

// bearer is the value of the Authorization header.
func (c connection) bearer() string { return "Bearer " + c.token }

func (c connection) headers() map[string]string {
	return map[string]string{"Authorization": c.bearer()}
}

// claudeCode is a command line. The name and the URL stand before --header,
// which takes every word that follows.
func claudeCode(c connection) string {
	return fmt.Sprintf("claude mcp add --transport http roomkey %s --header %s\n", shellWord(c.url), shellWord("Authorization: "+c.bearer()))
}

func claudeDesktop(c connection) string {
	type server struct {
		Command string   `json:"command"`
		Args    []string `json:"args"`
	}
	args := []string{"stdio", "--data", c.data}
	if c.file != "" {
		args = append(args, "--config", c.file)
	}
	return jsonDocument(map[string]any{"mcpServers": map[string]any{"roomkey": server{c.program, args}}})
}

func vsCode(c connection) string {
	type server struct {
		Type    string            `json:"type"`
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
	}
	return jsonDocument(map[string]any{"servers": map[string]any{"roomkey": server{"http", c.url, c.headers()}}})
}

func cursor(c connection) string {
	type server struct {
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
	}
	return jsonDocument(map[string]any{"mcpServers": map[string]any{"roomkey": server{c.url, c.headers()}}})
}

// codex takes the token in the file under http_headers alone; it refuses
// bearer_token and ignores headers.
func codex(c connection) string {
	return fmt.Sprintf("[mcp_servers.roomkey]\nurl = %s\nhttp_headers = { Authorization = %s }\n", tomlString(c.url), tomlString(c.bearer()))
}

// jsonDocument writes v for people to read: without the escapes that JSON needs
// inside HTML alone.
func jsonDocument(v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(v) // plain values marshal
	return b.String()
}

// tomlString writes a TOML basic string. What JSON makes of a text is one too,
// but for DEL, which no URL and no token holds.
func tomlString(s string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a text marshals
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
