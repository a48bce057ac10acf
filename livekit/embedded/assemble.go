package embedded

import (
	"errors"
	"time"

	"github.com/livekit/livekit-server/pkg/agent"
	"github.com/livekit/livekit-server/pkg/config"
	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/service"
	"github.com/livekit/livekit-server/pkg/telemetry"
	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/logger"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/protocol/utils"
	"github.com/livekit/protocol/webhook"
	"github.com/livekit/psrpc"
	"github.com/livekit/psrpc/pkg/middleware/otelpsrpc"
)

// clients are how the parts of LiveKit call each other over the bus.
type clients struct {
	signal      routing.SignalClient
	roomManager routing.RoomManagerClient
	room        rpc.TypedRoomClient
	participant rpc.TypedParticipantClient
	dispatch    rpc.TypedAgentDispatchInternalClient
	whip        rpc.TypedWHIPParticipantClient
	egress      rpc.EgressClient
	ingress     rpc.IngressClient
	sip         rpc.SIPClient
	agent       agent.Client
}

func newClients(conf *config.Config, node routing.LocalNode, bus psrpc.MessageBus, params rpc.ClientParams) (clients, error) {
	var c clients
	var errs [10]error
	signal, err := routing.NewSignalClient(node.NodeID(), bus, conf.SignalRelay)
	c.signal, errs[0] = honestSignals{signal}, err
	c.roomManager, errs[1] = routing.NewRoomManagerClient(params, conf.Room)
	c.room, errs[2] = rpc.NewTypedRoomClient(params)
	c.participant, errs[3] = rpc.NewTypedParticipantClient(params)
	c.dispatch, errs[4] = rpc.NewTypedAgentDispatchInternalClient(params)
	c.whip, errs[5] = rpc.NewTypedWHIPParticipantClient(params)
	c.egress, errs[6] = rpc.NewEgressClient(params)
	c.ingress, errs[7] = rpc.NewIngressClient(params)
	c.sip, errs[8] = rpc.NewSIPClientWithParams(params)
	c.agent, errs[9] = agent.NewAgentClient(bus, conf.Agents)
	return c, errors.Join(errs[:]...)
}

// newNotifier sends webhooks to this process. LiveKit's own patience with an
// address that does not answer, 15 s for each event, would outlive the server.
func newNotifier(conf *config.Config) webhook.QueuedNotifier {
	params := webhook.ResourceURLNotifierParams{
		APIKey: conf.WebHook.APIKey, APISecret: conf.Keys[conf.WebHook.APIKey], Logger: logger.GetLogger().WithComponent("webhook"),
		Config: conf.WebHook.ResourceURLNotifier, FilterParams: conf.WebHook.FilterParams,
		HTTPClientParams: webhook.HTTPClientParams{RetryWaitMin: 50 * time.Millisecond, RetryWaitMax: 500 * time.Millisecond, MaxRetries: 4, ClientTimeout: 6 * time.Second},
	}
	if len(conf.WebHook.URLs) > 0 {
		params.URL = conf.WebHook.URLs[0]
	} else {
		params.FilterParams = webhook.FilterParams{IncludeEvents: []string{"none"}}
	}
	return webhook.NewResourceURLNotifier(params)
}

// assemble builds a LiveKit server for one node. It is what LiveKit's own
// service.InitializeServer does, which has no way in for a [door].
//
// Ingress, egress, SIP and agents need Redis and workers of their own, and are
// there only because the server does not do without them.
//
// stop ends what the server leaves running.
func assemble(conf *config.Config, node routing.LocalNode, keys auth.KeyProvider, enter enterFunc) (server *service.LivekitServer, stop func(), err error) {
	bus := psrpc.NewLocalMessageBus()
	params := rpc.NewClientParams(conf.PSRPC, bus, logger.GetLogger(), rpc.PSRPCMetricsObserver{}, otelpsrpc.ClientOptions(otelpsrpc.Config{}))
	c, err := newClients(conf, node, bus, params)
	if err != nil {
		return nil, nil, err
	}
	notifier := newNotifier(conf)
	events := telemetry.NewTelemetryService(notifier, telemetry.NewAnalyticsService(conf, node))
	notifier.RegisterProcessedHook(events.Webhook)
	info, err := service.NewIOInfoService(bus, nil, nil, nil, events)
	if err != nil {
		return nil, nil, err
	}

	door := newDoor(enter)
	store := door.watch(service.NewLocalStore())
	router := routing.CreateRouter(nil, node, c.signal, c.roomManager, nil, conf.NodeStats)
	allocator, err := service.NewRoomAllocator(conf, router, store)
	if err != nil {
		return nil, nil, err
	}
	allocator = door.allocator(allocator)
	topics := rpc.NewTopicFormatter()
	launcher := service.NewEgressLauncher(c.egress, info, store)
	turnAuth := service.NewTURNAuthHandler(keys)

	rooms, err := service.NewRoomService(conf.Limit, conf.API, router, allocator, store, launcher, topics, c.room, c.participant)
	if err != nil {
		return nil, nil, err
	}
	whip, err := service.NewWHIPService(conf, router, noWHIP{allocator}, params, topics, c.whip)
	if err != nil {
		return nil, nil, err
	}
	agents, err := service.NewAgentService(conf, node, bus, keys)
	if err != nil {
		return nil, nil, err
	}
	// From here on the ports of media are bound.
	manager, err := service.NewLocalRoomManager(conf, store, node, router, allocator, door.honestly(events), c.agent, store.LocalStore,
		launcher, utils.NewDefaultTimedVersionGenerator(), turnAuth, bus, nil)
	if err != nil {
		return nil, nil, err
	}
	door.rooms = manager
	signals, err := service.NewSignalServer(node.NodeID(), node.Region(), bus, conf.SignalRelay, door)
	if err != nil {
		return nil, nil, err
	}
	server, err = service.NewLivekitServer(conf,
		door.roomService(rooms),
		service.NewAgentDispatchService(conf.Limit, c.dispatch, topics, allocator, router),
		service.NewEgressService(c.egress, launcher, info, rooms),
		service.NewIngressService(&conf.Ingress, node.NodeID(), bus, c.ingress, nil, info, events),
		service.NewSIPService(&conf.SIP, node.NodeID(), bus, c.sip, nil, rooms, events),
		info,
		service.NewRTCService(conf, allocator, router, events),
		whip, agents, keys, router, manager, signals, nil, node)
	return server, func() { notifier.Stop(true) }, err
}
