package livekittest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"

	"roomkey/meet"
)

// Person is a participant: somebody connected to a media room with a token, by
// the SDK that real clients use. Methods that cannot do what they promise fail
// the test.
type Person struct {
	tb    testing.TB
	room  *lksdk.Room
	relay *relay        // of the signalling connection
	gone  chan struct{} // closed when disconnected

	mu          sync.Mutex
	messages    []string
	received    map[string]bool // sids of the tracks this person is subscribed to
	came        map[came]bool   // what has ever come
	told        told
	goneAt      time.Time
	reconnected int
}

// Join connects with the token and leaves after the test. url is LiveKit's, or
// that of a proxy before it.
func Join(tb testing.TB, url, token string) *Person {
	tb.Helper()
	p, err := TryJoin(tb, url, token)
	if err != nil {
		tb.Fatalf("join: %v", err)
	}
	return p
}

// TryJoin is Join for a token that may be refused.
func TryJoin(tb testing.TB, url, token string) (*Person, error) {
	tb.Helper()
	return TryJoinFor(tb, url, token, patience)
}

// TryJoinFor is TryJoin for somebody who may be removed before they have
// connected: the SDK does not notice that, but gives up after the timeout.
func TryJoinFor(tb testing.TB, url, token string, timeout time.Duration) (*Person, error) {
	tb.Helper()
	p := &Person{tb: tb, gone: make(chan struct{}), received: make(map[string]bool), came: make(map[came]bool), told: told{token: token}}
	callback := lksdk.NewRoomCallback()
	callback.OnDisconnected = sync.OnceFunc(p.disconnected)
	callback.OnReconnected = p.hasReconnected
	callback.OnDataPacket = p.receive
	callback.OnTrackSubscribed = func(track *webrtc.TrackRemote, pub *lksdk.RemoteTrackPublication, from *lksdk.RemoteParticipant) {
		p.subscribed(pub.SID(), true)
		p.comes(came{from.Identity(), track.Kind()})
	}
	callback.OnTrackUnsubscribed = func(_ *webrtc.TrackRemote, pub *lksdk.RemoteTrackPublication, _ *lksdk.RemoteParticipant) {
		p.subscribed(pub.SID(), false)
	}
	p.room = lksdk.NewRoom(callback)

	var err error
	if p.relay, err = newRelay(url, p.hear); err != nil {
		return nil, err
	}
	tb.Cleanup(p.relay.close)
	// Without a context: the SDK would keep it, and could not reconnect later.
	if err := p.room.JoinWithToken(p.relay.server.URL, token, lksdk.WithConnectTimeout(timeout)); err != nil {
		return nil, err
	}
	tb.Cleanup(p.Leave)
	return p, nil
}

func (p *Person) disconnected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.goneAt = time.Now()
	close(p.gone)
}

// Room is the SDK's view of the meeting, for what Person has no method for.
func (p *Person) Room() *lksdk.Room { return p.room }

// Identity is who the server says this is.
func (p *Person) Identity() string { return p.room.LocalParticipant.Identity() }

// Attributes are what the server says about this person.
func (p *Person) Attributes() map[string]string { return p.room.LocalParticipant.Attributes() }

// Leave leaves the room; more than once does nothing.
//
// The server is asked to end the connection. When the SDK ends it, it closes
// it with unread data, its goodbye is lost now and then, and LiveKit misses
// the person only after 21 s.
func (p *Person) Leave() {
	if p.Connected() {
		p.room.Simulate(lksdk.SimulateServerLeave) // the relay makes a goodbye of it
		select {
		case <-p.gone:
		case <-time.After(time.Second):
		}
	}
	p.room.Disconnect()
}

// PublishMicrophone publishes silence.
func (p *Person) PublishMicrophone() {
	p.tb.Helper()
	p.Publish(meet.Microphone)
}

// PublishCamera publishes a black picture.
func (p *Person) PublishCamera() {
	p.tb.Helper()
	p.Publish(meet.Camera)
}

// Publish publishes what must be allowed. On a busy machine the SDK may give up
// before the server has answered; then it is tried again.
func (p *Person) Publish(source meet.Source) {
	p.tb.Helper()
	for deadline := time.Now().Add(patience); ; {
		err := p.TryPublish(source)
		if err == nil {
			return
		}
		if !errors.Is(err, lksdk.ErrTrackPublishTimeout) || time.Now().After(deadline) {
			p.tb.Fatalf("publish %s: %v", source, err)
		}
	}
}

// TryPublish publishes sound or picture under any of [meet.Sources] and
// returns when the server has accepted it. LiveKit does not answer a
// publication that the token does not allow; the SDK gives up after 10 s.
func (p *Person) TryPublish(source meet.Source) error {
	track, err := newTrack(source)
	if err != nil {
		return err
	}
	_, err = p.room.LocalParticipant.PublishTrack(track, &lksdk.TrackPublicationOptions{
		Name: string(source), Source: trackSource(source),
	})
	return err
}

// trackSource is LiveKit's word for source.
func trackSource(source meet.Source) livekit.TrackSource {
	return livekit.TrackSource(livekit.TrackSource_value[strings.ToUpper(string(source))])
}

// newTrack makes a track that repeats one frame.
func newTrack(source meet.Source) (*lksdk.LocalTrack, error) {
	codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
	frames := loop{frame: blackVP8, every: time.Second / 15}
	if source == meet.Microphone || source == meet.ScreenShareAudio {
		codec = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
		frames = loop{frame: silentOpus, every: 20 * time.Millisecond}
	}
	track, err := lksdk.NewLocalSampleTrack(codec)
	if err != nil {
		return nil, fmt.Errorf("make track: %w", err)
	}
	return track, track.StartWrite(&frames, nil)
}

// Unpublish ends the track of that source.
func (p *Person) Unpublish(source meet.Source) {
	p.tb.Helper()
	pub := p.room.LocalParticipant.GetTrackPublication(trackSource(source))
	if pub == nil {
		p.tb.Fatalf("%s is not published", source)
	}
	if err := p.room.LocalParticipant.UnpublishTrack(pub.SID()); err != nil {
		p.tb.Fatalf("unpublish %s: %v", source, err)
	}
}

// Muted says whether this person knows a published track of theirs as muted.
func (p *Person) Muted(source meet.Source) bool {
	pub := p.room.LocalParticipant.GetTrackPublication(trackSource(source))
	return pub != nil && pub.IsMuted()
}

// WaitMuted waits until this person knows the track as muted.
func (p *Person) WaitMuted(source meet.Source) {
	p.tb.Helper()
	Wait(p.tb, fmt.Sprintf("%s to be muted", source), func() bool { return p.Muted(source) })
}

// SetMuted mutes or unmutes as the person's own button does.
func (p *Person) SetMuted(source meet.Source, muted bool) {
	p.tb.Helper()
	pub, ok := p.room.LocalParticipant.GetTrackPublication(trackSource(source)).(*lksdk.LocalTrackPublication)
	if !ok {
		p.tb.Fatalf("%s is not published", source)
	}
	pub.SetMuted(muted)
}

// Receives says whether this person hears or sees that source of somebody
// else: it is published and not muted, and this person is subscribed to it.
func (p *Person) Receives(identity string, source meet.Source) bool {
	other := p.room.GetParticipantByIdentity(identity)
	if other == nil {
		return false
	}
	pub := other.GetTrackPublication(trackSource(source))
	if pub == nil || pub.IsMuted() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.received[pub.SID()] // the SDK's own IsSubscribed is a data race
}

func (p *Person) subscribed(sid string, yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.received[sid] = yes
}

// Sees says whether this person knows that somebody else is in the room.
// LiveKit tells of those who publish nothing up to 3 s late.
func (p *Person) Sees(identity string) bool { return p.room.GetParticipantByIdentity(identity) != nil }

// Send sends a chat message, which is a reliable data packet.
func (p *Person) Send(message string) {
	p.tb.Helper()
	if err := p.room.LocalParticipant.PublishDataPacket(lksdk.UserData([]byte(message)), lksdk.WithDataPublishReliable(true)); err != nil {
		p.tb.Fatalf("send message: %v", err)
	}
}

func (p *Person) receive(data lksdk.DataPacket, _ lksdk.DataReceiveParams) {
	if user, ok := data.(*lksdk.UserDataPacket); ok {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.messages = append(p.messages, string(user.Payload))
	}
}

// Messages are the chat messages that have come so far.
func (p *Person) Messages() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.messages)
}

// WaitMessage waits until a chat message has come.
func (p *Person) WaitMessage(message string) {
	p.tb.Helper()
	Wait(p.tb, fmt.Sprintf("message %q", message), func() bool { return slices.Contains(p.Messages(), message) })
}

// Connected says whether this person has not been disconnected.
func (p *Person) Connected() bool {
	select {
	case <-p.gone:
		return false
	default:
		return p.room.ConnectionState() == lksdk.ConnectionStateConnected
	}
}

// WaitDisconnected waits until the server has thrown this person out, and
// says why: PARTICIPANT_REMOVED, ROOM_DELETED, DUPLICATE_IDENTITY and so on.
func (p *Person) WaitDisconnected() string {
	p.tb.Helper()
	select {
	case <-p.gone:
	case <-time.After(patience):
		p.tb.Fatalf("waited %v in vain: to be disconnected", patience)
	}
	return p.room.DisconnectReason().String()
}
