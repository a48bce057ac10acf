package embedded

import (
	"context"
	"time"

	"github.com/livekit/livekit-server/pkg/config"
	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/service"
	"github.com/livekit/livekit-server/pkg/telemetry"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/logger"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/protocol/utils"
	"github.com/livekit/protocol/webhook"
	"github.com/livekit/psrpc"
	"github.com/livekit/psrpc/pkg/middleware/otelpsrpc"
)

// assemble builds a LiveKit server for one node from LiveKit's exported parts,
// as service.InitializeServer does. That function has no place for a
// [sessionGate] or for limits. Agents, egress and TURN are left out.
func (s *Server) assemble(conf *config.Config, cfg Config) error {
	if err := checkFields(privateFields); err != nil {
		return err
	}
	node, err := routing.NewLocalNode(conf)
	if err != nil {
		return err
	}
	limits := &limiter{cfg.Limits, cfg.OnLimit}
	bus := psrpc.NewLocalMessageBus()
	params := rpc.NewClientParams(conf.PSRPC, bus, logger.GetLogger(), rpc.PSRPCMetricsObserver{},
		otelpsrpc.ClientOptions(otelpsrpc.Config{}))
	signalClient, err := routing.NewSignalClient(node.NodeID(), bus, conf.SignalRelay)
	if err != nil {
		return err
	}
	roomManagerClient, err := routing.NewRoomManagerClient(params, conf.Room)
	if err != nil {
		return err
	}
	router := routing.CreateRouter(nil, node, boundedSignals{signalClient, limits}, roomManagerClient, nil, conf.NodeStats)

	notifier := newNotifier(conf, cfg)
	s.onClose(func() { notifier.Stop(true) })
	events := telemetry.NewTelemetryService(notifier, telemetry.NewAnalyticsService(conf, node))
	notifier.RegisterProcessedHook(events.Webhook)

	gate := &sessionGate{authorize: cfg.Authorize}
	store := gatedStore{service.NewLocalStore(), gate}
	allocator, err := service.NewRoomAllocator(conf, router, store)
	if err != nil {
		return err
	}
	gate.store, gate.allocator = store, allocator
	api, err := newRoomService(conf, params, router, allocator, store)
	if err != nil {
		return err
	}

	// From here on the media port is bound.
	rooms, err := service.NewLocalRoomManager(conf, store, node, router, allocator, roomEvents{events, limits, gate}, nil,
		store.LocalStore, nil, utils.NewDefaultTimedVersionGenerator(), nil, bus, nil)
	if err != nil {
		return err
	}
	s.onClose(rooms.Stop)
	gate.rooms, s.rooms, s.gate = rooms, rooms, gate
	signals, err := service.NewSignalServer(node.NodeID(), node.Region(), bus, conf.SignalRelay, gate)
	if err != nil {
		return err
	}
	s.onClose(signals.Stop)
	keys := keyProvider{own: conf.Keys, other: cfg.OtherKey}
	rtc := service.NewRTCService(conf, allocator, router, events)
	s.http = newHTTPServer(rtc, gatedRoomService{api, gate}, keys, limits)
	s.onClose(func() {
		ctx, cancel := context.WithTimeout(context.Background(), requestsEndWithin)
		defer cancel()
		_ = s.http.Shutdown(ctx)
		_ = s.http.Close()
	})
	if err := router.Start(); err != nil {
		return err
	}
	return signals.Start()
}

func newRoomService(conf *config.Config, params rpc.ClientParams, router routing.Router,
	allocator service.RoomAllocator, store service.ServiceStore) (livekit.RoomService, error) {
	roomClient, err := rpc.NewTypedRoomClient(params)
	if err != nil {
		return nil, err
	}
	participantClient, err := rpc.NewTypedParticipantClient(params)
	if err != nil {
		return nil, err
	}
	return service.NewRoomService(conf.Limit, conf.API, router, allocator, store, nil, rpc.NewTopicFormatter(),
		roomClient, participantClient)
}

// newNotifier sends webhooks to this process. LiveKit's own patience with an
// address that does not answer, 15 s for each event, would outlive the server.
func newNotifier(conf *config.Config, cfg Config) webhook.QueuedNotifier {
	events := []string{"none"}
	if cfg.Webhook != "" { // those that say who is inside
		events = []string{webhook.EventParticipantJoined, webhook.EventParticipantLeft,
			webhook.EventParticipantConnectionAborted, webhook.EventRoomFinished}
	}
	return webhook.NewResourceURLNotifier(webhook.ResourceURLNotifierParams{
		URL:          cfg.Webhook,
		APIKey:       cfg.APIKey,
		APISecret:    cfg.APISecret,
		Logger:       logger.GetLogger().WithComponent("webhook"),
		Config:       conf.WebHook.ResourceURLNotifier,
		FilterParams: webhook.FilterParams{IncludeEvents: events},
		HTTPClientParams: webhook.HTTPClientParams{
			RetryWaitMin:  50 * time.Millisecond,
			RetryWaitMax:  500 * time.Millisecond,
			MaxRetries:    4,
			ClientTimeout: 6 * time.Second,
		},
	})
}
