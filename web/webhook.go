package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"roomkey/meet"
)

// What became of a webhook, as roomkey_webhooks_total counts it.
const (
	webhookAccepted = "accepted"
	webhookRepeated = "repeated" // handled before: a repetition or a replay
	webhookRefused  = "refused"  // forged, cut, or too old
	webhookFailed   = "failed"   // LiveKit is to send it again
)

// webhookBudget is how long handling one event may take altogether.
const webhookBudget = 5 * time.Second

// webhook handles an event of LiveKit and answers when that is done: LiveKit
// repeats what failed.
func (s *Server) webhook(w http.ResponseWriter, r *http.Request) error {
	outcome, err := s.handleWebhook(r)
	s.webhooks.WithLabelValues(outcome).Inc()
	if err == nil {
		w.WriteHeader(http.StatusOK)
	}
	return err
}

func (s *Server) handleWebhook(r *http.Request) (outcome string, _ error) {
	event, err := s.ReadWebhook(r)
	if err != nil {
		s.Log.LogAttrs(r.Context(), slog.LevelDebug, "webhook refused", slog.Any("err", err),
			slog.String("request_id", meet.RequestIDFrom(r.Context())))
		return webhookRefused, &meet.Error{Code: meet.CodeUnauthenticated,
			Message: "This webhook is not signed with our LiveKit key",
			Hint:    "Set webhook.api_key of LiveKit to the key that Roomkey uses."}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), webhookBudget) // no half changes
	defer cancel()
	switch err := s.Enforcer.HandleMediaEvent(ctx, event); {
	case errors.Is(err, meet.ErrRepeated):
		return webhookRepeated, &meet.Error{Code: meet.CodeConflict, Message: "This webhook was handled before"}
	case err != nil:
		s.Log.LogAttrs(ctx, slog.LevelWarn, "a webhook could not be handled", slog.String("event", string(event.Kind)),
			slog.Any("err", err), slog.String("request_id", meet.RequestIDFrom(ctx)))
		return webhookFailed, err
	}
	return webhookAccepted, nil
}
