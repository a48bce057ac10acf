package pagetest

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

// A proxy before the server that does something wrong.
const (
	passesAll = iota
	dropsUpgrades
	answers502
)

// behindProxy has browsers reach the server through a proxy that behaves as mode
// says. The line that it gives is that of the proxy.
func (s *testServer) behindProxy(mode *atomic.Int32) *line {
	s.t.Helper()
	origin, target := s.url, mustURL(s.url)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		if r.In.Header.Get("Origin") != "" {
			r.Out.Header.Set("Origin", origin)
		}
		if mode.Load() == dropsUpgrades {
			r.Out.Header.Del("Upgrade")
			r.Out.Header.Del("Connection")
		}
	}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if mode.Load() == answers502 && strings.HasPrefix(r.URL.Path, "/rtc") {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	line := &line{Listener: server.Listener}
	server.Listener = line
	server.Start()
	s.t.Cleanup(server.Close)
	s.url = server.URL
	return line
}

// stuck is somebody whose call does not come about, in one language.
type stuck struct {
	*tab
	language, axe   string
	name, join, try string // the words for them
}

// openStuck gives one who reads English, and one who reads German.
func (s *testServer) openStuck() [2]stuck {
	s.t.Helper()
	axe := readAxe(s.t)
	both := [2]stuck{{s.open(phone), "en", axe, "Your name", "Join", "Try again"},
		{s.open(phone), "de", axe, "Dein Name", "Beitreten", "Noch einmal versuchen"}}
	both[1].speakGerman()
	return both
}

func (p stuck) enter(code string) {
	p.t.Helper()
	p.visit("/join/" + code)
	p.screen("prejoin")
	p.fill(p.name, "Bob")
	p.press(p.join)
}

// reads waits for a message, whose words are in the person's language, and which axe-core
// has nothing to say against.
func (p stuck) reads(message string, words [2]string) {
	p.t.Helper()
	text := words[0]
	if p.language == "de" {
		text = words[1]
	}
	p.message(message, text)
	p.look(message+"-"+p.language+"-360", p.axe)
}

// The page says of a call that does not come about what the browser could reach
// and what not, and the same page leads in when the way is free.
func TestTheWayToTheServer(t *testing.T) {
	t.Parallel()
	s := setup(t)
	_, codes := s.room(meet.RoomChange{})
	var mode atomic.Int32
	line := s.behindProxy(&mode)
	both := s.openStuck()
	all := func(do func(stuck)) {
		t.Helper()
		for _, one := range both {
			do(one)
		}
	}
	again := func(p stuck) { p.press(p.try) }
	mode.Store(dropsUpgrades)
	all(func(p stuck) { p.enter(codes["guest"]) })
	all(func(p stuck) {
		p.reads("websocket", [2]string{
			"Your browser reaches the server, but the WebSocket that every call needs did not open.",
			"Dein Browser erreicht den Server, aber der WebSocket, den jeder Anruf braucht, wurde nicht geöffnet."})
	})
	mode.Store(answers502)
	all(again)
	all(func(p stuck) {
		p.reads("unavailable", [2]string{"The server answers, but it could not bring you into the call.",
			"Der Server antwortet, konnte dich aber nicht in den Anruf bringen."})
	})
	line.cut()
	all(again)
	all(func(p stuck) {
		p.reads("unreached", [2]string{"Your browser gets no answer from it.", "Dein Browser bekommt keine Antwort von ihm."})
	})
	line.mend()
	mode.Store(passesAll)
	all(again)
	all(func(p stuck) { p.screen("call") })
}

// A certificate that the browser does not take looks to a page like a server that
// is not there, and the page says no more than that.
func TestTheCertificateOfTheMediaServer(t *testing.T) {
	t.Parallel()
	needsBrowser(t)
	livekit, err := sharedLiveKit()
	must(t, err)
	proxy := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(mustURL(livekit)))
	t.Cleanup(proxy.Close)
	s := setupElsewhere(t, livekit, "wss"+strings.TrimPrefix(proxy.URL, "https"))
	_, codes := s.room(meet.RoomChange{})
	bob := s.openIn(strict, phone)
	bob.visit("/join/" + codes["guest"])
	bob.ask("Bob")
	bob.message("mediaserver", "The media server cannot be reached")
	bob.wait("a link to the media server", control(proxy.URL)+`?.href === `+quote(proxy.URL+"/"))
	bob.look("mediaserver-360", readAxe(t))
	careless := s.open(phone)
	careless.join(codes["guest"], "Carol")
}

// otherLoopback is an address of this machine at which no LiveKit listens.
const otherLoopback = "127.0.0.3"

// Signalling works, and media does not get through: either nothing does, or only
// what finds the way (STUN), and not what encrypts it (DTLS). Browsers try for 15 s,
// so both do at the same time.
func TestTheWayOfSoundAndPicture(t *testing.T) {
	t.Parallel()
	needsBrowser(t)
	axe := readAxe(t)
	open := func() (*livekittest.Server, *tab) {
		livekit := livekittest.StartServer(t, livekittest.ServerOptions{MediaIP: otherLoopback})
		s := setupElsewhere(t, livekit.URL(), "ws"+strings.TrimPrefix(livekit.URL(), "http"))
		_, codes := s.room(meet.RoomChange{})
		bob := s.open(phone)
		bob.visit("/join/" + codes["guest"])
		return livekit, bob
	}
	blocked, bob := open()
	bob.ask("Bob")
	relayed, carol := open()
	relaySTUN(t, relayed.UDPPort())
	carol.ask("Carol")

	bob.message("noudp", "came about by UDP, and the server offers no other")
	carol.message("nodtls", "the encrypted connection for them (DTLS) did not come about")
	for tab, livekit := range map[*tab]*livekittest.Server{bob: blocked, carol: relayed} {
		tab.see("Sound and picture do not get through")
		tab.see("Your browser is Chrome")
		tab.see(fmt.Sprintf("udp %s:%d", otherLoopback, livekit.UDPPort()))
		tab.consoleHas("no connection for sound and picture")
		tab.look(eval[string](tab, `document.querySelector("main").dataset.message`)+"-360", axe)
	}
}

// relaySTUN passes STUN messages, and nothing else, from a port of otherLoopback to
// that of 127.0.0.1 and back.
func relaySTUN(t *testing.T, port int) {
	t.Helper()
	front, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(otherLoopback), Port: port})
	must(t, err)
	var running sync.WaitGroup
	backs := map[string]*net.UDPConn{}
	running.Go(func() {
		defer func() {
			for _, back := range backs {
				_ = back.Close()
			}
		}()
		packet := make([]byte, 2048)
		for {
			n, from, err := front.ReadFromUDP(packet)
			if err != nil {
				return
			}
			if !isSTUN(packet[:n]) {
				continue
			}
			back := backs[from.String()]
			if back == nil {
				if back, err = net.DialUDP("udp", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}); err != nil {
					return
				}
				backs[from.String()] = back
				running.Go(func() { passSTUN(back, front, from) })
			}
			_, _ = back.Write(packet[:n])
		}
	})
	t.Cleanup(func() { _ = front.Close(); running.Wait() })
}

// passSTUN passes on what comes back.
func passSTUN(back, front *net.UDPConn, to *net.UDPAddr) {
	packet := make([]byte, 2048)
	for {
		n, err := back.Read(packet)
		if err != nil {
			return
		}
		if isSTUN(packet[:n]) {
			_, _ = front.WriteToUDP(packet[:n], to)
		}
	}
}

// isSTUN tells STUN from DTLS and media by the first byte (RFC 7983).
func isSTUN(packet []byte) bool { return len(packet) > 0 && packet[0] < 4 }
