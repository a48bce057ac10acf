package livekit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"

	"roomkey/livekit"
	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
	"roomkey/livekit/scribe"
	"roomkey/meet"
)

// chat takes down what a person gets in the text streams of the chat.
func chat(t *testing.T, p *livekittest.Person) <-chan string {
	t.Helper()
	lines := make(chan string, 100)
	err := p.Room().RegisterTextStreamHandler(scribe.Chat, func(r *lksdk.TextStreamReader, from string) {
		lines <- r.Info.Attributes[scribe.AttributeAgent] + "<" + from + ">: " + r.ReadAll()
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func wantLine(t *testing.T, lines <-chan string, want string) {
	t.Helper()
	select {
	case got := <-lines:
		if got != want {
			t.Errorf("the chat says %q, want %q", got, want)
		}
	case <-time.After(time.Minute):
		t.Fatalf("the chat does not say %q", want)
	}
}

func (w testRoom) send(m meet.Message) {
	w.Helper()
	m.ID, m.At = "id of "+m.Text, time.Now()
	if err := w.SendMessage(w.Context(), w.room.ID, m); err != nil {
		w.Fatalf("SendMessage: %v", err)
	}
}

// waitActive waits until LiveKit sends data to so many people: a moment after they
// have connected.
func (w testRoom) waitActive(n int) {
	w.Helper()
	livekittest.Wait(w.T, "people to be active", func() bool {
		active := 0
		for _, p := range w.participants() {
			if p.Active {
				active++
			}
		}
		return active == n
	})
}

// reachesWhoIsConnecting says that a message is not lost on somebody whom LiveKit lists,
// but cannot send to yet.
func (w testRoom) reachesWhoIsConnecting() {
	w.Helper()
	for i := range 20 {
		name := fmt.Sprint("slow", i)
		connect := livekittest.Begin(w.T, w.url, w.token(name, allowAll))
		livekittest.Wait(w.T, name+" to be listed", func() bool { return len(w.participants()) == 1 })
		began := time.Now()
		w.send(meet.Message{From: "Claude", Text: "welcome"})
		p := connect()
		w.waitActive(1)
		inTime := time.Since(began) < time.Second // LiveKit keeps a message for two
		w.send(meet.Message{From: "Claude", Text: "and now"})
		livekittest.Wait(w.T, "the second message", func() bool {
			return slices.ContainsFunc(p.Messages(), func(m string) bool { return strings.Contains(m, "and now") })
		})
		got := len(p.Messages())
		p.Leave()
		if got == 2 {
			return
		}
		if inTime {
			w.Fatalf("%s got %d messages, want also the one that was sent while they were connecting", name, got)
		}
		livekittest.Wait(w.T, name+" to be gone", func() bool { return len(w.participants()) == 0 })
	}
	w.Error("this machine takes more than a second to connect, twenty times")
}

// sendsMessages says what holds of messages on every LiveKit.
func (w testRoom) sendsMessages() {
	bob, eve := w.join("bob", allowAll), w.join("eve", meet.Grants{Subscribe: true})
	toBob, toEve := chat(w.T, bob), chat(w.T, eve)
	w.waitActive(2)
	w.send(meet.Message{From: "Claude", Text: "hello"})
	// No sender: LiveKit names that of everybody who is seen.
	wantLine(w.T, toBob, "Claude<>: hello")
	wantLine(w.T, toEve, "Claude<>: hello")
	long := strings.Repeat("€", 9000) + "\nend" // more than one packet
	w.send(meet.Message{From: "Claude", Text: long, To: "eve"})
	wantLine(w.T, toEve, "Claude<>: "+long) // the SDK may finish the next one before
	w.send(meet.Message{From: "Claude", Text: "good bye"})
	wantLine(w.T, toEve, "Claude<>: good bye")
	wantLine(w.T, toBob, "Claude<>: good bye")
	legacy := strings.Join(eve.Messages(), "\n")
	for _, part := range []string{`"message":"hello"`, `"agent":"Claude"`, `"private":true`, `"ignoreLegacy":true`} {
		if !strings.Contains(legacy, part) {
			w.Errorf("%s is not among the packets for clients without streams: %.300s", part, legacy)
		}
	}
	livekittest.Wait(w.T, "Bob to get two packets", func() bool { return len(bob.Messages()) >= 2 })
	if got := len(bob.Messages()); got != 2 {
		w.Errorf("Bob got %d packets, want the two for everybody", got)
	}

	// The participant who writes is not seen, and takes no seat.
	if people := w.participants(); len(people) != 2 || w.count() != 2 {
		w.Errorf("inside are %v, counted %d; want Bob and Eve alone", people, w.count())
	}
	for _, other := range bob.Room().GetRemoteParticipants() {
		if other.Identity() != "eve" {
			w.Errorf("Bob sees %s", other.Identity())
		}
	}
	w.join("carl", allowAll) // into the last seat
	if _, err := livekittest.TryJoin(w.T, w.url, w.token("dave", allowAll)); err == nil {
		w.Error("Dave found a seat in a full room")
	}
	w.send(meet.Message{From: "Claude", Text: "full"})
	wantLine(w.T, toBob, "Claude<>: full")
}

func TestMessages(t *testing.T) {
	w := setup(t)
	w.room.MaxParticipants = 3
	w.ensure()
	w.reachesWhoIsConnecting()
	w.sendsMessages()
	t.Cleanup(w.Close)
}

func TestMessagesOnTheStockServer(t *testing.T) {
	t.Parallel()
	server := livekittest.StartServer(t, livekittest.ServerOptions{})
	w := testRoom{T: t, Server: connect(t, livekit.Config{URL: server.URL()}), url: server.URL(),
		room: meet.Room{ID: "room", MaxParticipants: 3}}
	t.Cleanup(w.Close)
	w.ensure()
	w.reachesWhoIsConnecting()
	w.sendsMessages()

	// LiveKit is started anew: the participant who wrote is gone, and another comes. So do
	// the people who were inside.
	server.Restart()
	w.room.MaxParticipants = 0
	w.ensure()
	lines := chat(t, w.join("fred", allowAll))
	livekittest.Wait(t, "Fred to be active", func() bool { return w.participants()["fred"].Active })
	w.send(meet.Message{From: "Claude", Text: "again"})
	wantLine(t, lines, "Claude<>: again")
}

// A LiveKit inside that names only an address which cannot be reached from its own
// machine, such as that of a router, is reached all the same.
func TestMessagesBehindARouter(t *testing.T) {
	t.Parallel()
	server, err := embedded.Start(t.Context(), embedded.Config{APIKey: livekittest.APIKey,
		APISecret: livekittest.APISecret, NodeIP: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	w := testRoom{T: t, Server: connect(t, livekit.Config{URL: server.URL(), SingleNode: true}),
		room: meet.Room{ID: "room"}}
	t.Cleanup(w.Close)
	w.ensure()
	w.send(meet.Message{From: "Claude", Text: "hello"})
}

// A message to a room that LiveKit does not have is not lost in silence, and leaves
// nothing behind.
func TestMessageToNoRoom(t *testing.T) {
	w := setup(t)
	err := w.SendMessage(t.Context(), "no-such-room", meet.Message{ID: "1", At: time.Now(), From: "Claude", Text: "x"})
	if !meet.IsCode(err, meet.CodeUnavailable) {
		t.Errorf("SendMessage: %v, want unavailable", err)
	}
	if rooms, err := w.Rooms(t.Context()); err != nil ||
		slices.ContainsFunc(rooms, func(r meet.MediaRoom) bool { return r.ID == "no-such-room" }) {
		t.Errorf("Rooms: %v, %v", rooms, err)
	}
}
