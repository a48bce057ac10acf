package load

import (
	"bytes"
	"fmt"
	"strconv"
)

// Era is a version of the protocol, which decides what a request looks like.
type Era string

// The two eras. Legacy has a handshake (which a server without sessions does
// not insist on) and states its version in one header. Modern has none: every
// request says in its headers and in its body's _meta who asks what.
const (
	Legacy Era = "2025-11-25"
	Modern Era = "2026-07-28"
)

// Eras are both of them, older first.
var Eras = []Era{Legacy, Modern}

// Endpoint is an MCP server at its path /mcp.
type Endpoint struct {
	Addr  string // host:port on this machine
	Token string // bearer token; empty: none is sent
	Era   Era
}

// Args appends the JSON object with one call's arguments to dst. Connections
// call it at the same time.
type Args func(dst []byte) []byte

// Fixed gives the same arguments to every call.
func Fixed(arguments string) Args {
	return func(dst []byte) []byte { return append(dst, arguments...) }
}

// Message is what to ask: a tool call or a handshake.
type Message struct {
	method string
	tool   string
	params Args // the members of params, without its braces
}

// CallTool asks for a tool.
func CallTool(tool string, args Args) Message {
	return Message{method: "tools/call", tool: tool, params: func(dst []byte) []byte {
		dst = append(dst, `"name":`...)
		dst = strconv.AppendQuote(dst, tool)
		dst = append(dst, `,"arguments":`...)
		return args(dst)
	}}
}

// Initialize is the handshake of the legacy era.
func Initialize() Message {
	return Message{method: "initialize", params: Fixed(
		`"protocolVersion":"` + string(Legacy) + `","capabilities":{},"clientInfo":{"name":"bench","version":"1"}`)}
}

// modernMeta is what a modern request says about itself in params.
const modernMeta = `,"_meta":{"io.modelcontextprotocol/protocolVersion":"` + string(Modern) + `",` +
	`"io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"},` +
	`"io.modelcontextprotocol/clientCapabilities":{}}`

// encoder writes one connection's requests. Everything but the arguments and
// the length is laid out once.
type encoder struct {
	header []byte // up to and with "Content-Length: "
	before []byte // the body as far as the params
	params Args
	after  []byte // the body behind them
	body   []byte // reused
}

// newEncoder lays out the requests of a connection. Calls in flight at the
// same time need ids of their own, so a connection keeps its id.
func newEncoder(e Endpoint, m Message, id int) *encoder {
	var header bytes.Buffer
	fmt.Fprintf(&header, "POST /mcp HTTP/1.1\r\nHost: %s\r\n", e.Addr)
	header.WriteString("Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n")
	if e.Token != "" {
		fmt.Fprintf(&header, "Authorization: Bearer %s\r\n", e.Token)
	}
	fmt.Fprintf(&header, "Mcp-Protocol-Version: %s\r\n", e.Era)
	after := "}}"
	if e.Era == Modern {
		fmt.Fprintf(&header, "Mcp-Method: %s\r\n", m.method)
		if m.tool != "" {
			fmt.Fprintf(&header, "Mcp-Name: %s\r\n", m.tool)
		}
		after = modernMeta + after
	}
	header.WriteString("Content-Length: ")
	return &encoder{
		header: header.Bytes(),
		before: fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":%q,"params":{`, id, m.method),
		params: m.params,
		after:  []byte(after),
	}
}

// append appends one whole request to dst.
func (e *encoder) append(dst []byte) []byte {
	e.body = append(e.body[:0], e.before...)
	e.body = e.params(e.body)
	e.body = append(e.body, e.after...)

	dst = append(dst, e.header...)
	dst = strconv.AppendInt(dst, int64(len(e.body)), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, e.body...)
}
