package postgrestest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Counter counts what clients ask a database.
type Counter struct {
	mu     sync.Mutex
	counts Counts
}

// Counts are what clients have asked.
type Counts struct {
	Statements int            // without those that begin, end or divide a transaction, as the lock of writers does
	Control    int            // those
	RoundTrips int            // how often a client has waited for all that it had asked
	Texts      map[string]int // how often each statement was asked
}

// Counted gives another URL of a database, through which all that is asked is counted.
// The URL has to be one of this package's: it is read without TLS.
func Counted(tb testing.TB, database string) (through string, c *Counter) {
	tb.Helper()
	u, err := url.Parse(database)
	if err != nil {
		tb.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	c = &Counter{counts: Counts{Texts: map[string]int{}}}
	var running sync.WaitGroup
	tb.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	server := u.Host
	u.Host = listener.Addr().String()
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { c.pass(client, server) })
		}
	})
	return u.String(), c
}

// Take gives the counts since the last call.
func (c *Counter) Take() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.counts
	c.counts = Counts{Texts: map[string]int{}}
	return taken
}

// pass hands everything on between a client and the server.
func (c *Counter) pass(client net.Conn, address string) {
	defer func() { _ = client.Close() }()
	server, err := new(net.Dialer).DialContext(context.Background(), "tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	_ = c.read(bufio.NewReader(client), server)
	_ = server.Close()
	<-done
}

// read reads messages of the client until it ends. The first one has no type.
func (c *Counter) read(client *bufio.Reader, server io.Writer) error {
	statements, portals := map[string]string{}, map[string]string{}
	out := bufio.NewWriter(server)
	for first := true; ; first = false {
		var head []byte
		if !first {
			kind, err := client.ReadByte()
			if err != nil {
				return err
			}
			head = append(head, kind)
		}
		var size [4]byte
		if _, err := io.ReadFull(client, size[:]); err != nil {
			return err
		}
		body := make([]byte, binary.BigEndian.Uint32(size[:])-4)
		if _, err := io.ReadFull(client, body); err != nil {
			return err
		}
		if !first {
			c.note(head[0], body, statements, portals)
		}
		for _, part := range [][]byte{head, size[:], body} {
			if _, err := out.Write(part); err != nil {
				return err
			}
		}
		if client.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

// note counts a message. statements are the texts of what was prepared by name, and
// portals those that are about to be executed.
func (c *Counter) note(kind byte, body []byte, statements, portals map[string]string) {
	word := func() string {
		text, rest, _ := bytes.Cut(body, []byte{0})
		body = rest
		return string(text)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch kind {
	case 'P': // Parse
		name := word()
		statements[name] = word()
	case 'B': // Bind
		portal := word()
		portals[portal] = statements[word()]
	case 'E': // Execute
		c.counts.add(portals[word()])
	case 'Q': // Query
		for text := range strings.SplitSeq(word(), ";") {
			c.counts.add(text)
		}
		c.counts.RoundTrips++
	case 'S': // Sync
		c.counts.RoundTrips++
	}
}

func (c *Counts) add(text string) {
	switch first, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(text)), " "); first {
	case "", "--": // nothing, as a client sends to see whether its connection stands
	case "BEGIN", "COMMIT", "ROLLBACK":
		c.Control++
	default:
		if strings.Contains(text, "pg_advisory_xact_lock") {
			c.Control++
			return
		}
		c.Statements++
		c.Texts[text]++
	}
}
