package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/meet"
	"roomkey/store"
)

func tokenCommand() *cobra.Command {
	var wanted accessToken
	c := &cobra.Command{
		Use:   "token --sub SUBJECT",
		Short: "Print an access token; list and revoke those that were made",
		Args:  exactArgs(0),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, _ []string) error {
			token, err := wanted.issue(cmd, cfg)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), token)
			return err
		}),
	}
	config.AddSourceFlags(c.Flags())
	wanted.addFlags(c.Flags(), "", "who the token is for (required)", 24*time.Hour)
	c.Flags().StringVar(&wanted.scope, "scope", "", "what it may do at most, words with spaces between: "+
		allScopes()+" (default: all that its role may)")
	c.Flags().StringSliceVar(&wanted.rooms, "rooms", nil, "names or ids of the only rooms that it is for, with commas "+
		"between; it may manage them unless --role says otherwise")
	c.AddCommand(tokenListCommand(), tokenRevokeCommand())
	return c
}

type accessToken struct {
	sub, name, role string
	ttl             time.Duration
	scope           string
	rooms           []string
}

func (t *accessToken) addFlags(f *pflag.FlagSet, sub, subUsage string, ttl time.Duration) {
	f.StringVar(&t.sub, "sub", sub, subUsage)
	f.StringVar(&t.name, "name", "", "display name")
	f.StringVar(&t.role, "role", string(meet.User), "superadmin, user or guest")
	f.DurationVar(&t.ttl, "ttl", ttl, "how long it is good for")
}

// issue makes the token and puts it on record.
func (t *accessToken) issue(cmd *cobra.Command, cfg config.Config) (string, error) {
	switch {
	case t.sub == "":
		return "", meet.Invalid("sub", "--sub is required", "Name the user or agent the token is for, like --sub ada.")
	case auth.Reserved(t.sub):
		return "", meet.Invalid("sub", "--sub "+t.sub+" is reserved",
			"In records it means somebody else: roomkey, anonymous and owner are nobody's subject.")
	case meet.IsForeignSubject(t.sub):
		return "", meet.Invalid("sub", "--sub "+shown(t.sub)+" is the subject of another issuer's user",
			"Only that issuer makes tokens for its users.")
	case !meet.PrincipalRole(t.role).Valid():
		return "", meet.Invalid("role", "--role must be superadmin, user or guest", "")
	}
	p, err := t.principal(cmd, cfg)
	if err != nil {
		return "", err
	}
	return t.issueTo(cmd, cfg, p)
}

// issueTo makes a token for p with the local secret and puts it on record. If there
// is no secret yet, it makes one and says so.
func (t *accessToken) issueTo(cmd *cobra.Command, cfg config.Config, p meet.Principal) (string, error) {
	notes, longest := cmd.ErrOrStderr(), cfg.Auth.MaxTTL
	if !cmd.Flags().Changed("ttl") {
		t.ttl = min(t.ttl, longest)
	}
	switch {
	case t.ttl <= 0:
		return "", meet.Invalid("ttl", "--ttl must be a positive time span", "For example 24h.")
	case t.ttl > longest:
		return "", meet.Invalid("ttl", fmt.Sprintf("--ttl must be at most %s, the configured auth.max_ttl", longest),
			"Ask for less and make a new token in time, or raise auth.max_ttl for the server as well.")
	}
	if _, err := os.Stat(datafolder.SecretFile(cfg.Data)); err != nil && cfg.Auth.Secret == "" {
		fmt.Fprintf(notes, "roomkey: making a signing secret in %s; the server must use the same --data\n", cfg.Data)
	}
	authority, err := tokens.Open(cfg)
	if err != nil {
		return "", err
	}
	issued, err := authority.Issue(p, t.ttl)
	if err != nil {
		return "", meet.Invalid("", err.Error(), "")
	}
	err = tokens.Record(cmd.Context(), cfg, issued)
	if errors.Is(err, store.ErrNoDatabase) {
		fmt.Fprintf(notes, "roomkey: there is no database in %s, so the token is on no list; "+
			"roomkey token revoke %s --unlisted takes it back\n", cfg.Data, issued.ID)
		err = nil
	}
	return issued.Token, databaseError(cfg, err)
}

// principal is who the token is for, with what it is limited to. Unless the role is
// given, a token for some rooms may manage them within its scopes: otherwise its
// subject would have to be made an admin of each.
func (t *accessToken) principal(cmd *cobra.Command, cfg config.Config) (p meet.Principal, err error) {
	p = meet.Principal{ID: t.sub, Name: t.name, Role: meet.PrincipalRole(t.role)}
	if cmd.Flags().Changed("scope") {
		scopes, unknown := meet.ParseTokenScopes(t.scope)
		if len(unknown) > 0 || len(scopes.List()) == 0 {
			return p, meet.Invalid("scope", "--scope must be one or more scopes with spaces between",
				"There are "+allScopes()+".")
		}
		p.Scopes = scopes
	}
	if cmd.Flags().Changed("rooms") {
		if p.Rooms, err = tokens.Rooms(cmd.Context(), cfg, t.rooms); err != nil {
			return p, databaseError(cfg, err)
		}
		if !cmd.Flags().Changed("role") {
			p.Role = meet.Superadmin
		}
	}
	return p, nil
}

func allScopes() string {
	return meet.LimitedTo(meet.AllTokenScopes...).String()
}
