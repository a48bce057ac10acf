package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
	"roomkey/web"
)

// client sends JSON-RPC messages to the MCP endpoint of a running roomkey.
type client struct {
	base  string                 // URL without a path
	token func() (string, error) // for the next message
	http  *http.Client

	agent atomic.Pointer[string] // whom it speaks for, for the server's record; nil is the program itself

	noDestruction bool // the server is to remove nobody and end nothing for it

	unauthenticated string // what to say when the token is refused; empty is what the server says
}

// lostError says that the other side has gone before it had answered.
type lostError struct {
	error
	sent bool // the message may have arrived
}

// Unwrap gives the cause.
func (e lostError) Unwrap() error { return e.error }

// always gives one and the same token.
func always(token string) func() (string, error) {
	return func() (string, error) { return token, nil }
}

func newClient(base string, token func() (string, error)) *client {
	return &client{base: strings.TrimSuffix(strings.TrimSuffix(base, "/"), "/mcp"), token: token, http: &http.Client{Timeout: 2 * time.Minute}}
}

// speakFor names the client that a bridge speaks for, so that the audit trail
// does.
func (c *client) speakFor(info mcp.Implementation) {
	if name := strings.TrimSpace(meet.CleanText(info.Name+" "+info.Version, meet.MaxClient)); name != "" {
		c.agent.Store(&name)
	}
}

// isRoomkey asks whether a roomkey answers at the address.
func (c *client) isRoomkey(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/version", nil)
	if err != nil {
		return false
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	var v struct {
		Name string `json:"name"`
	}
	return json.NewDecoder(io.LimitReader(resp.Body, 4096)).Decode(&v) == nil && v.Name == "roomkey"
}

// post sends one message and hands every message that comes back to reply. A
// refusal by the HTTP side is an *meet.Error.
func (c *client) post(ctx context.Context, message []byte, reply func([]byte) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/mcp", bytes.NewReader(message))
	if err != nil {
		return meet.Invalid("url", "the URL cannot be used", "Give one like http://127.0.0.1:9090.")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	token, err := c.token()
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("User-Agent", "roomkey/"+buildVersion().Version)
	if agent := c.agent.Load(); agent != nil {
		req.Header.Set("User-Agent", *agent)
	}
	if c.noDestruction {
		req.Header.Set(web.CeilingHeader, web.DisableDestructive)
	}
	setStandardHeaders(req.Header, message)
	var sent atomic.Bool // perhaps not all of it
	req = req.WithContext(httptrace.WithClientTrace(ctx,
		&httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}))
	resp, err := c.http.Do(req)
	if err != nil {
		return &meet.Error{Code: meet.CodeUnavailable, Message: "No roomkey answers at " + c.base,
			Hint: "Start one with roomkey serve, or give its address with --url.", Err: lostError{err, sent.Load()}}
	}
	defer func() { _ = resp.Body.Close() }()
	if mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); mediaType == "text/event-stream" {
		return eachEvent(resp.Body, reply)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return &meet.Error{Code: meet.CodeUnavailable, Message: "The connection to " + c.base + " broke",
			Hint: "Try again.", Err: lostError{err, true}}
	}
	if refusal := refusalIn(resp.StatusCode, body); refusal != nil {
		if c.unauthenticated != "" && refusal.Code == meet.CodeUnauthenticated {
			refusal.Hint = c.unauthenticated
		}
		return refusal
	}
	if body = bytes.TrimSpace(body); len(body) == 0 {
		return nil
	}
	return reply(body)
}

// setStandardHeaders repeats in headers what protocol versions from
// 2026-07-28 on want there as well as in the body (SEP-2243).
func setStandardHeaders(h http.Header, message []byte) {
	var m struct {
		Method mcp.MCPMethod   `json:"method"`
		Params json.RawMessage `json:"params"`
	}
	var p struct {
		Meta *mcp.Meta `json:"_meta"`
	}
	if json.Unmarshal(message, &m) != nil || json.Unmarshal(m.Params, &p) != nil || !mcp.IsModernProtocol(p.Meta.ProtocolVersion()) {
		return
	}
	h.Set(mcp.HeaderProtocolVersion, p.Meta.ProtocolVersion())
	h.Set(mcp.HeaderMethod, string(m.Method))
	if name, ok := mcp.ExtractHeaderName(m.Method, m.Params); ok {
		if encoded, ok := mcp.EncodeHeaderValue(name); ok {
			h.Set(mcp.HeaderName, encoded)
		}
	}
}

// refusalIn reads the error that the HTTP side gives before MCP is reached.
// JSON-RPC errors are answers and no refusals.
func refusalIn(status int, body []byte) *meet.Error {
	if status < 400 {
		return nil
	}
	var answer struct {
		JSONRPC string           `json:"jsonrpc"`
		Error   meet.ErrorReport `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); answer.JSONRPC != "" {
		return nil
	} else if err != nil || answer.Error.Code == "" {
		return &meet.Error{Code: meet.CodeUnavailable, Message: fmt.Sprintf("The server answered with status %d", status), Hint: "Is it a roomkey?"}
	}
	return reportedError(answer.Error)
}

// reportedError makes an error of what a server reported.
func reportedError(r meet.ErrorReport) *meet.Error {
	e := &meet.Error{Code: r.Code, Message: r.Message, Field: r.Field, Hint: r.Hint, RetryAfter: time.Duration(r.RetryAfter) * time.Second}
	if r.Code == meet.CodeInternal {
		e.Message += " (request " + r.RequestID + ")"
	}
	return e
}

// eachEvent hands on the data of server-sent events, one line each as
// streamable HTTP sends them.
func eachEvent(body io.Reader, reply func([]byte) error) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data:")); ok {
			if err := reply(bytes.TrimSpace(data)); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, context.Canceled) {
		return &meet.Error{Code: meet.CodeUnavailable, Message: "The stream broke",
			Hint: "Try again.", Err: lostError{err, true}}
	}
	return nil
}
