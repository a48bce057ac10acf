package scribe

import (
	"errors"
	"fmt"
	"net"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/signalling"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"
	"google.golang.org/protobuf/proto"
)

// LiveKit's name of the channel on which nothing is lost.
const reliableChannel = "_reliable"

// maxEarly bounds the addresses of LiveKit that are kept until it has described the
// connection.
const maxEarly = 100

// peer is a peer connection in one direction. Its methods are called by the
// goroutine that reads.
type peer struct {
	*webrtc.PeerConnection
	early []webrtc.ICECandidateInit // came before the remote description
}

// connect begins both peer connections: LiveKit offers the one on which it sends.
func (p *Participant) connect(join *livekit.JoinResponse) (err error) {
	servers := webrtc.Configuration{ICEServers: signalling.FromProtoIceServers(join.GetIceServers())}
	if p.subscriber, err = p.newPeer(servers, livekit.SignalTarget_SUBSCRIBER); err != nil {
		return err
	}
	p.subscriber.OnDataChannel(func(channel *webrtc.DataChannel) {
		channel.OnMessage(p.receive)
		if channel.Label() == reliableChannel {
			channel.OnOpen(p.channelOpened)
		}
	})
	if p.publisher, err = p.newPeer(servers, livekit.SignalTarget_PUBLISHER); err != nil {
		return err
	}
	if p.reliable, err = p.publisher.CreateDataChannel(reliableChannel, nil); err != nil { // in order is the default
		return fmt.Errorf("make a data channel: %w", err)
	}
	p.reliable.OnBufferedAmountLow(func() {
		select {
		case p.drained <- struct{}{}:
		default:
		}
	})
	p.reliable.OnOpen(p.channelOpened)
	offer, err := p.publisher.CreateOffer(nil)
	if err == nil {
		err = p.publisher.SetLocalDescription(offer)
	}
	if err != nil {
		return fmt.Errorf("offer a connection: %w", err)
	}
	return p.write(&livekit.SignalRequest{Message: &livekit.SignalRequest_Offer{
		Offer: signalling.ToProtoSessionDescription(offer, 0, nil)}})
}

func (p *Participant) newPeer(config webrtc.Configuration, target livekit.SignalTarget) (*peer, error) {
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	if p.cfg.SameMachine {
		settings.SetIPFilter(net.IP.IsLoopback)
	}
	// No media comes, so there is nothing to report of it.
	noReports := webrtc.WithInterceptorRegistry(&interceptor.Registry{})
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings), noReports).NewPeerConnection(config)
	if err != nil {
		return nil, fmt.Errorf("make a peer connection: %w", err)
	}
	pc.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		if candidate != nil { // what cannot be written ends the connection by itself
			_ = p.write(&livekit.SignalRequest{Message: &livekit.SignalRequest_Trickle{
				Trickle: signalling.ToProtoTrickle(candidate.ToJSON(), target, false)}})
		}
	})
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateFailed {
			p.end(errors.New("the connection for data has failed"))
		}
	})
	return &peer{PeerConnection: pc}, nil
}

// channelOpened is called for each of the two channels.
func (p *Participant) channelOpened() {
	if p.open.Add(1) == 2 {
		close(p.ready)
	}
}

// receive gets what comes from others.
func (p *Participant) receive(message webrtc.DataChannelMessage) {
	packet := &livekit.DataPacket{}
	if p.cfg.OnPacket != nil && proto.Unmarshal(message.Data, packet) == nil {
		p.cfg.OnPacket(packet)
	}
}

// answer takes LiveKit's offer.
func (p *Participant) answer(offer *livekit.SessionDescription) error {
	if p.subscriber == nil {
		return nil
	}
	remote, id, _ := signalling.FromProtoSessionDescription(offer)
	if err := p.subscriber.setRemote(remote); err != nil {
		return err
	}
	answer, err := p.subscriber.CreateAnswer(nil)
	if err == nil {
		err = p.subscriber.SetLocalDescription(answer)
	}
	if err != nil {
		return fmt.Errorf("answer an offer: %w", err)
	}
	return p.write(&livekit.SignalRequest{Message: &livekit.SignalRequest_Answer{
		Answer: signalling.ToProtoSessionDescription(answer, id, nil)}})
}

// acceptAnswer takes LiveKit's answer to the offer of this side.
func (p *Participant) acceptAnswer(answer *livekit.SessionDescription) error {
	if p.publisher == nil {
		return nil
	}
	remote, _, _ := signalling.FromProtoSessionDescription(answer)
	return p.publisher.setRemote(remote)
}

// addCandidate takes one of LiveKit's addresses.
func (p *Participant) addCandidate(trickle *livekit.TrickleRequest) error {
	to := p.subscriber
	if trickle.GetTarget() == livekit.SignalTarget_PUBLISHER {
		to = p.publisher
	}
	if to == nil {
		return nil
	}
	candidate, err := signalling.FromProtoTrickle(trickle)
	if err != nil {
		return fmt.Errorf("read an address of LiveKit: %w", err)
	}
	to.addCandidate(candidate)
	return nil
}

func (p *peer) setRemote(description webrtc.SessionDescription) error {
	if err := p.SetRemoteDescription(description); err != nil {
		return fmt.Errorf("take a description of the connection: %w", err)
	}
	early := p.early
	p.early = nil
	for _, candidate := range early {
		p.addCandidate(candidate)
	}
	return nil
}

// addCandidate leaves out an address that is of no use here, such as one of a kind
// of network that this machine does not have.
func (p *peer) addCandidate(candidate webrtc.ICECandidateInit) {
	if p.RemoteDescription() != nil {
		_ = p.AddICECandidate(candidate)
	} else if len(p.early) < maxEarly {
		p.early = append(p.early, candidate)
	}
}

func (p *Participant) closePeers() {
	for _, peer := range []*peer{p.publisher, p.subscriber} {
		if peer != nil {
			_ = peer.Close()
		}
	}
}
