package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/database"
	"roomkey/meet"
	"roomkey/signin"
	"roomkey/store"
	"roomkey/tools"
)

func userCommand() *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "Add, list, change and disable users"}
	c.AddCommand(userAddCommand(), userListCommand(), userRoleCommand(), userDisableCommand(), userEnableCommand())
	return c
}

func userAddCommand() *cobra.Command {
	var role, display string
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a user, and print the passcode to sign in with",
		Long: `Add a user, and print the passcode to sign in with. It is shown once: only its
hash is kept. NAME is also the subject of the user's access tokens, so rooms that
were made with roomkey token --sub NAME are the user's.`,
		Args: exactArgs(1),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, args []string) error {
			name, err := checkUserName(args[0])
			if err == nil && !meet.PrincipalRole(role).Valid() {
				err = errBadRole("--role")
			}
			if err != nil {
				return err
			}
			passcode, hash, err := newPasscode()
			if err != nil {
				return err
			}
			account := meet.Account{Subject: name, Name: meet.CleanText(cmp.Or(display, name), meet.MaxDisplayName),
				Role: meet.PrincipalRole(role), RoleSet: true, Source: meet.LocalSource, PasscodeHash: hash, CreatedAt: now()}
			err = withUsers(cmd.Context(), cfg, true, func(users *store.Users) error {
				added := meet.UserChange(auth.OwnerID, meet.Account{}, account, account.CreatedAt)
				return users.Add(cmd.Context(), account, added)
			})
			if errors.Is(err, meet.ErrUserExists) {
				return &meet.Error{Code: meet.CodeConflict, Message: "There is a user " + name + " already",
					Hint: "roomkey user role, disable and enable change one; disable and then enable make a new passcode."}
			}
			if err != nil {
				return err
			}
			return cmp.Or(printPasscode(cmd.OutOrStdout(), account, passcode), printSignIn(cmd.OutOrStdout(), cfg))
		}),
	}
	config.AddSourceFlags(c.Flags())
	c.Flags().StringVar(&role, "role", string(meet.User), "superadmin, user or guest")
	c.Flags().StringVar(&display, "name", "", "display name (default: NAME)")
	return c
}

func userListCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the users",
		Args:  exactArgs(0),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, _ []string) (err error) {
			var accounts []meet.Account
			err = withUsers(cmd.Context(), cfg, false, func(users *store.Users) (err error) {
				accounts, err = users.List(cmd.Context())
				return err
			})
			if err != nil && !errors.Is(err, store.ErrNoDatabase) {
				return err
			}
			return printUsers(cmd.OutOrStdout(), accounts, asJSON)
		}),
	}
	config.AddSourceFlags(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false,
		"print a JSON list of {user, name, role, source, created_at, last_seen_at, disabled_at}")
	return c
}

func userRoleCommand() *cobra.Command {
	return userChangeCommand("role NAME ROLE", "Give a user another role: superadmin, user or guest",
		"The access tokens of the user do no more than the role from then on, within a\nsecond.", 2,
		func(cmd *cobra.Command, args []string, a *meet.Account) (func() error, error) {
			role := meet.PrincipalRole(args[1])
			if !role.Valid() {
				return nil, errBadRole("the role")
			}
			a.Role, a.RoleSet = role, true
			return func() error {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s is %s now.\n", shown(a.Subject), role)
				return err
			}, nil
		})
}

func userDisableCommand() *cobra.Command {
	return userChangeCommand("disable NAME", "Keep a user out, and end all that they have",
		"A running server refuses the user's access tokens within a second and removes them\nfrom the rooms they are "+
			"inside. Neither counts again when the user is enabled.", 1,
		func(cmd *cobra.Command, _ []string, a *meet.Account) (func() error, error) {
			before := a.DisabledAt
			a.Disable(now())
			return func() error {
				out := cmd.OutOrStdout()
				if !before.IsZero() {
					_, err := fmt.Fprintf(out, "%s was disabled before, at %s.\n", shown(a.Subject), before.Format(time.RFC3339))
					return err
				}
				_, err := fmt.Fprintf(out, "Disabled %s.\n", shown(a.Subject))
				return err
			}, nil
		})
}

func userEnableCommand() *cobra.Command {
	return userChangeCommand("enable NAME", "Let a disabled user in again, with a new passcode",
		"Access tokens from before stay dead. Only a user whom roomkey user add has made gets\na passcode.", 1,
		func(cmd *cobra.Command, _ []string, a *meet.Account) (func() error, error) {
			if a.DisabledAt.IsZero() {
				return nil, &meet.Error{Code: meet.CodeConflict, Message: shown(a.Subject) + " is not disabled"}
			}
			if a.Source != meet.LocalSource {
				a.Enable(now(), "")
				return func() error {
					_, err := fmt.Fprintf(cmd.OutOrStdout(), "Enabled %s.\n", shown(a.Subject))
					return err
				}, nil
			}
			passcode, hash, err := newPasscode()
			if err != nil {
				return nil, err
			}
			a.Enable(now(), hash)
			return func() error { return printPasscode(cmd.OutOrStdout(), *a, passcode) }, nil
		})
}

// userChangeCommand is a command that changes the user whom its first argument names.
// change alters the user, and gives what tells of it once that is stored.
func userChangeCommand(use, short, long string, arguments int,
	change func(*cobra.Command, []string, *meet.Account) (tell func() error, err error)) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Long: short + ".\n\n" + long, Args: exactArgs(arguments),
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, args []string) error {
			subject := args[0]
			if !meet.IsForeignSubject(subject) {
				subject = strings.ToLower(subject)
			}
			var tell func() error
			err := withUsers(cmd.Context(), cfg, false, func(users *store.Users) error {
				_, err := users.Update(cmd.Context(), subject, func(a *meet.Account) (_ *meet.Event, err error) {
					before := *a
					tell, err = change(cmd, args, a)
					return meet.UserChange(auth.OwnerID, before, *a, now()), err
				})
				return err
			})
			switch {
			case errors.Is(err, meet.ErrNotFound):
				return &meet.Error{Code: meet.CodeNotFound, Message: "There is no user " + shown(subject),
					Hint: "roomkey user list shows them."}
			case errors.Is(err, store.ErrNoDatabase):
				return database.Missing(cfg, err)
			case err != nil:
				return err
			}
			return tell()
		}),
	}
	config.AddSourceFlags(c.Flags())
	return c
}

// withUsers does something with the users on record. store.ErrNoDatabase where there
// is no database and create is false.
func withUsers(ctx context.Context, cfg config.Config, create bool, do func(*store.Users) error) error {
	users, err := database.Beside(ctx, cfg, create, database.OpenUsers)
	if errors.Is(err, store.ErrNoDatabase) {
		return err
	}
	if err != nil {
		return databaseError(cfg, err)
	}
	err = errors.Join(do(users), users.Close())
	if errors.As(err, new(*meet.Error)) || errors.Is(err, meet.ErrNotFound) || errors.Is(err, meet.ErrUserExists) {
		return err
	}
	return databaseError(cfg, err)
}

func checkUserName(name string) (string, error) {
	name, err := meet.CheckLocalName(name)
	if err == nil && auth.Reserved(name) {
		err = meet.Invalid("name", "the name "+name+" is reserved", "In records it means somebody else.")
	}
	return name, err
}

func errBadRole(what string) error {
	return meet.Invalid("role", what+" must be superadmin, user or guest", "")
}

func newPasscode() (passcode, hash string, err error) {
	passcode = meet.NewPasscode()
	hash, err = meet.HashPasscode(passcode)
	return passcode, hash, err
}

func printPasscode(w io.Writer, a meet.Account, passcode string) error {
	_, err := fmt.Fprintf(w, "User:     %s (%s)\nPasscode: %s\n", a.Subject, a.Role, passcode)
	return err
}

// printSignIn prints where a new user finds what to do with the passcode.
func printSignIn(w io.Writer, cfg config.Config) error {
	if !cfg.Auth.SignIn {
		return nil
	}
	public := strings.TrimSuffix(cmp.Or(cfg.PublicURL, cfg.LocalURL()), "/")
	_, err := fmt.Fprintf(w, "Sign in:  %s%s\n", public, signin.SignInPath)
	return err
}

func printUsers(w io.Writer, accounts []meet.Account, asJSON bool) error {
	if asJSON {
		_, err := io.WriteString(w, jsonDocument(tools.ViewUsers(accounts)))
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "USER\tNAME\tROLE\tFROM\tCREATED\tLAST SEEN\tDISABLED")
	for _, a := range accounts {
		fmt.Fprintln(table, strings.Join([]string{shown(a.Subject), cmp.Or(shown(a.Name), "-"), string(a.Role),
			shown(a.Source), shownTime(a.CreatedAt), shownTime(a.LastSeenAt), shownTime(a.DisabledAt)}, "\t"))
	}
	return table.Flush()
}

// shown is a text of strangers as a terminal may show it.
func shown(text string) string { return meet.CleanText(text, maxCell) }

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
