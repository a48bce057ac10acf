package e2e_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/livekit/livekittest"
)

// entry is a line of a transcript.
type entry struct {
	At                           time.Time
	Identity, Name, Source, Text string
}

func (s *system) transcript() []entry {
	s.t.Helper()
	var out struct{ Entries []entry }
	s.do("get_transcript", arg{}, &out)
	for i := range out.Entries {
		out.Entries[i].At = time.Time{}
	}
	return out.Entries
}

// waitKept has somebody write a message until it is kept: nobody can see when that
// begins. It is the same message each time, so it is kept once.
func (s *system) waitKept(writer person, text string) {
	s.t.Helper()
	var sent time.Time
	livekittest.Wait(s.t, text+" to be kept", func() bool {
		if time.Since(sent) > time.Second/2 {
			writeMessage(s.t, writer, text)
			sent = time.Now()
		}
		return s.keptTimes(text) > 0
	})
}

func (s *system) keptTimes(text string) (n int) {
	s.t.Helper()
	for _, e := range s.transcript() {
		if e.Text == text {
			n++
		}
	}
	return n
}

// scribes is how many participants of roomkey's own are in the room.
func (s *system) scribes() (n int) {
	s.t.Helper()
	resp, err := s.rooms.ListParticipants(s.t.Context(), &livekit.ListParticipantsRequest{Room: s.room.ID})
	if err != nil { // a room that is not running has none
		return 0
	}
	for _, p := range resp.Participants {
		if p.GetPermission().GetHidden() && strings.HasPrefix(p.GetIdentity(), "roomkey-") {
			n++
		}
	}
	return n
}

// sendMessage has the admin write to everybody. A busy machine may need a second try.
func (s *system) sendMessage(text string) {
	s.t.Helper()
	livekittest.Wait(s.t, text+" to be sent", func() bool {
		err := s.call(admin, "send_message", arg{"room_id": s.room.ID, "text": text}, nil)
		var refused *toolError
		if err != nil && (!errors.As(err, &refused) || refused.Code != "unavailable") {
			s.t.Errorf("send %q: %v", text, err)
			return true
		}
		return err == nil
	})
}

// The chat is kept while the setting says so, over restarts of roomkey and of LiveKit,
// and people are told. Roomkey's own participant goes with the last person.
func TestChatIsKept(t *testing.T) {
	each(t, arg{"settings": arg{"keep_chat": true}}, func(t *testing.T, s *system) {
		ada := s.guest("ada")
		again := func() { // her old connection would come back by itself
			ada.Leave()
			ada = s.guest("ada")
		}
		s.waitKept(ada, "first")
		if !strings.Contains(ada.Room().Metadata(), `"keep_chat":true`) {
			t.Errorf("people are told %q, want that the chat is kept", ada.Room().Metadata())
		}
		ada.Room().LocalParticipant.SendText("in a stream", lksdk.StreamTextOptions{Topic: "lk.chat"})
		livekittest.Wait(t, "a stream to be kept", func() bool { return s.keptTimes("in a stream") == 1 })
		s.sendMessage("from the agent")
		s.waitKept(ada, "second")
		wrote := func(text string) entry {
			return entry{Identity: ada.pass.Identity, Name: "ada", Source: "chat", Text: text}
		}
		want := []entry{
			wrote("first"), wrote("in a stream"),
			{Identity: admin, Name: admin, Source: "agent", Text: "from the agent"}, wrote("second"),
		}
		if got := s.transcript(); !slices.Equal(got, want) {
			t.Errorf("kept are %v, want %v", got, want)
		}

		var room struct {
			NumParticipants int `json:"num_participants"`
		}
		s.do("get_room", nil, &room)
		var people struct{ Participants []struct{} }
		s.do("list_participants", nil, &people)
		if room.NumParticipants != 1 || len(people.Participants) != 1 || s.scribes() == 0 {
			t.Errorf("%d are counted and %d listed, want Ada alone; and one more is inside",
				room.NumParticipants, len(people.Participants))
		}

		s.kill()
		s.run()
		if s.mode == inside { // LiveKit went with it
			again()
		}
		s.waitKept(ada, "after a restart")
		if s.mode == foreign {
			s.livekit.Restart()
			again()
			s.waitKept(ada, "after a restart of LiveKit")
		}

		s.do("update_room", arg{"settings": arg{"keep_chat": false}}, nil)
		livekittest.Wait(t, "people to be told that the chat is not kept any more", func() bool {
			return strings.Contains(ada.Room().Metadata(), `"keep_chat":false`)
		})
		livekittest.Wait(t, "roomkey's participant to be gone", func() bool { return s.scribes() == 0 })
		s.do("update_room", arg{"settings": arg{"keep_chat": true}}, nil)
		s.waitKept(ada, "once more")
		if n := s.scribes(); n != 1 {
			t.Errorf("%d participants of roomkey's own are inside, want one", n)
		}
		ada.Leave()
		livekittest.Wait(t, "roomkey's participant to leave with the last person", func() bool { return s.scribes() == 0 })
		if n := s.keptTimes("first"); n != 1 {
			t.Errorf("the first message is kept %d times in the end, want once", n)
		}
	})
}

// Of several instances one keeps the chat, and another one when that is killed.
func TestChatIsKeptByOneInstance(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	c.do("update_room", arg{"settings": arg{"keep_chat": true}}, nil)
	ada := c.guest("ada")
	c.waitKept(ada, "first")
	if n := c.scribes(); n != 1 {
		t.Errorf("%d participants of roomkey's own are inside, want one", n)
	}
	var sending sync.WaitGroup
	for _, s := range c.instances { // all at once, in one room
		sending.Go(func() { s.sendMessage("by " + s.url) })
	}
	sending.Wait()
	for _, s := range c.instances {
		livekittest.Wait(t, "the message by "+s.url, func() bool { return hasRead(ada, "by "+s.url) })
	}
	holder := c.holder()
	holder.kill()
	other := c.instances[0]
	if other == holder {
		other = c.instances[1]
	}
	other.waitKept(ada, "after its death")
	for _, s := range c.instances {
		if n := other.keptTimes("by " + s.url); n != 1 {
			t.Errorf("the message by %s is kept %d times, want once", s.url, n)
		}
	}
}
