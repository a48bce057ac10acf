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

// Endpoint is a server. It speaks MCP at its path /mcp.
type Endpoint struct {
	Addr  string // host:port on this machine
	Token string // bearer token; empty: none is sent
	Era   Era    // of what is asked by MCP
}

// Args appends the JSON object with one call's arguments to dst. Connections
// call it at the same time.
type Args func(dst []byte) []byte

// Fixed gives the same arguments to every call.
func Fixed(arguments string) Args {
	return func(dst []byte) []byte { return append(dst, arguments...) }
}

// Message is what to ask: by MCP a tool call or a handshake, or a plain POST.
type Message struct {
	method string // of MCP
	tool   string
	params Args // the members of params, without its braces

	post *post // set for a plain POST, and then nothing else
}

// post is a POST of JSON that is not MCP.
type post struct {
	path   string
	body   Args
	member string // a string that every success has at the top, and never empty
	before []byte // what stands before its text
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

// Post sends JSON to a path, and expects status 200 and an object that has, at
// its top, the member with a text in it.
func Post(path string, body Args, member string) Message {
	return Message{post: &post{path: path, body: body, member: member, before: fmt.Appendf(nil, "%q:\"", member)}}
}

// modernMeta is what a modern request says about itself in params.
const modernMeta = `,"_meta":{"io.modelcontextprotocol/protocolVersion":"` + string(Modern) + `",` +
	`"io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"},` +
	`"io.modelcontextprotocol/clientCapabilities":{}}`

// encoder writes one connection's requests. Everything but the arguments and
// the length is laid out once.
type encoder struct {
	header []byte // up to and with "Content-Length: "
	before []byte // the body as far as the params; empty for a plain POST
	params Args   // or the whole body
	after  []byte // the body behind them
	body   []byte // reused
}

// newEncoder lays out the requests of a connection. Calls in flight at the
// same time need ids of their own, so a connection keeps its id.
func newEncoder(e Endpoint, m Message, id int) *encoder {
	if m.post != nil {
		return &encoder{header: header(e, m.post.path, "Accept: application/json\r\n"), params: m.post.body}
	}
	own := "Accept: application/json, text/event-stream\r\nMcp-Protocol-Version: " + string(e.Era) + "\r\n"
	after := "}}"
	if e.Era == Modern {
		own += "Mcp-Method: " + m.method + "\r\n"
		if m.tool != "" {
			own += "Mcp-Name: " + m.tool + "\r\n"
		}
		after = modernMeta + after
	}
	return &encoder{
		header: header(e, "/mcp", own),
		before: fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":%q,"params":{`, id, m.method),
		params: m.params,
		after:  []byte(after),
	}
}

// header is the head of a request, its own lines included, as far as the
// number behind Content-Length.
func header(e Endpoint, path, own string) []byte {
	var h bytes.Buffer
	fmt.Fprintf(&h, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n", path, e.Addr)
	if e.Token != "" {
		fmt.Fprintf(&h, "Authorization: Bearer %s\r\n", e.Token)
	}
	h.WriteString(own)
	h.WriteString("Content-Length: ")
	return h.Bytes()
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
