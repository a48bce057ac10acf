package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"roomkey/meet"
	"roomkey/tools"
)

// maxLine is the longest message a bridge takes, in bytes. The server refuses
// those over its own limit; this one only bounds memory.
const maxLine = 8 << 20

// maxBridged is how many messages are on their way at once.
const maxBridged = 32

// bridge carries MCP between lines of text and a roomkey's HTTP endpoint.
type bridge struct {
	client  *client // of the roomkey that answers; nil where it may be another each time
	servers *keeper // then knows it

	agent atomic.Pointer[mcp.Implementation] // whom it speaks for

	offered map[string]bool // the tools, prompts and templates that may be seen and used through it; nil is all

	writing sync.Mutex
	out     io.Writer

	mu    sync.Mutex
	calls map[string]context.CancelFunc // by JSON-RPC id, as written
}

// envelope is as much of a message as a bridge looks at.
type envelope struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		RequestID json.RawMessage `json:"requestId"`
		Name      string          `json:"name"`
		URI       string          `json:"uri"`
		Meta      *mcp.Meta       `json:"_meta"`
		Ref       struct {
			Name string `json:"name"`
			URI  string `json:"uri"`
		} `json:"ref"`
		ClientInfo mcp.Implementation `json:"clientInfo"`
	} `json:"params"`
}

// run bridges until in ends or ctx is done, and every message has its answer.
func (b *bridge) run(ctx context.Context, in io.Reader) error {
	b.calls = map[string]context.CancelFunc{}
	calls, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	lines := make(chan []byte)
	read := make(chan error, 1)
	go func() { // ends with in; a read from a terminal or pipe cannot be interrupted
		scanner := bufio.NewScanner(in)
		scanner.Buffer(nil, maxLine)
		for scanner.Scan() {
			if line := bytes.TrimSpace(scanner.Bytes()); len(line) > 0 {
				select {
				case lines <- bytes.Clone(line):
				case <-ctx.Done():
				}
			}
		}
		read <- scanner.Err()
		close(lines)
	}()
	var running sync.WaitGroup
	slots := make(chan struct{}, maxBridged)
	defer running.Wait()
	for {
		select {
		case <-ctx.Done():
			defer time.AfterFunc(drainTimeout, giveUp).Stop()
			running.Wait()
			return nil
		case line, ok := <-lines:
			if !ok {
				if err := <-read; err != nil {
					return fmt.Errorf("read standard input: %w", err)
				}
				return nil
			}
			var message envelope
			_ = json.Unmarshal(line, &message) // what is no message is for the server to refuse
			if string(message.ID) == "null" {
				message.ID = nil // nobody waits for an answer of the bridge's own
			}
			if message.Method == "notifications/cancelled" {
				b.cancel(message.Params.RequestID)
				continue
			}
			call, done := b.register(calls, message.ID)
			if message.Method == string(mcp.MethodInitialize) {
				b.agent.Store(&message.Params.ClientInfo)
				b.carry(call, line, message) // nothing may overtake the handshake
				done()
				continue
			}
			slots <- struct{}{}
			running.Go(func() {
				defer func() { done(); <-slots }()
				b.carry(call, line, message)
			})
		}
	}
}

// register makes a call cancellable by its id.
func (b *bridge) register(ctx context.Context, id json.RawMessage) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	if len(id) == 0 {
		return ctx, cancel
	}
	b.mu.Lock()
	b.calls[string(id)] = cancel
	b.mu.Unlock()
	return ctx, func() {
		b.mu.Lock()
		delete(b.calls, string(id))
		b.mu.Unlock()
		cancel()
	}
}

func (b *bridge) cancel(id json.RawMessage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cancel, ok := b.calls[string(id)]; ok {
		cancel()
	}
}

// carry sends a message and writes what comes back.
func (b *bridge) carry(ctx context.Context, line []byte, message envelope) {
	if code, text := b.refusal(message); text != "" && len(message.ID) > 0 {
		_ = b.write(protocolError(message, code, text)) // a client that is gone needs no answer
		return
	}
	reply := b.write
	if l, ok := lists[mcp.MCPMethod(message.Method)]; ok {
		reply = func(answer []byte) error { return b.write(b.onlyOffered(answer, l)) }
	}
	err := b.deliver(ctx, line, message, reply)
	if err == nil || ctx.Err() != nil || len(message.ID) == 0 || message.Method == "" {
		return // answered, given up, or nobody waits for an answer
	}
	_ = b.write(bridgeError(message, err)) // a client that is gone needs no answer
}

// bridgeError is the answer where the HTTP side refused or could not be
// reached: a tool's error where a model is waiting for one, else the
// protocol's.
func bridgeError(message envelope, err error) []byte {
	var e *meet.Error
	if !errors.As(err, &e) {
		e = meet.AsError(err)
	}
	if message.Method != string(mcp.MethodToolsCall) {
		return protocolError(message, mcp.INTERNAL_ERROR, errorLine(e))
	}
	result := tools.ErrorResult(e, "stdio")
	if errors.Is(err, errOutcomeUnknown) {
		report := e.Report("stdio")
		report.Retryable = false
		result.Meta.AdditionalFields[tools.ErrorKey] = report
	}
	if mcp.IsModernProtocol(message.Params.Meta.ProtocolVersion()) {
		result.ResultType = mcp.ResultTypeComplete // which that version requires
	}
	b, _ := json.Marshal(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": message.ID, "result": result}) // plain values marshal
	return b
}

func protocolError(message envelope, code int, text string) []byte {
	b, _ := json.Marshal(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": message.ID, // plain values marshal
		"error": map[string]any{"code": code, "message": text}})
	return b
}

// write puts one message on a line of its own.
func (b *bridge) write(message []byte) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	_, err := b.out.Write(append(message, '\n'))
	return err
}
