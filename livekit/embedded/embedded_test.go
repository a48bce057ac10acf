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

	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
)

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
	elsewhere := net.JoinHostPort(outside(t), strconv.Itoa(port(t, s)))
	if conn, err := net.DialTimeout("tcp", elsewhere, time.Second); err == nil {
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
	for _, s := range servers {
		a, b := join(t, s)
		waitHears(t, a, b)
	}
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

	for setting, change := range map[string]func(*embedded.Config) (network string, port int){
		"livekit.embedded.port":     func(c *embedded.Config) (string, int) { c.Port = tcpPort; return "TCP", tcpPort },
		"livekit.embedded.udp_port": func(c *embedded.Config) (string, int) { c.UDPPort = udpPort; return "UDP", udpPort },
		"livekit.embedded.tcp_port": func(c *embedded.Config) (string, int) { c.TCPPort = tcpPort; return "TCP", tcpPort },
	} {
		cfg := config()
		network, port := change(&cfg)
		s, err := embedded.Start(t.Context(), cfg)
		if err == nil {
			stop(t, s)
			t.Errorf("%s: started on a port that is taken", setting)
			continue
		}
		for _, part := range []string{setting, network + " port " + strconv.Itoa(port)} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q does not name %s", err, part)
			}
		}
	}
}

func TestPreferredUDPPortMayBeTaken(t *testing.T) {
	t.Parallel()
	c, err := net.ListenPacket("udp", "127.0.0.1:"+strconv.Itoa(embedded.PreferredUDPPort))
	if err == nil {
		defer c.Close()
	} // else somebody else has it, who may give it up at any time
	s := start(t, config())
	if err == nil && s.UDPPort() == embedded.PreferredUDPPort || s.UDPPort() == 0 {
		t.Errorf("UDP port %d", s.UDPPort())
	}
	join(t, s)
}

func TestStop(t *testing.T) {
	t.Parallel()
	cfg := config()
	cfg.Port, cfg.UDPPort = freePort(t), freePort(t)
	s, err := embedded.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	a, b := join(t, s)
	waitHears(t, a, b)
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
	next := start(t, cfg)
	if next.URL() != s.URL() || next.UDPPort() != s.UDPPort() {
		t.Errorf("started again at %s and %d, want %s and %d", next.URL(), next.UDPPort(), s.URL(), s.UDPPort())
	}
	// Not as a or b: these still try to come back, and LiveKit disconnects the
	// older one of two with the same identity.
	livekittest.Join(t, next.URL(), token(t, next, "room", "c"))
}

// A client that has connected and says nothing does not hold up a stop, nor does
// one right after the start.
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
	stop(t, s) // of what has stopped
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
