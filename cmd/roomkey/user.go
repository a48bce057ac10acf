package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/output"
	"roomkey/cmd/roomkey/internal/users"
	"roomkey/meet"
	"roomkey/signin"
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
			account, passcode, err := users.Add(cmd.Context(), cfg, args[0], display, role)
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
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, _ []string) error {
			accounts, err := users.List(cmd.Context(), cfg)
			if err != nil {
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
		func(cmd *cobra.Command, cfg config.Config, args []string) error {
			a, err := users.SetRole(cmd.Context(), cfg, args[0], args[1])
			if err == nil {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is %s now.\n", output.Text(a.Subject), a.Role)
			}
			return err
		})
}

func userDisableCommand() *cobra.Command {
	return userChangeCommand("disable NAME", "Keep a user out, and end all that they have",
		"A running server refuses the user's access tokens within a second and removes them\nfrom the rooms they are "+
			"inside. Neither counts again when the user is enabled.", 1,
		func(cmd *cobra.Command, cfg config.Config, args []string) error {
			a, before, err := users.Disable(cmd.Context(), cfg, args[0])
			switch {
			case err != nil:
			case before.IsZero():
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "Disabled %s.\n", output.Text(a.Subject))
			default:
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s was disabled before, at %s.\n", output.Text(a.Subject),
					before.Format(time.RFC3339))
			}
			return err
		})
}

func userEnableCommand() *cobra.Command {
	return userChangeCommand("enable NAME", "Let a disabled user in again, with a new passcode",
		"Access tokens from before stay dead. Only a user whom roomkey user add has made gets\na passcode.", 1,
		func(cmd *cobra.Command, cfg config.Config, args []string) error {
			a, passcode, err := users.Enable(cmd.Context(), cfg, args[0])
			switch {
			case err != nil:
			case passcode != "":
				err = printPasscode(cmd.OutOrStdout(), a, passcode)
			default:
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "Enabled %s.\n", output.Text(a.Subject))
			}
			return err
		})
}

// userChangeCommand is a command that changes the user whom its first argument names.
func userChangeCommand(use, short, long string, arguments int,
	change func(*cobra.Command, config.Config, []string) error) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Long: short + ".\n\n" + long, Args: exactArgs(arguments),
		RunE: configured(change)}
	config.AddSourceFlags(c.Flags())
	return c
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
	var rows [][]string
	for _, a := range accounts {
		rows = append(rows, []string{output.Text(a.Subject), cmp.Or(output.Text(a.Name), "-"), string(a.Role),
			output.Text(a.Source), output.Time(a.CreatedAt), output.Time(a.LastSeenAt), output.Time(a.DisabledAt)})
	}
	return output.List(w, asJSON, tools.ViewUsers(accounts),
		[]string{"USER", "NAME", "ROLE", "FROM", "CREATED", "LAST SEEN", "DISABLED"}, rows)
}
