package embedded

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/livekit/livekit-server/pkg/config"
	"github.com/livekit/mediatransportutil/pkg/rtcconfig"
	"github.com/livekit/protocol/webhook"
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

// complete fills in what was left out and says what is wrong.
func (c *Config) complete() error {
	if c.APIKey == "" {
		return errors.New("LiveKit's API key is missing")
	}
	if len(c.APISecret) < minSecret {
		return fmt.Errorf("LiveKit's API secret must have at least %d characters", minSecret)
	}
	ports := map[string]int{settingPort: c.Port, settingUDPPort: c.UDPPort, settingTCPPort: c.TCPPort}
	for setting, port := range ports {
		if port < 0 || port > 65535 {
			return fmt.Errorf("%s must be between 0 and 65535, not %d", setting, port)
		}
	}
	if c.OnLimit == nil {
		c.OnLimit = func(string) {}
	}
	if c.NodeIP == "" {
		c.NodeIP = "127.0.0.1"
	}
	node, ok := parseAddress(c.NodeIP)
	if !ok || node.IsUnspecified() {
		return fmt.Errorf("%s must be an IP address that participants can reach, not %q", settingNodeIP, c.NodeIP)
	}
	c.NodeIP = node.String()
	if c.BindAddress == "" {
		c.BindAddress = unspecified(node)
		if node.IsLoopback() {
			c.BindAddress = c.NodeIP
		}
	}
	bind, ok := parseAddress(c.BindAddress)
	if !ok {
		return fmt.Errorf("%s must be an IP address of this machine, not %q", settingBind, c.BindAddress)
	}
	if c.BindAddress = bind.String(); bind.Is4() != node.Is4() {
		return fmt.Errorf("%s %s and %s %s must be of the same family",
			settingBind, c.BindAddress, settingNodeIP, c.NodeIP)
	}
	if c.MachineIP == "" {
		return nil
	}
	machine, ok := parseAddress(c.MachineIP)
	if !ok || machine.IsUnspecified() || machine.IsLoopback() {
		return fmt.Errorf("the machine's own address must be an IP address that is not loopback, not %q", c.MachineIP)
	}
	if !node.IsLoopback() || bind != node {
		return fmt.Errorf("the machine's own address %s needs a loopback address beside it, not %s", c.MachineIP, node)
	}
	c.MachineIP = machine.String()
	return nil
}

// parseAddress reads an IP address without a zone.
func parseAddress(text string) (address netip.Addr, ok bool) {
	address, err := netip.ParseAddr(text)
	return address.Unmap(), err == nil && address.Zone() == ""
}

// unspecified is the address that means every one of a's family.
func unspecified(a netip.Addr) string {
	if a.Is4() {
		return netip.IPv4Unspecified().String()
	}
	return netip.IPv6Unspecified().String()
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

	if c.Webhook != "" {
		conf.WebHook.URLs, conf.WebHook.APIKey = []string{c.Webhook}, c.APIKey
		// Only the events that say who is inside.
		conf.WebHook.FilterParams.IncludeEvents = []string{webhook.EventParticipantJoined,
			webhook.EventParticipantLeft, webhook.EventParticipantConnectionAborted, webhook.EventRoomFinished}
	}

	// A token must not make a deleted room again.
	conf.Room.AutoCreate = false

	// Calls from one part of LiveKit to another stay in this process. A call
	// without an answer (its participant has just left) gets none later either.
	// LiveKit would try three times, for 15 s in all.
	conf.PSRPC.MaxAttempts = 1
	conf.PSRPC.Timeout = 2 * time.Second

	bind := netip.MustParseAddr(c.BindAddress)
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
