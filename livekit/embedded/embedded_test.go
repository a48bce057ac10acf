package embedded_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"roomkey/livekit"
	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
	"roomkey/meet"
)

func config() embedded.Config {
	return embedded.Config{APIKey: livekittest.APIKey, APISecret: livekittest.APISecret}
}

// start runs a server until the end of the test.
func start(t *testing.T, cfg embedded.Config) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(t.Context(), cfg)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *embedded.Server) {
	t.Helper()
	if err := s.Stop(context.Background()); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

// token makes a room at the server and lets somebody in.
func token(t *testing.T, s *embedded.Server, room, identity string) string {
	t.Helper()
	lk, err := livekit.New(livekit.Config{URL: s.URL(), APIKey: livekittest.APIKey, APISecret: livekittest.APISecret})
	if err != nil {
		t.Fatal(err)
	}
	if err := lk.EnsureRoom(t.Context(), meet.Room{ID: room}); err != nil {
		t.Fatal(err)
	}
	grants := meet.Grants{Publish: meet.Sources, Subscribe: true, Data: true}
	token, err := lk.Token(meet.Admission{Identity: identity, RoomID: room}, meet.Profile{Grants: grants}, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func port(t *testing.T, s *embedded.Server) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimPrefix(s.URL(), "http://127.0.0.1:"))
	if err != nil {
		t.Fatalf("URL %s is not on 127.0.0.1", s.URL())
	}
	return n
}

// outside is an address of this machine that is not the loopback's.
func outside(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	t.Skip("this machine has no address but the loopback's")
	return ""
}

func TestStartAnswersAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, config())
	resp, err := http.Get(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || s.UDPPort() == 0 {
		t.Errorf("status %s, UDP port %d", resp.Status, s.UDPPort())
	}
	select {
	case <-s.Done():
		t.Errorf("Done, err %v", s.Err())
	default:
	}
	if s.Err() != nil {
		t.Errorf("Err = %v while running", s.Err())
	}
}

func TestSignallingIsNotReachableFromOutside(t *testing.T) {
	t.Parallel()
	s := start(t, config())
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(outside(t), strconv.Itoa(port(t, s))), time.Second)
	if err == nil {
		conn.Close()
		t.Errorf("signalling and API can be reached at %s", conn.RemoteAddr())
	}
}

func TestServersLiveSideBySide(t *testing.T) {
	t.Parallel()
	servers := make([]*embedded.Server, 4)
	ports := make(map[int]bool)
	for i := range servers {
		servers[i] = start(t, config())
		ports[port(t, servers[i])], ports[servers[i].UDPPort()] = true, true
	}
	if len(ports) != 8 {
		t.Errorf("four servers have the ports %v", ports)
	}
	var all sync.WaitGroup
	for _, s := range servers {
		a := livekittest.Join(t, s.URL(), token(t, s, "room", "a"))
		b := livekittest.Join(t, s.URL(), token(t, s, "room", "b"))
		all.Go(func() {
			a.PublishMicrophone()
			livekittest.Wait(t, "b to hear a", func() bool { return b.Receives("a", meet.Microphone) })
		})
	}
	all.Wait()
}

func TestTakenPorts(t *testing.T) {
	t.Parallel()
	tcp, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	tcpPort := tcp.Addr().(*net.TCPAddr).Port
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	udpPort := udp.LocalAddr().(*net.UDPAddr).Port

	for setting, change := range map[string]func(*embedded.Config) int{
		"livekit.embedded.port":     func(c *embedded.Config) int { c.Port = tcpPort; return tcpPort },
		"livekit.embedded.udp_port": func(c *embedded.Config) int { c.UDPPort = udpPort; return udpPort },
		"livekit.embedded.tcp_port": func(c *embedded.Config) int { c.TCPPort = tcpPort; return tcpPort },
	} {
		cfg := config()
		want := change(&cfg)
		s, err := embedded.Start(t.Context(), cfg)
		if err == nil {
			stop(t, s)
			t.Errorf("%s: started on a port that is taken", setting)
			continue
		}
		var port *embedded.PortError
		if !errors.As(err, &port) || port.Setting != setting || port.Port != want {
			t.Errorf("%s: %v", setting, err)
		}
		for _, part := range []string{setting, strconv.Itoa(want), port.Network} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q does not name %s", err, part)
			}
		}
	}
}

func TestPreferredUDPPortMayBeTaken(t *testing.T) {
	t.Parallel()
	if c, err := net.ListenPacket("udp", "127.0.0.1:"+strconv.Itoa(embedded.PreferredUDPPort)); err == nil {
		defer c.Close()
	} // else somebody else has it, which does as well
	s := start(t, config())
	if s.UDPPort() == embedded.PreferredUDPPort || s.UDPPort() == 0 {
		t.Errorf("UDP port %d", s.UDPPort())
	}
	livekittest.Join(t, s.URL(), token(t, s, "room", "a"))
}

func TestBadConfig(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*embedded.Config){
		"no key":                    func(c *embedded.Config) { c.APIKey = "" },
		"short secret":              func(c *embedded.Config) { c.APISecret = "short" },
		"port too high":             func(c *embedded.Config) { c.UDPPort = 70000 },
		"negative port":             func(c *embedded.Config) { c.Port = -1 },
		"node ip no address":        func(c *embedded.Config) { c.NodeIP = "example.com" },
		"node ip unspecified":       func(c *embedded.Config) { c.NodeIP = "0.0.0.0" },
		"bind address no address":   func(c *embedded.Config) { c.BindAddress = "eth0" },
		"bind address not ours":     func(c *embedded.Config) { c.BindAddress = "203.0.113.9" },
		"own address no address":    func(c *embedded.Config) { c.MachineIP = "eth0" },
		"own address is loopback":   func(c *embedded.Config) { c.MachineIP = "127.0.0.2" },
		"own address, node ip too":  func(c *embedded.Config) { c.NodeIP, c.MachineIP = "192.0.2.2", "192.0.2.3" },
		"families that do not meet": func(c *embedded.Config) { c.NodeIP, c.BindAddress = "203.0.113.9", "::1" },
	} {
		cfg := config()
		change(&cfg)
		s, err := embedded.Start(t.Context(), cfg)
		if err == nil {
			stop(t, s)
			t.Errorf("%s: started", name)
		} else if strings.Contains(err.Error(), livekittest.APISecret) {
			t.Errorf("%s: the error tells the secret", name)
		}
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	s, err := embedded.Start(t.Context(), config())
	if err != nil {
		t.Fatal(err)
	}
	a := livekittest.Join(t, s.URL(), token(t, s, "room", "a"))
	a.PublishMicrophone()
	began := time.Now()
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { stop(t, s) })
	}
	both.Wait()
	if took := time.Since(began); took > time.Minute {
		t.Errorf("Stop took %v", took)
	}
	// Most clients are told SERVER_SHUTDOWN; the others find out and try again.
	livekittest.Wait(t, "the participant to notice", func() bool { return !a.Connected() })
	<-s.Done()
	if s.Err() != nil {
		t.Errorf("Err after a Stop = %v", s.Err())
	}
	stop(t, s)

	// Its ports are free, so it can start again where it was.
	again := config()
	again.Port, again.UDPPort = port(t, s), s.UDPPort()
	b := start(t, again)
	if b.URL() != s.URL() || b.UDPPort() != s.UDPPort() {
		t.Errorf("started again at %s and %d, want %s and %d", b.URL(), b.UDPPort(), s.URL(), s.UDPPort())
	}
	livekittest.Join(t, b.URL(), token(t, b, "room", "b"))
}

// LiveKit waits 5 s for somebody who has connected and said nothing.
func TestStopIsNotHeldUpForLong(t *testing.T) {
	t.Parallel()
	s, err := embedded.Start(t.Context(), config())
	if err != nil {
		t.Fatal(err)
	}
	silent, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	stop(t, s)
	began := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(ctx); err != nil || time.Since(began) > time.Minute {
		t.Errorf("Stop of what has stopped = %v after %v", err, time.Since(began))
	}
}

func TestStopRightAfterStart(t *testing.T) {
	t.Parallel()
	for range 3 {
		s, err := embedded.Start(t.Context(), config())
		if err != nil {
			t.Fatal(err)
		}
		stop(t, s)
	}
}

func TestStartCanBeGivenUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := embedded.Start(ctx, config())
	if err == nil {
		stop(t, s)
		t.Fatal("started although nobody wanted it any more")
	}
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestMediaGoesWhereItIsTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, node, bind, want string }{
		{"default", "", "", "127.0.0.1"},
		{"one address of this machine", outside(t), outside(t), outside(t)},
		{"another address, received on all", outside(t), "", outside(t)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := config()
			cfg.NodeIP, cfg.BindAddress = c.node, c.bind
			s := start(t, cfg)
			a := livekittest.Join(t, s.URL(), token(t, s, "room", "a"))
			b := livekittest.Join(t, s.URL(), token(t, s, "room", "b"))
			a.PublishMicrophone()
			livekittest.Wait(t, "b to hear a", func() bool { return b.Receives("a", meet.Microphone) })
			pair, err := a.Room().LocalParticipant.GetPublisherPeerConnection().SCTP().Transport().ICETransport().GetSelectedCandidatePair()
			if err != nil || pair == nil {
				t.Fatalf("no candidate pair: %v", err)
			}
			if pair.Remote.Address != c.want || int(pair.Remote.Port) != s.UDPPort() {
				t.Errorf("media goes to %s:%d, want %s:%d", pair.Remote.Address, pair.Remote.Port, c.want, s.UDPPort())
			}
		})
	}
}

func TestTCPFallbackIsOffered(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := config()
	cfg.TCPPort = l.Addr().(*net.TCPAddr).Port
	l.Close()
	s := start(t, cfg)
	candidates, _ := hello(t, s, token(t, s, "room", "a"))
	want := []string{"udp 127.0.0.1 " + strconv.Itoa(s.UDPPort()), "tcp 127.0.0.1 " + strconv.Itoa(cfg.TCPPort)}
	for _, w := range want {
		if !strings.Contains(strings.Join(candidates, "\n"), w) {
			t.Errorf("candidates %q, want %q among them", candidates, w)
		}
	}
}

// Media over TCP is received where all media is: while people are on this
// machine alone, not on its other addresses.
func TestTCPFallbackListensWhereUDPDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, node string
		outside    bool
	}{{"loopback", "", false}, {"every address", outside(t), true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "0.0.0.0:0")
			if err != nil {
				t.Fatal(err)
			}
			cfg := config()
			cfg.NodeIP, cfg.TCPPort = c.node, l.Addr().(*net.TCPAddr).Port
			l.Close()
			s := start(t, cfg)
			for address, want := range map[string]bool{"127.0.0.1": true, outside(t): c.outside} {
				conn, err := net.Dial("tcp", net.JoinHostPort(address, strconv.Itoa(cfg.TCPPort)))
				if (err == nil) != want {
					t.Errorf("connect to %s: got %v, want success %v", address, err, want)
				}
				if err == nil {
					conn.Close()
				}
			}
			stop(t, s)
			if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(cfg.TCPPort))); err != nil {
				t.Errorf("the port after the stop: %v, want it free", err)
			} else {
				l.Close()
			}
		})
	}
}

// Media gets through over TCP where UDP does not.
func TestMediaOverTCP(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := config()
	cfg.TCPPort = l.Addr().(*net.TCPAddr).Port
	l.Close()
	s := start(t, cfg)
	embedded.OnlyTCP(t, s)
	a := livekittest.Join(t, s.URL(), token(t, s, "room", "a"))
	b := livekittest.Join(t, s.URL(), token(t, s, "room", "b"))
	a.PublishMicrophone()
	livekittest.Wait(t, "b to hear a", func() bool { return b.Receives("a", meet.Microphone) })
}

func TestOnlyTheNodesAddressIsAdvertised(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.NodeIP = "203.0.113.7" // somebody else's, as behind a NAT
	s := start(t, cfg)
	candidates, iceServers := hello(t, s, token(t, s, "room", "a"))
	want := "udp 203.0.113.7 " + strconv.Itoa(s.UDPPort())
	for _, c := range candidates {
		if c != want {
			t.Errorf("candidate %q, want %q only", c, want)
		}
	}
	// LiveKit's default is to send everybody's browser to Google and Twilio.
	// The media port would be worse: no browser would hear it any more.
	for _, u := range iceServers {
		// Firefox makes no connection at all with a server on a port that it
		// blocks, as 9 is.
		if u != "stun:127.0.0.1:3478" {
			t.Errorf("participants are sent to %s", u)
		}
	}
}
