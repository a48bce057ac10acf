package meet

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// TranscriptEntry is something that was written in a room, as it is kept.
type TranscriptEntry struct {
	ID       string
	RoomID   string
	At       time.Time
	Identity string // of the person inside; of an agent the subject
	Name     string // as it was then
	Source   TranscriptSource
	Text     string
}

// TranscriptSource is who wrote something, and how.
type TranscriptSource string

// The sources.
const (
	FromChat  TranscriptSource = "chat"  // a person, in the chat
	FromAgent TranscriptSource = "agent" // an agent, by send_message
)

// TranscriptQuery says which entries to list, oldest first.
type TranscriptQuery struct {
	RoomID   string
	Session  *Session  // of the room; nil is all of them
	Since    time.Time // from that moment on
	Until    time.Time // before that moment; zero is no end
	Identity string    // empty is everybody
	After    *Position // only entries behind this place in the list; it is not before Since
	Limit    int
}

// TranscriptSize is how much somebody has written.
type TranscriptSize struct {
	Entries int
	Bytes   int // of their texts
}

// TranscriptFormat is how a transcript is given.
type TranscriptFormat string

// The formats.
const (
	TranscriptJSON TranscriptFormat = "json" // entries
	TranscriptText TranscriptFormat = "text" // lines that people read
	TranscriptVTT  TranscriptFormat = "vtt"  // subtitles, WebVTT
)

// writeText writes entries as lines. Nobody's text can look like another entry: only
// entries begin at the beginning of a line.
func writeText(entries []TranscriptEntry) string {
	var b strings.Builder
	for _, e := range entries {
		mark := ""
		if e.Source == FromAgent { // in the brackets, where no name is
			mark = " agent"
		}
		fmt.Fprintf(&b, "[%s%s] %s: %s\n", e.At.UTC().Format(time.RFC3339), mark, e.Name,
			strings.ReplaceAll(e.Text, "\n", "\n    "))
	}
	return b.String()
}

// cueTime is for how long a subtitle is shown, unless the next one comes before.
const cueTime = 5 * time.Second

// writeVTT writes the first n entries as subtitles, with times from start on. Those
// after them only say when the last subtitle ends.
func writeVTT(entries []TranscriptEntry, n int, start time.Time) string {
	var b strings.Builder
	for i, e := range entries[:n] {
		end := e.At.Add(cueTime)
		if i+1 < len(entries) && entries[i+1].At.Before(end) && entries[i+1].At.After(e.At) {
			end = entries[i+1].At
		}
		voice := "v"
		if e.Source == FromAgent { // a class, which no name can be
			voice = "v.agent"
		}
		fmt.Fprintf(&b, "\n%s --> %s\n<%s %s>%s\n", vttTime(e.At.Sub(start)), vttTime(end.Sub(start)), voice,
			vttText(e.Name), vttText(e.Text))
	}
	return b.String()
}

func vttTime(d time.Duration) string {
	d = max(d, 0).Round(time.Millisecond)
	return fmt.Sprintf("%02d:%02d:%02d.%03d", d/time.Hour, d/time.Minute%60, d/time.Second%60, d/time.Millisecond%1000)
}

// vttText keeps what people write from being read as a part of the format, in which an
// empty line ends a subtitle.
func vttText(s string) string {
	s = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })
	return strings.Join(lines, "\n")
}

// TranscriptStore keeps what was written in rooms that keep it.
type TranscriptStore interface {
	// AddTranscript stores entries, all or nothing. One whose id is on record stays
	// as it is.
	AddTranscript(ctx context.Context, entries []TranscriptEntry) error

	// Transcript lists entries, oldest first.
	Transcript(ctx context.Context, q TranscriptQuery) ([]TranscriptEntry, error)

	// TranscriptSizes says of each identity how much they have written in a room from
	// that moment on.
	TranscriptSizes(ctx context.Context, roomID string, since time.Time) (map[string]TranscriptSize, error)
}
