package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/meet"
	"roomkey/store"
)

// tokensWithin is how long a command waits for a roomkey that is just starting
// to have its database ready.
const tokensWithin = 10 * time.Second

// openTokens gives the access tokens on record, beside the roomkey that may be
// running. A database that is not there yet, or is of an earlier version, is
// made by the same migrations as serve has, unless a roomkey has the folder:
// then that one's business is waited for. store.ErrNoDatabase if there is none
// and create is false.
func openTokens(ctx context.Context, c config.Config, create bool) (*store.Tokens, error) {
	for deadline := time.Now().Add(tokensWithin); ; {
		tokens, err := store.OpenTokens(ctx, c.DatabaseFile())
		missing := errors.Is(err, store.ErrNoDatabase)
		switch {
		case missing && !create:
			return nil, err
		case !missing && !errors.Is(err, store.ErrOlderSchema):
			return tokens, databaseError(c, err)
		}
		err = prepareDatabase(ctx, c)
		if errors.Is(err, datafolder.ErrInUse) && time.Now().After(deadline) {
			return nil, &meet.Error{Code: meet.CodeConflict,
				Message: "The roomkey that has the data folder " + c.Data + " is an earlier one than this",
				Hint:    "Restart it as this version, then try again.", Err: err}
		}
		if err != nil && !errors.Is(err, datafolder.ErrInUse) {
			return nil, databaseError(c, err)
		}
		if err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// prepareDatabase makes the database, or brings its schema up to date, as the
// owner of the data folder.
func prepareDatabase(ctx context.Context, c config.Config) (err error) {
	lock, err := datafolder.Claim(c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	db, err := store.Open(ctx, c.DatabaseFile())
	if err != nil {
		return err
	}
	return db.Close()
}

// record puts a token on record before anybody has it. With auth.secret a
// token may be made where no server is: then there is no record, and notes say
// its id.
func record(ctx context.Context, c config.Config, issued auth.Issued, notes io.Writer) error {
	tokens, err := openTokens(ctx, c, c.Auth.Secret == "")
	if errors.Is(err, store.ErrNoDatabase) {
		fmt.Fprintf(notes, "roomkey: there is no database in %s, so the token is on no list; roomkey token revoke %s --unlisted takes it back\n", c.Data, issued.ID)
		return nil
	}
	if err != nil {
		return err
	}
	err = tokens.Add(ctx, store.Token{ID: issued.ID, Subject: issued.Principal.ID, Name: issued.Principal.Name,
		Role:     issued.Principal.Role,
		IssuedAt: issued.IssuedAt, ExpiresAt: issued.ExpiresAt})
	return errors.Join(err, tokens.Close())
}

func tokenListCommand() *cobra.Command {
	var asJSON, all bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the access tokens that were made here and have not expired",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), os.Environ())
			if err != nil {
				return err
			}
			listed, err := listTokens(cmd.Context(), cfg, all)
			if err != nil {
				return err
			}
			if asJSON {
				_, err = io.WriteString(cmd.OutOrStdout(), jsonDocument(listed))
				return err
			}
			return printTokens(cmd.OutOrStdout(), listed)
		},
	}
	config.AddSourceFlags(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON list of {id, subject, name, role, issued_at, expires_at, revoked_at}")
	c.Flags().BoolVar(&all, "all", false, "also those that have expired")
	return c
}

// listedToken is a token in a list. Of one made elsewhere only the id is known.
type listedToken struct {
	ID        string             `json:"id"`
	Subject   string             `json:"subject,omitempty"`
	Name      string             `json:"name,omitempty"`
	Role      meet.PrincipalRole `json:"role,omitempty"`
	IssuedAt  *time.Time         `json:"issued_at,omitempty"`
	ExpiresAt *time.Time         `json:"expires_at,omitempty"`
	RevokedAt *time.Time         `json:"revoked_at,omitempty"`
}

// listTokens gives the tokens on record, newest first. No database is no token.
func listTokens(ctx context.Context, c config.Config, all bool) ([]listedToken, error) {
	listed := []listedToken{}
	tokens, err := openTokens(ctx, c, false)
	if errors.Is(err, store.ErrNoDatabase) {
		return listed, nil
	}
	if err != nil {
		return nil, err
	}
	found, err := tokens.List(ctx)
	if err = errors.Join(err, tokens.Close()); err != nil {
		return nil, databaseError(c, err)
	}
	now := time.Now()
	for _, t := range found {
		if !all && !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) {
			continue
		}
		listed = append(listed, listedToken{ID: t.ID, Subject: t.Subject, Name: t.Name, Role: t.Role,
			IssuedAt: moment(t.IssuedAt), ExpiresAt: moment(t.ExpiresAt), RevokedAt: moment(t.RevokedAt)})
	}
	return listed, nil
}

// moment is nil for no time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func printTokens(w io.Writer, listed []listedToken) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tSUBJECT\tNAME\tROLE\tISSUED\tEXPIRES\tREVOKED")
	for _, t := range listed {
		fmt.Fprintln(table, strings.Join([]string{t.ID, shown(t.Subject), shown(t.Name), shown(string(t.Role)),
			shownTime(t.IssuedAt), shownTime(t.ExpiresAt), shownTime(t.RevokedAt)}, "\t"))
	}
	return table.Flush()
}

// shown is a text in a table; a dash is none.
func shown(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func shownTime(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}

func tokenRevokeCommand() *cobra.Command {
	var unlisted bool
	c := &cobra.Command{
		Use:   "revoke ID",
		Short: "Take an access token back; a running server refuses it within a second",
		Long: `Take an access token back. A running server refuses it within a second.

roomkey token list shows the ids. A token that was made elsewhere, with
the same secret, is on no list: its id is the claim jti, and --unlisted takes it
back. Who is inside a room stays there; kick_participant removes them.`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(cmd.Flags(), os.Environ())
			if err != nil {
				return err
			}
			return revokeToken(cmd.Context(), cfg, args[0], unlisted, cmd.OutOrStdout())
		},
	}
	config.AddSourceFlags(c.Flags())
	c.Flags().BoolVar(&unlisted, "unlisted", false, "also where the id is not on the list")
	return c
}

// maxTokenID is the longest id that is put on record. Our own have 16 letters.
const maxTokenID = 256

func revokeToken(ctx context.Context, c config.Config, id string, unlisted bool, out io.Writer) error {
	unknown := &meet.Error{Code: meet.CodeNotFound,
		Message: "No access token with the id " + meet.CleanText(id, 80) + " is on record",
		Hint:    "roomkey token list shows the ids. One that was made elsewhere is taken back with --unlisted."}
	switch {
	case strings.HasPrefix(id, "eyJ"):
		return meet.Invalid("id", "that is an access token, not its id", "roomkey token list shows the ids.")
	case id == "" || len(id) > maxTokenID || id != meet.CleanText(id, maxTokenID):
		return meet.Invalid("id", "that cannot be the id of an access token", "roomkey token list shows the ids.")
	}
	tokens, err := openTokens(ctx, c, false)
	if errors.Is(err, store.ErrNoDatabase) {
		return datafolder.NoDatabase(c.Data, err)
	}
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	token, err := tokens.Revoke(ctx, id, now, unlisted)
	err = errors.Join(err, tokens.Close())
	switch {
	case errors.Is(err, meet.ErrNotFound):
		return unknown
	case err != nil:
		return databaseError(c, err)
	case !token.RevokedAt.Equal(now):
		fmt.Fprintf(out, "%s was revoked before, at %s.\n", token.ID, token.RevokedAt.Format(time.RFC3339))
	case token.Subject == "":
		fmt.Fprintf(out, "Revoked %s, which is on no list.\n", token.ID)
	default:
		fmt.Fprintf(out, "Revoked %s of %s (%s).\n", token.ID, token.Subject, token.Role)
	}
	return nil
}
