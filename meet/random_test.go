package meet

import (
	"bytes"
	"crypto/rand"
	"regexp"
	"testing"
	"time"
)

func TestRandomShapes(t *testing.T) {
	t.Parallel()
	r := random{rand.Reader, time.Now}
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	grouped := regexp.MustCompile(`^[a-z]{3}-[a-z]{4}-[a-z]{3}$`)
	seen := map[string]bool{}
	for range 1000 {
		id, name := r.uuid(), r.grouped()
		if !uuid.MatchString(id) || !looksLikeID(id) {
			t.Fatalf("uuid() = %q", id)
		}
		if !grouped.MatchString(name) {
			t.Fatalf("grouped() = %q", name)
		}
		if seen[id] || seen[name] {
			t.Fatalf("%q or %q was drawn twice", id, name)
		}
		seen[id], seen[name] = true, true
	}
}

// The letters must be equally likely: bytes beyond the last multiple of 26
// are thrown away.
func TestLettersAreFair(t *testing.T) {
	t.Parallel()
	all := make([]byte, 0, 256)
	for b := range 256 {
		all = append(all, byte(b))
	}
	got := random{bytes.NewReader(append(all, all...)), time.Now}.letters(234)
	count := map[rune]int{}
	for _, letter := range got {
		count[letter]++
	}
	for letter := 'a'; letter <= 'z'; letter++ {
		if count[letter] != 9 {
			t.Errorf("%c was drawn %d times of 234; want 9", letter, count[letter])
		}
	}
}

func TestUUIDsSortByTime(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_790_000_000_000)
	r := random{rand.Reader, func() time.Time { return now }}
	before := r.uuid()
	now = now.Add(time.Millisecond)
	if after := r.uuid(); after <= before {
		t.Errorf("uuid() = %q a millisecond after %q; want it to sort behind", after, before)
	}
}
