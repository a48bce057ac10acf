package bridge

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/cmd/roomkey/internal/build"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/meet"
	"roomkey/web"
)

// Client sends JSON-RPC messages to the MCP endpoint of a running roomkey.
type Client struct {
	URL   string                 // without a path
	Token func() (string, error) // gives the access token of the next message
	HTTP  *http.Client

	// DisableDestructive asks the server to remove nobody and end nothing for
	// this client.
	DisableDestructive bool

	// Unauthenticated is the hint to give when the token is refused; empty is the
	// server's own.
	Unauthenticated string
}

// NewClient makes a client of the roomkey at a URL, which may end in /mcp.
func NewClient(url string, token func() (string, error)) *Client {
	url = strings.TrimSuffix(strings.TrimSuffix(url, "/"), "/mcp")
	return &Client{URL: url, Token: token, HTTP: &http.Client{Timeout: 2 * time.Minute}}
}

// NewOwnerClient makes a client that sends its tokens to the roomkey that has
// proved that it has a data folder, and to no other program.
func NewOwnerClient(h datafolder.Holder, token func() (string, error)) *Client {
	c := NewClient(h.URL(), token)
	c.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.HTTP.Transport = &http.Transport{
		DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return h.Dial(ctx) },
		MaxIdleConnsPerHost: maxBridged,
		IdleConnTimeout:     time.Minute,
	}
	return c
}

// FixedToken gives one and the same token each time.
func FixedToken(token string) func() (string, error) {
	return func() (string, error) { return token, nil }
}

// lostError says that the server has gone before it answered.
type lostError struct {
	error
	sent bool // the message may have arrived
}

// Unwrap gives the cause.
func (e lostError) Unwrap() error { return e.error }

// IsRoomkey asks whether a roomkey answers at the address.
func (c *Client) IsRoomkey(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/version", nil)
	if err != nil {
		return false
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	var v struct {
		Name string `json:"name"`
	}
	return json.NewDecoder(io.LimitReader(resp.Body, 4096)).Decode(&v) == nil && v.Name == "roomkey"
}

// Ping asks the roomkey whether it answers and accepts the token.
func (c *Client) Ping(ctx context.Context) error {
	ping := []byte(`{"jsonrpc":"2.0","id":0,"method":"ping"}`)
	return c.post(ctx, ping, "", func([]byte) error { return nil })
}

// post sends one message and gives every message that comes back to reply. Its
// error is a *meet.Error where the server refuses the message before MCP. agent is
// the MCP client that the message is from, which the audit trail records; empty is
// this program.
func (c *Client) post(ctx context.Context, message []byte, agent string, reply func([]byte) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/mcp", bytes.NewReader(message))
	if err != nil {
		return meet.Invalid("url", "the URL cannot be used", "Give one like http://127.0.0.1:9090.")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	token, err := c.Token()
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("User-Agent", cmp.Or(agent, "roomkey/"+build.Version().Version))
	if c.DisableDestructive {
		req.Header.Set(web.CeilingHeader, web.DisableDestructive)
	}
	setStandardHeaders(req.Header, message)
	var sent atomic.Bool // perhaps not all of it
	req = req.WithContext(httptrace.WithClientTrace(ctx,
		&httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}))
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return &meet.Error{Code: meet.CodeUnavailable, Message: "No roomkey answers at " + c.URL,
			Hint: "Start one with roomkey serve, or give its address with --url.", Err: lostError{err, sent.Load()}}
	}
	defer func() { _ = resp.Body.Close() }()
	if mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); mediaType == "text/event-stream" {
		return eachEvent(resp.Body, reply)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return &meet.Error{Code: meet.CodeUnavailable, Message: "The connection to " + c.URL + " broke",
			Hint: "Try again.", Err: lostError{err, true}}
	}
	if refusal := refusalIn(resp.StatusCode, body); refusal != nil {
		if c.Unauthenticated != "" && refusal.Code == meet.CodeUnauthenticated {
			refusal.Hint = c.Unauthenticated
		}
		return refusal
	}
	if body = bytes.TrimSpace(body); len(body) == 0 {
		return nil
	}
	return reply(body)
}

// setStandardHeaders repeats in headers what protocol versions from
// 2026-07-28 on require in headers as well as in the body (SEP-2243).
func setStandardHeaders(h http.Header, message []byte) {
	var m struct {
		Method mcp.MCPMethod   `json:"method"`
		Params json.RawMessage `json:"params"`
	}
	var p struct {
		Meta *mcp.Meta `json:"_meta"`
	}
	if json.Unmarshal(message, &m) != nil || json.Unmarshal(m.Params, &p) != nil ||
		!mcp.IsModernProtocol(p.Meta.ProtocolVersion()) {
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

// eachEvent gives the data of each server-sent event to reply. Streamable HTTP
// sends it in one line.
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
