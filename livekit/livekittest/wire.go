package livekittest

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/gorilla/websocket"
)

// heard is a connection to a server whose words are heard as they are read.
type heard struct {
	io.ReadWriteCloser
	wire  wire
	own   claims
	ready []byte // heard, and not yet handed on
	err   error  // the end, after that
}

func (h *heard) Read(p []byte) (int, error) {
	for len(h.ready) == 0 && h.err == nil {
		var n int
		n, h.err = h.ReadWriteCloser.Read(p)
		h.ready = h.wire.take(p[:n])
	}
	n := copy(p, h.ready)
	if h.ready = h.ready[n:]; len(h.ready) > 0 {
		return n, nil
	}
	return n, h.err
}

// Write gets what the participant says.
func (h *heard) Write(p []byte) (int, error) {
	if _, err := h.ReadWriteCloser.Write(h.own.take(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// claims takes what a client sends apart, and puts it together again with other
// messages.
type claims struct {
	say  func([]byte) []byte // gets each binary message of one frame
	rest []byte              // of a frame that has not come whole
}

// take gets what has been said, and gives the frames that go on, whole ones.
func (c *claims) take(p []byte) (out []byte) {
	const whole = 0x80 | websocket.BinaryMessage // a message of one frame, as gorilla sends them
	for c.rest = append(c.rest, p...); ; {
		body, size := frame(c.rest)
		if size == 0 {
			return out
		}
		said := body
		if c.rest[0] == whole {
			said = c.say(body)
		}
		if !bytes.Equal(said, body) {
			out = append(out, whole, 0x80|127)
			out = binary.BigEndian.AppendUint64(out, uint64(len(said)))
			out = append(append(out, 0, 0, 0, 0), said...) // a mask that changes nothing
		} else {
			out = append(out, c.rest[:size]...)
		}
		c.rest = c.rest[size:]
	}
}

// wire takes what a server sends over a WebSocket (RFC 6455) apart.
type wire struct {
	message func([]byte) bool // gets each binary message, and says whether it goes on

	rest    []byte // of a frame that has not come whole
	partial []byte // message of several frames
	binary  bool   // of that message
}

// take gets what has been read, and gives the frames that go on, whole ones. A
// message of several frames goes on whatever is said of it.
func (w *wire) take(p []byte) (out []byte) {
	const final, opcode, continued = 0x80, 0x0f, 0
	for w.rest = append(w.rest, p...); ; {
		body, size := frame(w.rest)
		if size == 0 {
			return out
		}
		head, pass := w.rest[0], true
		switch kind := int(head & opcode); kind {
		case websocket.BinaryMessage, websocket.TextMessage:
			w.binary, w.partial = kind == websocket.BinaryMessage, nil
			fallthrough
		case continued:
			w.partial = append(w.partial, body...)
			if head&final != 0 && w.binary {
				pass = w.message(w.partial) || kind == continued
			}
		}
		if pass {
			out = append(out, w.rest[:size]...)
		}
		w.rest = w.rest[size:]
	}
}

// frame gives the payload of the frame that p begins with, and the size of all
// of it; 0 if it has not come whole. A client's frames are masked, a server's
// are not.
func frame(p []byte) (body []byte, size int) {
	if len(p) < 2 {
		return nil, 0
	}
	header, length := 2, uint64(p[1]&0x7f)
	switch {
	case length == 126 && len(p) >= 4:
		header, length = 4, uint64(binary.BigEndian.Uint16(p[2:]))
	case length == 127 && len(p) >= 10:
		header, length = 10, binary.BigEndian.Uint64(p[2:])
	case length >= 126:
		return nil, 0
	}
	var mask []byte
	if p[1]&0x80 != 0 && len(p) >= header+4 {
		mask = p[header : header+4]
		header += 4
	} else if p[1]&0x80 != 0 {
		return nil, 0
	}
	if uint64(len(p)-header) < length {
		return nil, 0
	}
	size = header + int(length)
	body = p[header:size]
	if mask != nil {
		body = bytes.Clone(body)
		for i := range body {
			body[i] ^= mask[i%4]
		}
	}
	return body, size
}
