package meet

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// How much of a chat is kept, so that nobody can fill the database or the memory. What
// is more than that is left out.
const (
	maxKeptText     = 4000    // characters of one message
	maxKeptOfPerson = 1 << 19 // bytes of one person in a room and a day
	maxKeptOfRoom   = 1 << 23 // bytes of a room and a day
	maxKeptUnsaved  = 1 << 20 // bytes of a room that the database has not taken yet
	keptOverhead    = 200     // bytes that an entry takes beside its text

	keptPeriod = 24 * time.Hour
)

// ChatLine is what somebody inside has written to everybody.
type ChatLine struct {
	Identity string // of the person, as LiveKit puts it on all that people send
	ID       string // given by the person's client; may be empty
	Text     string
}

// keptChat collects what is written in a room until it is stored.
type keptChat struct {
	room    string
	now     func() time.Time
	onLimit func(limit string)

	mu           sync.Mutex
	unsaved      []TranscriptEntry
	unsavedBytes int
	last         time.Time // of the newest entry

	since    time.Time // from when on the numbers below count
	total    int
	ofPerson map[string]int
}

// newKeptChat goes on with what was kept in the last day.
func newKeptChat(c *core, room string, sizes map[string]TranscriptSize) *keptChat {
	k := &keptChat{room: room, now: c.now, onLimit: c.onLimit, since: c.now(), ofPerson: map[string]int{}}
	for identity, size := range sizes {
		k.ofPerson[identity] = size.Bytes + size.Entries*keptOverhead
		k.total += k.ofPerson[identity]
	}
	return k
}

// take is called for each line, and is quick.
func (c *keptChat) take(line ChatLine) {
	text := cleanLines(line.Text, maxKeptText)
	if text == "" || line.Identity == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.now()
	if !c.count(line.Identity, len(text)+keptOverhead, at) {
		c.onLimit("kept_chat")
		return
	}
	if !at.After(c.last) { // entries stay in order
		at = c.last.Add(time.Millisecond)
	}
	c.last = at
	c.unsaved = append(c.unsaved, TranscriptEntry{
		ID: entryID(c.room, line, at), RoomID: c.room, At: at, Identity: line.Identity, Source: FromChat, Text: text,
	})
}

// count says whether so many bytes more of somebody are kept.
func (c *keptChat) count(identity string, size int, at time.Time) bool {
	if at.Sub(c.since) > keptPeriod {
		c.since, c.total, c.ofPerson = at, 0, map[string]int{}
	}
	if c.total+size > maxKeptOfRoom || c.ofPerson[identity]+size > maxKeptOfPerson ||
		c.unsavedBytes+size > maxKeptUnsaved {
		return false
	}
	c.total += size
	c.ofPerson[identity] += size
	c.unsavedBytes += size
	return true
}

// entryID is the same for the same message, which may come twice.
func entryID(room string, line ChatLine, at time.Time) string {
	if line.ID == "" { // then the same text is another message
		line.ID = at.String()
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{room, line.Identity, line.ID, line.Text}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// unsavedEntries gives what is to be stored.
func (c *keptChat) unsavedEntries() []TranscriptEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.unsaved)
}

// saved forgets the first n entries.
func (c *keptChat) saved(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.unsaved[:n] {
		c.unsavedBytes -= len(e.Text) + keptOverhead
	}
	c.unsaved = c.unsaved[n:]
}

// cleanLines is [CleanText] for a text of several lines.
func cleanLines(s string, max int) string {
	lines := strings.Split(s[:min(len(s), 8*max)], "\n")
	for i, line := range lines {
		lines[i] = CleanText(line, max)
	}
	s = strings.TrimSpace(strings.Join(lines, "\n"))
	if utf8.RuneCountInString(s) <= max {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:max]))
}
