package livekit

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/twitchtv/twirp"
	"golang.org/x/sync/errgroup"
)

const (
	// soon is when who is connected has answered as a rule. Who has not is asked again
	// before it counts for anything, unless it is known as lost already.
	soon = 500 * time.Millisecond

	asksAtOnce  = 64 // in one room
	asksForLost = 8  // in one room
)

// livenessAsks are the connections that one check asks, and their answers.
type livenessAsks struct {
	begun    time.Time
	unknown  []*livekit.ParticipantInfo // asked one by one
	vouching []*livekit.ParticipantInfo // one of them is asked for all
	lost     []*livekit.ParticipantInfo // some of them are asked whether they are back

	mu      sync.Mutex
	answers map[string]bool // by SID: whether it is connected
}

func (a *livenessAsks) answer(connected bool, people ...*livekit.ParticipantInfo) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range people {
		a.answers[p.GetSid()] = connected
	}
}

// runCheck asks LiveKit. An error means that somebody could not be asked.
func (s *Server) runCheck(roomID string, asks *livenessAsks) error {
	ctx, cancel := context.WithTimeout(lksdk.WithFailover(s.liveness.ctx, false), checkBudget)
	defer cancel()
	select {
	case s.liveness.slots <- struct{}{}:
		defer func() { <-s.liveness.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	unknown := asks.unknown
	if n := len(asks.vouching); n > 0 {
		if s.answersSoon(ctx, roomID, asks.vouching[rand.IntN(n)]) { //nolint:gosec // no secret
			asks.answer(true, asks.vouching...)
		} else {
			unknown = append(unknown, asks.vouching...)
		}
	}
	if len(asks.lost) > 0 {
		if s.anyAnswersSoon(ctx, roomID, asks.lost) {
			unknown = append(unknown, asks.lost...)
		} else {
			asks.answer(false, asks.lost...)
		}
	}
	return s.askEach(ctx, roomID, asks, unknown)
}

// askEach finds out who of the people is connected: nobody if no node has the room.
func (s *Server) askEach(ctx context.Context, roomID string, asks *livenessAsks,
	people []*livekit.ParticipantInfo) error {
	if len(people) > 1 {
		lives, err := s.roomLives(ctx, roomID)
		if err != nil {
			return err
		}
		if !lives {
			asks.answer(false, people...)
			return nil
		}
	}
	var group errgroup.Group
	group.SetLimit(asksAtOnce)
	for _, p := range people {
		group.Go(func() error {
			connected, err := hasAnswered(ask(ctx, s, twice, s.askParticipant(roomID, p)))
			if err == nil {
				asks.answer(connected, p)
			}
			return err
		})
	}
	return group.Wait()
}

// roomLives says whether a node has the room, by a question that only that node
// answers.
func (s *Server) roomLives(ctx context.Context, roomID string) (bool, error) {
	return hasAnswered(ask(ctx, s, twice, func(ctx context.Context) (*livekit.ListAgentDispatchResponse, error) {
		return s.dispatches.ListDispatch(ctx, &livekit.ListAgentDispatchRequest{Room: roomID})
	}))
}

// askParticipant is a call that only the node answers to which the participant is
// connected: it changes the subscriptions to no tracks.
func (s *Server) askParticipant(
	roomID string, p *livekit.ParticipantInfo,
) func(context.Context) (*livekit.UpdateSubscriptionsResponse, error) {
	return func(ctx context.Context) (*livekit.UpdateSubscriptionsResponse, error) {
		return s.rooms.UpdateSubscriptions(ctx,
			&livekit.UpdateSubscriptionsRequest{Room: roomID, Identity: p.GetIdentity()})
	}
}

// hasAnswered says what the answer to a question means. A server that does not know
// the question is believed what it lists.
func hasAnswered[T any](_ T, err error) (bool, error) {
	switch {
	case err == nil || isCode(err, twirp.BadRoute, twirp.Unimplemented):
		return true, nil
	case isNotFound(err) || isNoResponse(err):
		return false, nil
	}
	return false, err
}

// answersSoon says whether somebody is certainly connected.
func (s *Server) answersSoon(ctx context.Context, roomID string, p *livekit.ParticipantInfo) bool {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	connected, err := hasAnswered(s.askParticipant(roomID, p)(ctx))
	return err == nil && connected
}

// anyAnswersSoon says whether one of some of the people is certainly connected.
func (s *Server) anyAnswersSoon(ctx context.Context, roomID string, people []*livekit.ParticipantInfo) bool {
	var group sync.WaitGroup
	answers := make(chan bool, asksForLost)
	for _, i := range rand.Perm(len(people))[:min(len(people), asksForLost)] { //nolint:gosec // no secret
		group.Go(func() { answers <- s.answersSoon(ctx, roomID, people[i]) })
	}
	group.Wait()
	close(answers)
	any := false
	for answered := range answers {
		any = any || answered
	}
	return any
}
