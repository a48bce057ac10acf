package embedded

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/livekit/livekit-server/pkg/config"
	"github.com/livekit/livekit-server/pkg/sfu"
	"github.com/livekit/mediatransportutil/pkg/rtcconfig"

	"roomkey/meet"
)

// httpAddress is where signalling and API listen. Clients reach them through a
// proxy that decides what may pass.
const httpAddress = "127.0.0.1"

// stunPort is where participants ask for their outer address: a port of their own
// machine on which nothing answers as a rule. It must be a port that browsers
// allow (Firefox makes no connection at all otherwise). It must not be the media
// port; otherSTUNPort is used where it would be.
const (
	stunPort      = 3478
	otherSTUNPort = 3479
)

// slowReceiver is in bits per second. Senders wait for a receiver that takes more;
// one that takes less misses what does not fit. Without it LiveKit keeps
// everything.
const slowReceiver = 256_000

// keyFrameInterval is the shortest time between two requests for a key frame of one
// size of a picture. Nobody sees a picture before a key frame. Of those who joined
// while somebody began to send, about one in three got none from the first request,
// and LiveKit's own setting lets the next one wait for a second. Browsers accept one
// request in 300 ms (kMinKeyframeSendIntervalMs in libwebrtc's
// encoder_rtcp_feedback.cc). LiveKit looks every 200 ms, so it asks every 400 ms.
const keyFrameInterval = 300 * time.Millisecond

// complete fills in what was left out.
func (c *Config) complete() {
	if c.NodeIP == "" {
		c.NodeIP = "127.0.0.1"
	}
	if c.OnLimit == nil {
		c.OnLimit = func(string) {}
	}
	if c.Limits == (meet.ParticipantLimits{}) {
		c.Limits = meet.DefaultParticipantLimits
	}
}

// bindAddress is where media is received: at NodeIP if that is a loopback
// address, else at every address of its family.
func (c *Config) bindAddress() netip.Addr {
	node := netip.MustParseAddr(c.NodeIP).Unmap()
	switch {
	case node.IsLoopback():
		return node
	case node.Is4():
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// livekit is LiveKit's configuration for c, with the ports that were found for it.
func (c *Config) livekit(port, udpPort int) (*config.Config, error) {
	// With the node's address given here, LiveKit does not look for it.
	conf, err := config.NewConfig(fmt.Sprintf("rtc: {node_ip: %q}", c.NodeIP), true, nil, nil)
	if err != nil {
		return nil, err
	}
	conf.Keys = map[string]string{c.APIKey: c.APISecret}
	conf.Port = uint32(port) //nolint:gosec // a port
	conf.BindAddresses = []string{httpAddress}

	// A token must not make a deleted room again.
	conf.Room.AutoCreate = false

	// Calls from one part of LiveKit to another stay in this process. A call
	// without an answer (its participant has just left) gets none later either.
	// LiveKit would try three times, for 15 s in all.
	conf.PSRPC.MaxAttempts = 1
	conf.PSRPC.Timeout = 2 * time.Second

	bind := c.bindAddress()
	rtc := &conf.RTC
	rtc.UDPPort = rtcconfig.PortRange{Start: udpPort}
	rtc.ICEPortRangeStart, rtc.ICEPortRangeEnd = 0, 0
	rtc.UseExternalIP = false
	// LiveKit binds every address of the machine that passes this filter, and
	// advertises each as the node's address.
	rtc.IPs.Includes = []string{prefix(bind).String()}
	if c.MachineIP != "" {
		machine := netip.MustParseAddr(c.MachineIP)
		rtc.IPs.Includes = append(rtc.IPs.Includes, prefix(machine).String())
		// Each of the two is advertised as itself. LiveKit reads A/B in either
		// place, whatever the family, as "A stands for the local address B".
		rtc.NodeIP.V4, rtc.NodeIP.V6 = c.NodeIP+"/"+c.NodeIP, c.MachineIP+"/"+c.MachineIP
	}
	rtc.EnableLoopbackCandidate = bind.IsLoopback()
	rtc.PLIThrottle = sfu.PLIThrottleConfig{
		LowQuality: keyFrameInterval, MidQuality: keyFrameInterval, HighQuality: keyFrameInterval,
	}
	rtc.DatachannelSlowThreshold = slowReceiver
	rtc.DatachannelLossyTargetLatency = 200 * time.Millisecond
	rtc.TCPPort = 0 // see useTCP
	fallback := c.TCPPort != 0
	rtc.AllowTCPFallback = &fallback

	// Without any STUN server LiveKit gives participants the addresses of
	// Google's and Twilio's, and LiveKit's clients for phones use those by
	// themselves where they are given none. Participants need none, because the
	// media port answers them directly, so they are given one where nothing
	// answers. It must not be the media port: browsers take everything that comes
	// from a STUN server's address for an answer of that server, and would never
	// get the media.
	stun := stunPort
	if udpPort == stun {
		stun = otherSTUNPort
	}
	rtc.STUNServers = []string{net.JoinHostPort(httpAddress, strconv.Itoa(stun))}
	return conf, nil
}

// prefix is addr alone, or every address of its family if it is unspecified.
func prefix(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.IsUnspecified() {
		bits = 0
	}
	return netip.PrefixFrom(addr, bits)
}
