// Package bridge carries MCP between standard input and output and a running
// roomkey, and starts a roomkey where none has the data folder. It knows the
// HTTP endpoint of a roomkey from the outside, and no rules of the product.
package bridge

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"golang.org/x/sync/errgroup"

	"roomkey/meet"
)

// maxLine is the longest message that a bridge takes, in bytes. The server
// refuses messages over its own limit; this one only bounds memory.
const maxLine = 8 << 20

// maxBridged is how many messages are on their way at once.
const maxBridged = 32

// drainWithin is how long calls may go on after the bridge was stopped.
const drainWithin = 7 * time.Second

// bridge carries MCP between lines of text and the HTTP endpoint of a roomkey.
type bridge struct {
	servers *keeper // finds the roomkey that answers, which may be another one each time

	offered map[string]bool // the tools, prompts and templates that may be seen and used; nil is all

	agent atomic.Value // name of the MCP client, a string, once it has introduced itself

	writing sync.Mutex
	out     io.Writer

	calls sync.Map // JSON-RPC id, as written → context.CancelFunc

	watching sync.WaitGroup // what tells the client of events
	mayWatch atomic.Bool    // known since the handshake
	watched  sync.Map       // URI → *context.CancelFunc, of resources/subscribe
	channel  []meet.EventKind
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
		Notifications json.RawMessage    `json:"notifications"`
		ClientInfo    mcp.Implementation `json:"clientInfo"`
	} `json:"params"`
}

// run bridges until in ends or ctx is done, and every message has its answer.
func (b *bridge) run(ctx context.Context, in io.Reader) error {
	calls, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	watching, stopWatching := context.WithCancel(ctx)
	defer b.watching.Wait()
	defer stopWatching()
	var running errgroup.Group
	running.SetLimit(maxBridged)
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxLine)
	lines := readLines(ctx, scanner)
	for {
		select {
		case <-ctx.Done():
			defer time.AfterFunc(drainWithin, giveUp).Stop()
			return running.Wait()
		case line, ok := <-lines:
			if !ok {
				_ = running.Wait() // carry gives no errors
				if err := scanner.Err(); err != nil {
					return fmt.Errorf("read standard input: %w", err)
				}
				return nil
			}
			b.handle(calls, watching, line, &running)
		}
	}
}

// readLines gives the lines that are not empty, until there are no more or ctx is
// done. A read from a terminal or a pipe cannot be interrupted, so the goroutine
// lives as long as the input.
func readLines(ctx context.Context, scanner *bufio.Scanner) <-chan []byte {
	lines := make(chan []byte)
	go func() {
		defer close(lines)
		for scanner.Scan() {
			if line := bytes.TrimSpace(scanner.Bytes()); len(line) > 0 {
				select {
				case lines <- bytes.Clone(line):
				case <-ctx.Done():
				}
			}
		}
	}()
	return lines
}

// handle starts to carry a message, or cancels the call that it names. What tells
// the client of events ends with watching.
func (b *bridge) handle(ctx, watching context.Context, line []byte, running *errgroup.Group) {
	var message envelope
	_ = json.Unmarshal(line, &message) // the server refuses what is no message
	if string(message.ID) == "null" {
		message.ID = nil // nobody waits for an answer of the bridge's own
	}
	if message.Method == "notifications/cancelled" {
		if cancel, ok := b.calls.Load(string(message.Params.RequestID)); ok {
			cancel.(context.CancelFunc)()
		}
		return
	}
	if b.watch(watching, line, message) {
		return
	}
	call, done := b.register(ctx, message.ID)
	carry := func() error {
		defer done()
		b.carry(call, line, message)
		return nil
	}
	if message.Method == string(mcp.MethodInitialize) {
		info := message.Params.ClientInfo
		b.agent.Store(strings.TrimSpace(meet.CleanText(info.Name+" "+info.Version, meet.MaxClient)))
		_ = carry() // nothing may overtake the handshake
		return
	}
	running.Go(carry)
}

func (b *bridge) register(ctx context.Context, id json.RawMessage) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	if len(id) == 0 {
		return ctx, cancel
	}
	b.calls.Store(string(id), cancel)
	return ctx, func() {
		b.calls.Delete(string(id))
		cancel()
	}
}

func (b *bridge) carry(ctx context.Context, line []byte, message envelope) {
	if code, text := b.refusal(message); text != "" && len(message.ID) > 0 {
		_ = b.write(protocolError(message, code, text)) // a client that is gone needs no answer
		return
	}
	reply := b.write
	if list, ok := lists[mcp.MCPMethod(message.Method)]; ok {
		reply = func(answer []byte) error { return b.write(b.onlyOffered(answer, list)) }
	} else if message.Method == string(mcp.MethodInitialize) {
		reply = func(answer []byte) error { return b.write(b.withWatches(ctx, answer)) }
	}
	err := b.deliver(ctx, line, message, reply)
	if err == nil || ctx.Err() != nil || len(message.ID) == 0 || message.Method == "" {
		return // answered, given up, or nobody waits for an answer
	}
	_ = b.write(deliveryError(message, err)) // a client that is gone needs no answer
}

func (b *bridge) write(message []byte) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	_, err := b.out.Write(append(message, '\n'))
	return err
}
