package livekittest

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestWire(t *testing.T) {
	t.Parallel()
	long, huge := strings.Repeat("l", 1000), strings.Repeat("h", 70_000)
	sent := slices.Concat(
		[]byte("\x82\x03one"),
		[]byte("\x81\x04text"), // nobody's business
		[]byte("\x02\x03two"), []byte("\x89\x04ping"), []byte("\x00\x04 and"), []byte("\x80\x06 a bit"),
		[]byte("\x82\x7e\x03\xe8"+long),
		[]byte("\x82\x7f\x00\x00\x00\x00\x00\x01\x11\x70"+huge),
		[]byte("\x82\x00"),
		[]byte("\x88\x02\x03\xe8"), // close
	)
	want := []string{"one", "two and a bit", long, huge, ""}
	for _, size := range []int{1, 7, len(sent)} {
		var got []string
		var out []byte
		w := wire{message: func(p []byte) bool { got = append(got, string(p)); return string(p) != "one" }}
		for p := range slices.Chunk(bytes.Clone(sent), size) {
			out = append(out, w.take(p)...)
		}
		if passed := sent[len("\x82\x03one"):]; !bytes.Equal(out, passed) {
			t.Errorf("%d bytes at a time: got %d bytes passed on, %.100q, want %d, all but the first message", size, len(out), out, len(passed))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d bytes at a time: got %d messages, %.100q, want %d", size, len(got), got, len(want))
		}
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	sent := slices.Concat(
		[]byte("\x82\x83abcd\x0e\x0c\x06"), // one, masked with abcd
		[]byte("\x89\x84\x00\x00\x00\x00ping"),
		[]byte("\x82\x83\x00\x00\x00\x00two"),
		[]byte("\x88\x82\x00\x00\x00\x00\x03\xe8"), // close
	)
	long := strings.Repeat("l", 70_000)
	want := slices.Concat(
		[]byte("\x82\xff\x00\x00\x00\x00\x00\x01\x11\x70\x00\x00\x00\x00"+long),
		sent[len("\x82\x83abcd\x0e\x0c\x06"):],
	)
	for _, size := range []int{1, 7, len(sent)} {
		var got []byte
		c := claims{say: func(p []byte) []byte {
			if string(p) == "one" {
				return []byte(long)
			}
			return p
		}}
		for p := range slices.Chunk(bytes.Clone(sent), size) {
			got = append(got, c.take(p)...)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%d bytes at a time: got %d bytes, %.100q, want %d", size, len(got), got, len(want))
		}
	}
}
