package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"roomkey/meet"
)

func tokenCommand() *cobra.Command {
	var wanted accessToken
	c := &cobra.Command{
		Use:   "token --sub SUBJECT",
		Short: "Print an access token",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd.Flags(), os.Environ())
			if err != nil {
				return err
			}
			token, err := wanted.sign(config, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), token)
			return err
		},
	}
	addSourceFlags(c.Flags())
	wanted.addFlags(c.Flags(), "", "who the token is for (required)", 24*time.Hour)
	return c
}

// accessToken is the access token that a command line asks for.
type accessToken struct {
	sub, name, role string
	ttl             time.Duration
}

func (t *accessToken) addFlags(f *pflag.FlagSet, sub, subUsage string, ttl time.Duration) {
	f.StringVar(&t.sub, "sub", sub, subUsage)
	f.StringVar(&t.name, "name", "", "display name")
	f.StringVar(&t.role, "role", string(meet.User), "superadmin, user or guest")
	f.DurationVar(&t.ttl, "ttl", ttl, "how long it is good for")
}

// sign makes the token with the local secret. It makes the secret too where
// there is none yet, and says so on notes.
func (t *accessToken) sign(config Config, notes io.Writer) (string, error) {
	switch {
	case t.sub == "":
		return "", meet.Invalid("sub", "--sub is required", "Name the user or agent the token is for, like --sub ada.")
	case !meet.PrincipalRole(t.role).Valid():
		return "", meet.Invalid("role", "--role must be superadmin, user or guest", "")
	case t.ttl <= 0:
		return "", meet.Invalid("ttl", "--ttl must be a positive time span", "For example 24h.")
	}
	if _, err := os.Stat(secretFile(config)); err != nil && config.Auth.Secret == "" {
		fmt.Fprintf(notes, "roomkey: making a signing secret in %s; the server must use the same --data\n", config.Data)
	}
	_, authority, err := openAuth(config)
	if err != nil {
		return "", err
	}
	token, err := authority.Sign(meet.Principal{ID: t.sub, Name: t.name, Role: meet.PrincipalRole(t.role)}, t.ttl)
	if err != nil {
		return "", meet.Invalid("", err.Error(), "")
	}
	return token, nil
}
