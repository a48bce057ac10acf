package meet

import (
	"encoding/hex"
	"io"
	"time"
)

// random draws names, codes and ids. Its source must be cryptographic in
// production (crypto/rand.Reader) and may be anything in a test.
type random struct {
	source io.Reader
	now    func() time.Time
}

func (r random) bytes(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(r.source, b); err != nil {
		// crypto/rand never fails; a test's exhausted source is a bug in the test.
		panic("meet: no randomness: " + err.Error())
	}
	return b
}

// letters draws n letters a-z, each as likely as every other.
func (r random) letters(n int) string {
	const fair = 256 - 256%26 // bytes from here on would favour the first letters
	out := make([]byte, 0, n)
	for len(out) < n {
		for _, b := range r.bytes(n - len(out)) {
			if b < fair {
				out = append(out, 'a'+b%26)
			}
		}
	}
	return string(out)
}

// grouped draws letters in the shape xxx-xxxx-xxx.
func (r random) grouped() string { return group(r.letters(codeLetters)) }

// uuid draws a version 7 UUID (RFC 9562): sortable by time, so that rows made
// together lie together in the database.
func (r random) uuid() string {
	b := r.bytes(16)
	ms := uint64(r.now().UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// looksLikeID says whether s has the shape of an id that [random.uuid] draws.
func looksLikeID(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-'
}
