package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/build"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/database"
	"roomkey/meet"
	"roomkey/store"
	"roomkey/webhooks"
)

func webhookCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "webhook",
		Short: "Tell programs elsewhere what happens: add and list endpoints, see and repeat deliveries",
		Long: `Tell programs elsewhere what happens, after the Standard Webhooks specification.

A running server takes up what these commands change within ten seconds.
docs/webhooks.md says what is sent and how to verify it.`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(webhookAddCommand(), webhookListCommand(), webhookRemoveCommand(), webhookTestCommand(),
		webhookDeliveriesCommand(), webhookReplayCommand())
	return c
}

// onWebhooks runs a command on the endpoints in the database.
func onWebhooks(c *cobra.Command, create bool,
	run func(*cobra.Command, config.Config, *store.Webhooks, []string) error) *cobra.Command {
	c.RunE = configured(func(cmd *cobra.Command, cfg config.Config, args []string) error {
		hooks, err := database.Beside(cmd.Context(), cfg, create, database.OpenWebhooks)
		if errors.Is(err, store.ErrNoDatabase) {
			return database.Missing(cfg, err)
		}
		if err != nil {
			return database.Explain(cfg, err)
		}
		err = run(cmd, cfg, hooks, args)
		return database.Explain(cfg, errors.Join(err, hooks.Close()))
	})
	config.AddSourceFlags(c.Flags())
	return c
}

// endpointOf finds the endpoint that an argument names.
func endpointOf(ctx context.Context, hooks *store.Webhooks, id string) (meet.WebhookEndpoint, error) {
	e, err := hooks.Endpoint(ctx, id)
	if errors.Is(err, meet.ErrNotFound) {
		return e, noEndpoint(id)
	}
	return e, err
}

func noEndpoint(id string) error {
	return &meet.Error{Code: meet.CodeNotFound,
		Message: "There is no webhook endpoint with the id " + meet.CleanText(id, 80),
		Hint:    "roomkey webhook list shows the ids."}
}

func webhookAddCommand() *cobra.Command {
	var kinds []string
	c := onWebhooks(&cobra.Command{
		Use:   "add URL",
		Short: "Add an endpoint, which is told what happens from now on; prints its secret, once",
		Args:  exactArgs(1),
	}, true, func(cmd *cobra.Command, cfg config.Config, hooks *store.Webhooks, args []string) error {
		if err := webhooks.CheckURL(args[0], cfg.Webhooks.AllowPrivate); err != nil {
			return meet.Invalid("url", "URL "+err.Error(), "")
		}
		e := meet.WebhookEndpoint{ID: webhooks.NewID(), URL: args[0], Secret: webhooks.NewSecret(),
			CreatedAt: time.Now()}
		for _, kind := range kinds {
			if !slices.Contains(meet.EventKinds, meet.EventKind(kind)) {
				return meet.Invalid("kinds", "--kinds must be some of "+listOf(meet.EventKinds)+", separated by commas", "")
			}
			e.Kinds = append(e.Kinds, meet.EventKind(kind))
		}
		err := hooks.Add(cmd.Context(), e, webhooks.MaxEndpoints)
		if errors.Is(err, meet.ErrLimitReached) {
			return &meet.Error{Code: meet.CodeConflict,
				Message: fmt.Sprintf("There are %d webhook endpoints already, as many as there may be", webhooks.MaxEndpoints),
				Hint:    "Remove one with roomkey webhook remove."}
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "endpoint %s\nsecret   %s\n", e.ID, e.Secret)
		fmt.Fprintln(cmd.ErrOrStderr(),
			"roomkey: the secret is not shown again; the receiver verifies with it (docs/webhooks.md)")
		return err
	})
	c.Flags().StringSliceVar(&kinds, "kinds", nil, "only events of these kinds: "+listOf(meet.EventKinds)+" (default all)")
	return c
}

func webhookRemoveCommand() *cobra.Command {
	return onWebhooks(&cobra.Command{
		Use:   "remove ENDPOINT",
		Short: "Remove an endpoint, with what it has not been told yet",
		Args:  exactArgs(1),
	}, false, func(cmd *cobra.Command, _ config.Config, hooks *store.Webhooks, args []string) error {
		e, err := endpointOf(cmd.Context(), hooks, args[0])
		if err != nil {
			return err
		}
		if e.Configured {
			return &meet.Error{Code: meet.CodeConflict, Message: e.ID + " is an endpoint of the configuration",
				Hint: "Take it out of webhooks.endpoints and restart the server."}
		}
		err = hooks.Remove(cmd.Context(), e.ID, time.Now())
		if errors.Is(err, meet.ErrNotFound) {
			return noEndpoint(e.ID)
		}
		if err == nil {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Removed %s.\n", e.ID)
		}
		return err
	})
}

func webhookTestCommand() *cobra.Command {
	return onWebhooks(&cobra.Command{
		Use:   "test ENDPOINT",
		Short: "Send a message of the type webhook.test to an endpoint, and say what it answers",
		Args:  exactArgs(1),
	}, false, func(cmd *cobra.Command, cfg config.Config, hooks *store.Webhooks, args []string) error {
		e, err := endpointOf(cmd.Context(), hooks, args[0])
		if err != nil {
			return err
		}
		client, began := webhooks.NewClient(cfg.Webhooks.AllowPrivate, build.Version().Version), time.Now()
		r := client.Send(cmd.Context(), e, webhooks.TestMessage(e.ID, began), began)
		if !r.OK() {
			return &meet.Error{Code: meet.CodeUnavailable, Message: "The endpoint did not take the message: " + r.Problem}
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s took it: %d after %s.\n", e.ID, r.Status,
			time.Since(began).Round(time.Millisecond))
		return err
	})
}
