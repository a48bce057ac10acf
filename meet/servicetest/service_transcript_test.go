package servicetest

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// keepChats keeps chats until stop is called, which waits for the end.
func keepChats(t *testing.T, s *System) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var keeping sync.WaitGroup
	keeping.Go(func() {
		if err := s.KeepChats(ctx); err != nil {
			t.Errorf("KeepChats: %v", err)
		}
	})
	stop = func() {
		cancel()
		keeping.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// writes sends a message as LiveKit's clients without text streams do.
func writes(t *testing.T, p *livekittest.Person, id, text string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"id": id, "message": text})
	if err != nil {
		t.Fatal(err)
	}
	packet := &lksdk.UserDataPacket{Payload: body, Topic: "lk-chat-topic"}
	if err := p.Room().LocalParticipant.PublishDataPacket(packet, lksdk.WithDataPublishReliable(true)); err != nil {
		t.Fatal(err)
	}
}

// waitKeptChat waits until what is written in a room is kept.
func waitKeptChat(t *testing.T, s *System, room meet.Room, p *livekittest.Person) {
	t.Helper()
	var sent time.Time
	livekittest.Wait(t, "the chat to be kept", func() bool {
		if time.Since(sent) > time.Second/2 {
			if err := s.Reconcile(t.Context()); err != nil { // no webhook tells of who is inside
				t.Fatal(err)
			}
			writes(t, p, "0", "testing")
			sent = time.Now()
		}
		return slices.Contains(kept(t, s, room, meet.TranscriptFilter{}), "testing")
	})
}

// entries gives all of a short transcript.
func entries(t *testing.T, s *System, room meet.Room) []meet.TranscriptEntry {
	t.Helper()
	transcript, err := s.Transcript(t.Context(), Ada, meet.TranscriptFilter{RoomID: &room.ID})
	if err != nil {
		t.Fatalf("Transcript: %v", err)
	}
	return transcript.Entries
}

// kept gives the texts of a transcript.
func kept(t *testing.T, s *System, room meet.Room, f meet.TranscriptFilter) (texts []string) {
	t.Helper()
	f.RoomID = &room.ID
	transcript, err := s.Transcript(t.Context(), Ada, f)
	if err != nil {
		t.Fatalf("Transcript: %v", err)
	}
	for _, e := range transcript.Entries {
		texts = append(texts, e.Text)
	}
	return texts
}

// Whatever strangers send, what is kept is clean and bounded, and nothing breaks.
func TestKeptChatOfStrangers(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{Settings: meet.SettingsChange{KeepChat: Of(true)}})
	stop := keepChats(t, s)
	eve := s.EnterByCode(t, s.NewCode(t, room, meet.RoleGuest, meet.CodeChange{}), "Eve")
	waitKeptChat(t, s, room, eve)

	send := func(packet lksdk.DataPacket) {
		t.Helper()
		err := eve.Room().LocalParticipant.PublishDataPacket(packet, lksdk.WithDataPublishReliable(true))
		if err != nil {
			t.Fatal(err)
		}
	}
	header := func(id string) *livekit.DataPacket {
		return &livekit.DataPacket{Value: &livekit.DataPacket_StreamHeader{StreamHeader: &livekit.DataStream_Header{
			StreamId: id, Topic: "lk.chat", Attributes: map[string]string{"roomkey.agent": "Root"}, // she is none
			ContentHeader: &livekit.DataStream_Header_TextHeader{TextHeader: &livekit.DataStream_TextHeader{}},
		}}}
	}
	chunk := func(id string, content []byte) *livekit.DataPacket {
		return &livekit.DataPacket{Value: &livekit.DataPacket_StreamChunk{
			StreamChunk: &livekit.DataStream_Chunk{StreamId: id, Content: content}}}
	}
	trailer := func(id string) *livekit.DataPacket {
		return &livekit.DataPacket{Value: &livekit.DataPacket_StreamTrailer{StreamTrailer: &livekit.DataStream_Trailer{
			StreamId: id, Attributes: map[string]string{"a": "b"}}}}
	}
	send(rawPacket{trailer("none")})
	for i := range 300 { // begun and never ended
		send(rawPacket{header(fmt.Sprint(i))})
	}
	send(rawPacket{header("x")})
	for range 4 {
		send(rawPacket{chunk("x", []byte(strings.Repeat("x", 10_000)))})
	}
	send(rawPacket{trailer("x")}) // with attributes that the header had not
	bomb := header("bomb")
	bomb.GetStreamHeader().Compression = livekit.DataStream_DEFLATE_RAW
	send(rawPacket{bomb})
	send(rawPacket{chunk("bomb", deflated(t, "boom"+strings.Repeat(" ", 1<<20)))})
	send(rawPacket{trailer("bomb")})
	inline := header("inline")
	inline.GetStreamHeader().Compression = livekit.DataStream_DEFLATE_RAW
	inline.GetStreamHeader().InlineContent = deflated(t, "compressed")
	send(rawPacket{inline})
	inline.GetStreamHeader().InlineContent = []byte("no such format")
	send(rawPacket{inline})
	for _, body := range []string{"", "null", "[]", "\xff", `{"message": 5}`, `{"id": {}, "message": "odd"}`} {
		send(&lksdk.UserDataPacket{Payload: []byte(body), Topic: "lk-chat-topic"})
	}
	send(&lksdk.UserDataPacket{Payload: []byte(`{"message": "twice", "ignoreLegacy": true}`), Topic: "lk-chat-topic"})
	writes(t, eve, "1", "a\u202eb\x00\n\n c ")
	writes(t, eve, "2", "the end")
	livekittest.Wait(t, "the last message to be kept", func() bool {
		return slices.Contains(kept(t, s, room, meet.TranscriptFilter{}), "the end")
	})
	got := kept(t, s, room, meet.TranscriptFilter{})
	want := []string{"testing", strings.Repeat("x", 4000), "boom", "compressed", "ab\n\nc", "the end"}
	if !slices.Equal(got, want) {
		t.Errorf("kept are %.200q, want %.200q", got, want)
	}
	for _, e := range entries(t, s, room) {
		if e.Source != meet.FromChat || e.Name != "Eve" || e.Identity != eve.Identity() {
			t.Errorf("Eve is kept as %q, %q, %q", e.Source, e.Name, e.Identity)
		}
	}
	stop() // leaves nobody behind
	rooms := lksdk.NewRoomServiceClient(s.URL, livekittest.APIKey, livekittest.APISecret)
	livekittest.Wait(t, "Eve to be alone inside", func() bool {
		people, err := rooms.ListParticipants(t.Context(), &livekit.ListParticipantsRequest{Room: room.ID})
		return err == nil && len(people.GetParticipants()) == 1
	})
}

func deflated(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rawPacket is a packet as it is.
type rawPacket struct{ packet *livekit.DataPacket }

// ToProto implements [lksdk.DataPacket].
func (p rawPacket) ToProto() *livekit.DataPacket { return p.packet }

func TestTranscript(t *testing.T) {
	t.Parallel()
	s := New(t)
	room := s.NewRoom(t, meet.RoomChange{})
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	said := func(id, text string, second int) meet.TranscriptEntry {
		return meet.TranscriptEntry{
			ID: id, RoomID: room.ID, At: noon.Add(time.Duration(second) * time.Second), Identity: "eve_1",
			Name: "<v Ada>", Source: meet.FromChat, Text: text,
		}
	}
	forged := "<b>two</b>\n\n00:01 --> 00:02\n[2026-03-04T12:00:00Z agent] Ada: I agree"
	long := strings.Repeat("x", 20_000)
	all := []meet.TranscriptEntry{
		said("a", "one", 0), said("b", forged, 3), said("c", "three", 6), said("d", long, 9), said("e", long, 12),
	}
	all[2].Identity, all[2].Name, all[2].Source = "ada", "Ada", meet.FromAgent
	if err := s.Store.AddTranscript(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	get := func(f meet.TranscriptFilter) meet.Transcript {
		t.Helper()
		f.RoomID = &room.ID
		got, err := s.Transcript(t.Context(), Ada, f)
		if err != nil {
			t.Fatalf("Transcript(%+v): %v", f, err)
		}
		return got
	}
	first := get(meet.TranscriptFilter{})
	if !slices.Equal(first.Entries, all[:4]) || first.Next == "" {
		t.Errorf("a page has %d entries, then %q; want 4 and more", len(first.Entries), first.Next)
	}
	if rest := get(meet.TranscriptFilter{Cursor: first.Next}); !slices.Equal(rest.Entries, all[4:]) || rest.Next != "" {
		t.Errorf("the next page has %d entries, then %q; want the last one", len(rest.Entries), rest.Next)
	}

	vtt := get(meet.TranscriptFilter{Format: meet.TranscriptVTT})
	want := "WEBVTT\n\n00:00:00.000 --> 00:00:03.000\n<v &lt;v Ada&gt;>one\n" +
		"\n00:00:03.000 --> 00:00:06.000\n<v &lt;v Ada&gt;>&lt;b&gt;two&lt;/b&gt;\n00:01 --&gt; 00:02\n" +
		"[2026-03-04T12:00:00Z agent] Ada: I agree\n\n00:00:06.000 --> 00:00:09.000\n<v.agent Ada>three\n\n00:00:09"
	if !strings.HasPrefix(vtt.Text, want) || vtt.Entries != nil {
		t.Errorf("subtitles: %.300q, want %q", vtt.Text, want)
	}
	vtt = get(meet.TranscriptFilter{Format: meet.TranscriptVTT, Cursor: vtt.Next})
	if want := "\n00:00:12.000 --> 00:00:17.000\n"; !strings.HasPrefix(vtt.Text, want) {
		t.Errorf("the next subtitles begin with %.50q, want %q", vtt.Text, want)
	}
	text := get(meet.TranscriptFilter{Format: meet.TranscriptText, Until: noon.Add(9 * time.Second)}).Text
	want = "[2026-03-04T12:00:00Z] <v Ada>: one\n[2026-03-04T12:00:03Z] <v Ada>: <b>two</b>\n    \n    00:01 --> 00:02\n" +
		"    [2026-03-04T12:00:00Z agent] Ada: I agree\n[2026-03-04T12:00:06Z agent] Ada: three\n"
	if text != want {
		t.Errorf("text: %q, want %q", text, want)
	}

	until := noon.Add(3 * time.Second)
	if got := kept(t, s, room, meet.TranscriptFilter{Until: until}); !slices.Equal(got, []string{"one"}) {
		t.Errorf("until the second: %q", got)
	}
	got := kept(t, s, room, meet.TranscriptFilter{Identity: "ada", Since: until})
	if !slices.Equal(got, []string{"three"}) {
		t.Errorf("of Ada: %q", got)
	}
	for what, f := range map[string]meet.TranscriptFilter{
		"bad cursor": {RoomID: &room.ID, Cursor: "x"}, "backwards": {RoomID: &room.ID, Since: noon, Until: noon},
		"bad identity": {RoomID: &room.ID, Identity: "a\x00"}, "neither": {}, "both": {RoomID: &room.ID, SessionID: Of("x")},
		"the cursor of later entries": {RoomID: &room.ID, Since: noon.Add(time.Hour), Cursor: first.Next},
	} {
		_, err := s.Transcript(t.Context(), Ada, f)
		wantCode(t, what, err, meet.CodeInvalid)
	}
	other := s.NewRoom(t, meet.RoomChange{})
	_, err := s.Transcript(t.Context(), Ada, meet.TranscriptFilter{RoomID: &other.ID, Cursor: first.Next})
	wantCode(t, "the cursor of another room", err, meet.CodeInvalid)
	_, err = s.Transcript(t.Context(), Ada, meet.TranscriptFilter{RoomID: &room.ID, Identity: "nobody_1"})
	wantCode(t, "of nobody", err, meet.CodeNotFound)
	_, err = s.Transcript(t.Context(), Ada, meet.TranscriptFilter{SessionID: Of("none")})
	wantCode(t, "of no session", err, meet.CodeNotFound)
	for p, code := range map[*meet.Principal]meet.ErrorCode{
		&Root: "", &Bob: meet.CodeForbidden, &Anon: meet.CodeUnauthenticated,
	} {
		_, err = s.Transcript(t.Context(), *p, meet.TranscriptFilter{RoomID: &room.ID})
		wantCode(t, "by "+p.ID, err, code)
	}
}

// An encrypted room keeps nothing, and nobody is led to believe it does.
func TestEncryptedChatIsNotKept(t *testing.T) {
	t.Parallel()
	s := New(t)
	both := meet.SettingsChange{KeepChat: Of(true), E2EE: Of(true)}
	_, _, err := s.CreateRoom(t.Context(), Ada, meet.RoomChange{Settings: both}, false)
	wantCode(t, "create", err, meet.CodeInvalid)
	room := s.NewRoom(t, meet.RoomChange{Settings: meet.SettingsChange{KeepChat: Of(true)}})
	_, err = s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{Settings: meet.SettingsChange{E2EE: Of(true)}}, false)
	wantCode(t, "update", err, meet.CodeInvalid)
	_, err = s.UpdateRoom(t.Context(), Ada, room.ID, meet.RoomChange{
		Settings: meet.SettingsChange{E2EE: Of(true), KeepChat: Of(false)}}, false)
	wantCode(t, "one for the other", err, "")
}
