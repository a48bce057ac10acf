package embedded

import (
	"errors"
	"time"

	"github.com/livekit/livekit-server/pkg/agent"
	"github.com/livekit/livekit-server/pkg/config"
	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/service"
	"github.com/livekit/livekit-server/pkg/telemetry"
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
	egress      rpc.EgressClient
	agent       agent.Client
}

func newClients(conf *config.Config, node routing.LocalNode, bus psrpc.MessageBus, params rpc.ClientParams) (clients, error) {
	var c clients
	var errs [6]error
	signal, err := routing.NewSignalClient(node.NodeID(), bus, conf.SignalRelay)
	c.signal, errs[0] = honestSignals{signal}, err
	c.roomManager, errs[1] = routing.NewRoomManagerClient(params, conf.Room)
	c.room, errs[2] = rpc.NewTypedRoomClient(params)
	c.participant, errs[3] = rpc.NewTypedParticipantClient(params)
	c.egress, errs[4] = rpc.NewEgressClient(params)
	c.agent, errs[5] = agent.NewAgentClient(bus, conf.Agents)
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
// service.InitializeServer does, which has no way in for a [door] and no limits.
//
// Egress and agents need Redis and workers of their own, and are there only
// because rooms do not do without them.
//
// stop ends what the server leaves running.
func assemble(conf *config.Config, local routing.LocalNode, c Config) (server liveKit, stop func(), err error) {
	if err := insideFits(); err != nil {
		return nil, nil, err
	}
	limits := newLimiter(c)
	boundBuffers(&conf.RTC)
	bus := psrpc.NewLocalMessageBus()
	params := rpc.NewClientParams(conf.PSRPC, bus, logger.GetLogger(), rpc.PSRPCMetricsObserver{}, otelpsrpc.ClientOptions(otelpsrpc.Config{}))
	clients, err := newClients(conf, local, bus, params)
	if err != nil {
		return nil, nil, err
	}
	clients.signal = limits.signals(clients.signal)
	keys := keyProvider{own: conf.Keys, other: c.OtherKey}
	notifier := newNotifier(conf)
	events := telemetry.NewTelemetryService(notifier, telemetry.NewAnalyticsService(conf, local))
	notifier.RegisterProcessedHook(events.Webhook)
	info, err := service.NewIOInfoService(bus, nil, nil, nil, events)
	if err != nil {
		return nil, nil, err
	}

	door := newDoor(c.Authorize)
	store := door.watch(service.NewLocalStore())
	router := routing.CreateRouter(nil, local, clients.signal, clients.roomManager, nil, conf.NodeStats)
	allocator, err := service.NewRoomAllocator(conf, router, store)
	if err != nil {
		return nil, nil, err
	}
	allocator = door.allocator(allocator)
	topics := rpc.NewTopicFormatter()
	launcher := service.NewEgressLauncher(clients.egress, info, store)
	turnAuth := service.NewTURNAuthHandler(keys)

	rooms, err := service.NewRoomService(conf.Limit, conf.API, router, allocator, store, launcher, topics, clients.room,
		clients.participant)
	if err != nil {
		return nil, nil, err
	}
	// From here on the ports of media are bound.
	manager, err := service.NewLocalRoomManager(conf, store, local, router, allocator,
		limits.events(door.honestly(events), door), clients.agent, store.LocalStore,
		launcher, utils.NewDefaultTimedVersionGenerator(), turnAuth, bus, nil)
	if err != nil {
		return nil, nil, err
	}
	door.rooms = manager
	signals, err := service.NewSignalServer(local.NodeID(), local.Region(), bus, conf.SignalRelay, door)
	if err != nil {
		return nil, nil, err
	}
	server = newNode(&node{conf: conf, local: local, router: router, rooms: manager, signals: signals,
		rtc: service.NewRTCService(conf, allocator, router, events)}, door.roomService(rooms), keys, limits)
	return server, func() { notifier.Stop(true) }, nil
}
