package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/output"
	"roomkey/meet"
	"roomkey/store"
)

// listedEndpoint is what list shows of an endpoint. The secret is not in it.
type listedEndpoint struct {
	ID           string           `json:"id"`
	URL          string           `json:"url"`
	Kinds        []meet.EventKind `json:"kinds,omitempty"`
	Configured   bool             `json:"configured"`
	CreatedAt    time.Time        `json:"created_at"`
	PendingRooms int              `json:"pending_rooms"`
	PendingSince time.Time        `json:"pending_since,omitzero"`
}

func webhookListCommand() *cobra.Command {
	var asJSON bool
	c := onWebhooks(&cobra.Command{
		Use:   "list",
		Short: "List the endpoints, and since when events wait for them",
		Args:  exactArgs(0),
	}, true, func(cmd *cobra.Command, _ config.Config, hooks *store.Webhooks, _ []string) error {
		endpoints, err := hooks.List(cmd.Context())
		if err != nil {
			return err
		}
		listed := []listedEndpoint{}
		for _, e := range endpoints {
			listed = append(listed, listedEndpoint{ID: e.ID, URL: e.URL, Kinds: e.Kinds, Configured: e.Configured,
				CreatedAt: e.CreatedAt, PendingRooms: e.Rooms, PendingSince: e.Since})
		}
		var rows [][]string
		for _, e := range listed {
			by := "command"
			if e.Configured {
				by = "config"
			}
			var kinds []string
			for _, kind := range e.Kinds {
				kinds = append(kinds, string(kind))
			}
			rows = append(rows, []string{e.ID, e.URL, cmp.Or(strings.Join(kinds, ","), "all"), by,
				output.Time(e.CreatedAt), output.Time(e.PendingSince)})
		}
		return output.List(cmd.OutOrStdout(), asJSON, listed,
			[]string{"ID", "URL", "KINDS", "BY", "CREATED", "PENDING SINCE"}, rows)
	})
	c.Flags().BoolVar(&asJSON, "json", false,
		"print a JSON list of {id, url, kinds, configured, created_at, pending_rooms, pending_since}")
	return c
}

// listedDelivery is what deliveries shows.
type listedDelivery struct {
	EndpointID string            `json:"endpoint_id"`
	EventID    string            `json:"event_id"`
	Type       meet.EventAction  `json:"type,omitempty"` // empty if the event was deleted
	RoomID     string            `json:"room_id"`
	RoomName   string            `json:"room_name,omitempty"`
	State      meet.WebhookState `json:"state"`
	Attempts   int               `json:"attempts"`
	Status     int               `json:"status,omitempty"`
	Problem    string            `json:"problem,omitempty"`
	TakenAt    time.Time         `json:"taken_at"`
	DoneAt     time.Time         `json:"done_at,omitzero"`
	NextAt     time.Time         `json:"next_at,omitzero"`
}

func webhookDeliveriesCommand() *cobra.Command {
	var asJSON bool
	var state string
	var limit int
	c := onWebhooks(&cobra.Command{
		Use:   "deliveries ENDPOINT",
		Short: "List what an endpoint was told and what it waits for, newest events first",
		Args:  exactArgs(1),
	}, false, func(cmd *cobra.Command, _ config.Config, hooks *store.Webhooks, args []string) error {
		switch {
		case state != "" && !slices.Contains(meet.WebhookStates, meet.WebhookState(state)):
			return meet.Invalid("state", "--state must be pending, delivered or failed", "")
		case limit < 1 || limit > 10_000:
			return meet.Invalid("limit", "--limit must be between 1 and 10000", "")
		}
		e, err := endpointOf(cmd.Context(), hooks, args[0])
		if err != nil {
			return err
		}
		found, err := hooks.Deliveries(cmd.Context(),
			meet.DeliveryQuery{EndpointID: e.ID, State: meet.WebhookState(state), Limit: limit})
		if err != nil {
			return err
		}
		listed := []listedDelivery{}
		for _, d := range found {
			listed = append(listed, listedDelivery{EndpointID: d.EndpointID, EventID: strconv.FormatInt(d.EventID, 10),
				Type: d.Event.Action, RoomID: d.RoomID, RoomName: d.Event.RoomName, State: d.State, Attempts: d.Attempts,
				Status: d.Status, Problem: d.Problem, TakenAt: d.TakenAt, DoneAt: d.DoneAt, NextAt: d.NextAt})
		}
		return printDeliveries(cmd.OutOrStdout(), listed, asJSON)
	})
	f := c.Flags()
	f.StringVar(&state, "state", "", "only pending, delivered or failed ones")
	f.IntVar(&limit, "limit", 50, "how many at most")
	f.BoolVar(&asJSON, "json", false, "print a JSON list of {endpoint_id, event_id, type, room_id, room_name, state, "+
		"attempts, status, problem, taken_at, done_at, next_at}")
	return c
}

func printDeliveries(w io.Writer, listed []listedDelivery, asJSON bool) error {
	var rows [][]string
	for _, d := range listed {
		rows = append(rows, []string{d.EventID, cmp.Or(string(d.Type), "-"), cmp.Or(d.RoomName, d.RoomID), string(d.State),
			strconv.Itoa(d.Attempts), output.Time(d.TakenAt), output.Time(d.DoneAt), output.Time(d.NextAt),
			cmp.Or(d.Problem, "-")})
	}
	return output.List(w, asJSON, listed,
		[]string{"EVENT", "TYPE", "ROOM", "STATE", "ATTEMPTS", "TAKEN", "DONE", "NEXT", "PROBLEM"}, rows)
}

func webhookReplayCommand() *cobra.Command {
	var failed bool
	var since string
	var event int64
	c := onWebhooks(&cobra.Command{
		Use:   "replay ENDPOINT --failed | --since TIME | --event ID",
		Short: "Have an endpoint told events again that failed, one event, or all since a time",
		Long: `Have an endpoint told events again, with the same ids, or for the first time.

With --failed those that were given up after three days. With --since all events
that are not older, also delivered ones and those from before the endpoint was
added; with --failed as well, only those of them that failed. With --event one.`,
		Args: exactArgs(1),
	}, false, func(cmd *cobra.Command, _ config.Config, hooks *store.Webhooks, args []string) error {
		wanted := store.Replay{Failed: failed, EventID: event}
		var err error
		if since != "" {
			if wanted.Since, err = time.Parse(time.RFC3339, since); err != nil {
				return meet.Invalid("since", "--since must be a time like 2027-01-31T12:00:00Z", "")
			}
		}
		if several := failed || since != ""; event < 0 || (event > 0) == several {
			return meet.Invalid("", "say which events: --failed, --since TIME or --event ID", "")
		}
		e, err := endpointOf(cmd.Context(), hooks, args[0])
		if err != nil {
			return err
		}
		n, err := hooks.Replay(cmd.Context(), e.ID, wanted, time.Now())
		if err == nil && n == 0 && event > 0 {
			return &meet.Error{Code: meet.CodeNotFound, Message: fmt.Sprintf("%s has no event %d to be told", e.ID, event),
				Hint: "roomkey list events and list_events show the ids; events are forgotten after events.keep."}
		}
		if err == nil {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d events are pending for %s.\n", n, e.ID)
		}
		return err
	})
	f := c.Flags()
	f.BoolVar(&failed, "failed", false, "events that were given up")
	f.StringVar(&since, "since", "", "events from this time on, like 2027-01-31T12:00:00Z")
	f.Int64Var(&event, "event", 0, "the event with this id")
	return c
}
