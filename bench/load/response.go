package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// maxBody bounds an answer: more than this is a broken server, not a result.
const maxBody = 16 << 20

// response is one HTTP/1.1 answer. Its body belongs to the reader that made it
// and lives until the next read.
type response struct {
	status int
	body   []byte
}

// responseReader reads answers to POST requests from one connection. It knows
// what a server may send to such a request: a body with Content-Length, a
// chunked body, or none; it allocates nothing per answer.
type responseReader struct {
	in  *bufio.Reader
	buf []byte
}

func newResponseReader(r io.Reader) *responseReader {
	return &responseReader{in: bufio.NewReaderSize(r, 16<<10), buf: make([]byte, 0, 16<<10)}
}

// read gives the next final answer; interim ones (1xx) are passed over.
func (r *responseReader) read() (response, error) {
	for {
		resp, err := r.readOne()
		if err != nil || resp.status >= 200 {
			return resp, err
		}
	}
}

func (r *responseReader) readOne() (response, error) {
	line, err := r.line()
	if err != nil {
		return response{}, err
	}
	status, err := parseStatus(line)
	if err != nil {
		return response{}, err
	}
	head, err := r.head()
	if err != nil {
		return response{}, fmt.Errorf("read header: %w", err)
	}

	r.buf = r.buf[:0]
	switch {
	case status < 200 || status == 204 || status == 304: // never have a body
	case head.chunked:
		err = r.chunks()
	case head.length >= 0:
		err = r.body(head.length)
	default:
		err = errors.New("neither Content-Length nor chunked")
	}
	if err != nil {
		return response{}, fmt.Errorf("read body: %w", noEOF(err))
	}
	return response{status: status, body: r.buf}, nil
}

// parseStatus takes the number out of a line like "HTTP/1.1 200 OK".
func parseStatus(line []byte) (int, error) {
	version, rest, _ := bytes.Cut(line, []byte(" "))
	code, _, _ := bytes.Cut(rest, []byte(" "))
	status, err := strconv.Atoi(string(code))
	if string(version) != "HTTP/1.1" || err != nil || len(code) != 3 || status < 100 {
		return 0, fmt.Errorf("not an HTTP/1.1 status line: %.80q", line)
	}
	return status, nil
}

// head is what the header says about the body that follows.
type head struct {
	length  int // -1: not said
	chunked bool
}

func (r *responseReader) head() (head, error) {
	h := head{length: -1}
	for {
		line, err := r.line()
		if err != nil {
			return h, noEOF(err)
		}
		if len(line) == 0 {
			return h, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if h.length, err = strconv.Atoi(string(value)); err != nil || h.length < 0 {
				return h, fmt.Errorf("bad Content-Length %.20q", value)
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			if h.chunked = bytes.EqualFold(value, []byte("chunked")); !h.chunked {
				return h, fmt.Errorf("unknown Transfer-Encoding %.20q", value)
			}
		}
	}
}

// chunks appends a chunked body to r.buf and drops the trailer.
func (r *responseReader) chunks() error {
	for {
		line, err := r.line()
		if err != nil {
			return err
		}
		digits, _, _ := bytes.Cut(line, []byte(";")) // what follows is an extension
		size, err := strconv.ParseUint(string(bytes.TrimSpace(digits)), 16, 31)
		if err != nil {
			return fmt.Errorf("bad chunk size %.20q", line)
		}
		if size == 0 {
			_, err := r.head() // a trailer has the shape of a header
			return err
		}
		if err := r.body(int(size)); err != nil {
			return err
		}
		if line, err := r.line(); err != nil || len(line) != 0 {
			return errors.Join(errors.New("chunk longer than its size"), err)
		}
	}
}

// body appends the next n bytes to r.buf.
func (r *responseReader) body(n int) error {
	start := len(r.buf)
	if n > maxBody-start {
		return errors.New("answer too long")
	}
	if cap(r.buf) < start+n {
		r.buf = append(make([]byte, 0, 2*(start+n)), r.buf...)
	}
	r.buf = r.buf[:start+n]
	_, err := io.ReadFull(r.in, r.buf[start:])
	return err
}

// line gives the next line without its end. It lives until the next read.
func (r *responseReader) line() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	if errors.Is(err, io.EOF) && len(line) > 0 {
		err = io.ErrUnexpectedEOF
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), err
}

// noEOF turns an end of stream in the middle of an answer into what it is.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
