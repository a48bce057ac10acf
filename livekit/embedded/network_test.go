package embedded_test

import (
	"encoding/json"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	livekitpb "github.com/livekit/protocol/livekit"

	"roomkey/livekit/embedded"
)

// candidates are what the server tells a browser of itself, like "udp 127.0.0.1
// 7882", and where it sends the browser for more.
func candidates(t *testing.T, s *embedded.Server) (candidates, iceServers []string) {
	t.Helper()
	listen(t, dial(t, s, token(t, s, "room", "browser")), func(r *livekitpb.SignalResponse) bool {
		for _, server := range r.GetJoin().GetIceServers() {
			iceServers = append(iceServers, server.Urls...)
		}
		trickle := r.GetTrickle()
		if trickle == nil {
			return false
		}
		var init struct{ Candidate string }
		if err := json.Unmarshal([]byte(trickle.CandidateInit), &init); err != nil {
			t.Fatal(err)
		}
		// candidate:2878742611 1 udp 2130706431 127.0.0.1 7882 typ host
		if f := strings.Fields(init.Candidate); len(f) > 5 {
			candidates = append(candidates, strings.Join([]string{f[2], f[4], f[5]}, " "))
		}
		return trickle.Final
	})
	slices.Sort(candidates)
	return slices.Compact(candidates), iceServers
}

func TestMediaGoesWhereItIsTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, node, want string }{
		{"default", "", "127.0.0.1"},
		{"another address, received on all", outside(t), outside(t)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := config()
			cfg.NodeIP = c.node
			s := start(t, cfg)
			a, b := join(t, s)
			waitHears(t, a, b)
			ice := a.Room().LocalParticipant.GetPublisherPeerConnection().SCTP().Transport().ICETransport()
			pair, err := ice.GetSelectedCandidatePair()
			if err != nil || pair == nil {
				t.Fatalf("no candidate pair: %v", err)
			}
			if pair.Remote.Address != c.want || int(pair.Remote.Port) != s.UDPPort() {
				t.Errorf("media goes to %s:%d, want %s:%d", pair.Remote.Address, pair.Remote.Port, c.want, s.UDPPort())
			}
		})
	}
}

// Media over TCP is received where all media is: while people are on this
// machine alone, not on its other addresses. It gets through where UDP does not.
func TestMediaOverTCP(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, node, advertised string
		outside                bool
	}{{"loopback", "", "127.0.0.1", false}, {"every address", outside(t), outside(t), true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := config()
			cfg.NodeIP, cfg.TCPPort = c.node, freePort(t)
			s := start(t, cfg)
			tcpPort := strconv.Itoa(cfg.TCPPort)
			got, _ := candidates(t, s)
			for _, want := range []string{"udp " + c.advertised + " " + strconv.Itoa(s.UDPPort()),
				"tcp " + c.advertised + " " + tcpPort} {
				if !slices.Contains(got, want) {
					t.Errorf("candidates %q, want %q among them", got, want)
				}
			}
			for address, want := range map[string]bool{"127.0.0.1": true, outside(t): c.outside} {
				conn, err := net.Dial("tcp", net.JoinHostPort(address, tcpPort))
				if (err == nil) != want {
					t.Errorf("connect to %s: got %v, want success %v", address, err, want)
				}
				if err == nil {
					conn.Close()
				}
			}
			embedded.OnlyTCP(t, s)
			a, b := join(t, s)
			waitHears(t, a, b)
			stop(t, s)
			if l, err := net.Listen("tcp", "127.0.0.1:"+tcpPort); err != nil {
				t.Errorf("the port after the stop: %v, want it free", err)
			} else {
				l.Close()
			}
		})
	}
}

// Where any port will do, one is found though another program has the usual one.
func TestPreferredTCPPortMayBeTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(embedded.PreferredTCPPort))
	if err == nil {
		defer l.Close()
	} // else somebody else has it, who may give it up at any time
	cfg := config()
	cfg.TCPPort = embedded.AnyTCPPort
	s := start(t, cfg)
	if err == nil && s.TCPPort() == embedded.PreferredTCPPort || s.TCPPort() <= 0 {
		t.Errorf("TCP port %d", s.TCPPort())
	}
	if got, _ := candidates(t, s); !slices.Contains(got, "tcp 127.0.0.1 "+strconv.Itoa(s.TCPPort())) {
		t.Errorf("candidates %q, want the TCP port among them", got)
	}
}

// No other address is told than those that are configured, and nobody's browser
// is sent to Google or Twilio, as LiveKit does by default.
func TestAdvertisedAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, node, machine string
		want                []string
		receives            string // the second address, after the start
	}{
		{"behind a NAT", "203.0.113.7", "", []string{"203.0.113.7"}, ""},
		{"loopback and the machine's own", "", outside(t), []string{"127.0.0.1", outside(t)}, outside(t)},
		{"the machine's own is gone", "", "203.0.113.9", []string{"127.0.0.1"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := config()
			cfg.NodeIP, cfg.MachineIP = c.node, c.machine
			s := start(t, cfg)
			var want []string
			for _, address := range c.want {
				want = append(want, "udp "+address+" "+strconv.Itoa(s.UDPPort()))
			}
			slices.Sort(want)
			got, iceServers := candidates(t, s)
			if !slices.Equal(got, want) || s.MachineIP() != c.receives {
				t.Errorf("got %q and MachineIP %q, want %q and %q", got, s.MachineIP(), want, c.receives)
			}
			if len(iceServers) != 1 || iceServers[0] != "stun:127.0.0.1:3478" {
				t.Errorf("participants are sent to %s", iceServers)
			}
			if c.node == "" {
				join(t, s)
			}
		})
	}
}
