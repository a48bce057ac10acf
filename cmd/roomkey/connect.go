package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/bridge"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/tokens"
	"roomkey/meet"
)

func connectCommand() *cobra.Command {
	var target string
	var wanted accessToken
	c := &cobra.Command{
		Use:   "connect CLIENT",
		Short: "Print ready settings for " + listWords(clientNames(), "or"),
		Long: `Print ready settings for an MCP client: ` + listWords(clientNames(), "or") + `.

What is to be pasted goes to standard output alone; where to put it goes to
standard error. But for Claude Desktop, which starts this program itself, and for
claude.ai and ChatGPT, in which you sign in, it holds an access token, so treat it
like one.`,
		Args: func(_ *cobra.Command, args []string) error {
			hint := "Known clients: " + strings.Join(clientNames(), ", ") + "."
			switch {
			case len(args) == 0:
				return meet.Invalid("", "no client is named", hint)
			case len(args) > 1:
				return meet.Invalid("", "one client at a time", hint)
			case !slices.Contains(clientNames(), args[0]):
				return meet.Invalid("", fmt.Sprintf("%q is no client that is known here", args[0]), hint)
			}
			return nil
		},
		RunE: configured(func(cmd *cobra.Command, cfg config.Config, args []string) error {
			return connect(cmd, cfg, mcpClients[slices.Index(clientNames(), args[0])], target, wanted)
		}),
	}
	config.AddSourceFlags(c.Flags())
	c.Flags().StringVar(&target, "url", "",
		"where the client reaches roomkey (default: public_url, the address of the roomkey that has the data folder, or the "+
			"configured one)")
	wanted.addFlags(c.Flags(), "", "who the token is for (default: the owner, who roomkey call and stdio are, too)",
		720*time.Hour)
	return c
}

// connect prints the settings and, apart from them, what to do with them.
func connect(cmd *cobra.Command, cfg config.Config, client mcpClient, target string, wanted accessToken) error {
	out, notes := cmd.OutOrStdout(), cmd.ErrOrStderr()
	with := connection{File: config.FileInUse(cmd.Flags()), Data: absolute(cfg.Data)}
	if with.File != "" {
		with.File = absolute(with.File)
	}
	var err error
	switch {
	case client.local:
		with.Program, err = thisProgram()
	case client.signsIn:
		with.URL, err = signInURL(cmd.Context(), cfg, target)
	default:
		if with.URL, err = connectURL(cmd.Context(), cfg, target); err == nil {
			with.Token, err = wanted.issueForClient(cmd, cfg)
		}
	}
	if err != nil {
		return err
	}
	if err := settings.ExecuteTemplate(out, client.name, with); err != nil {
		return err
	}
	fmt.Fprintln(notes, client.where)
	if client.signsIn {
		fmt.Fprintln(notes, "It holds no token: the client sends you to a page of roomkey that asks for your user and "+
			"passcode. roomkey user add makes one.")
		return nil
	}
	if !client.local {
		fmt.Fprintf(notes, "It holds an access token of the %s %s, good until %s: "+
			"show it to nobody, and keep it out of version control.\n",
			wanted.role, cmp.Or(wanted.sub, tokens.Owner.ID), time.Now().Add(wanted.ttl).UTC().Format("2006-01-02 15:04 UTC"))
		return nil
	}
	fmt.Fprintln(notes, "It holds no access token, no URL and no user: the person who runs it is the local owner.")
	names := config.Variables(os.Environ())
	names = slices.DeleteFunc(names, func(name string) bool { return name == "ROOMKEY_DATA" }) // the settings have --data
	if len(names) > 0 {
		fmt.Fprintf(notes, "The client does not know these variables of your shell: %s. "+
			"Put them into the configuration file, or under \"env\".\n", strings.Join(names, ", "))
	}
	return nil
}

// issueForClient makes the token for a client. Unless somebody else is named it is for
// the owner, so that what they make on the command line is the client's, too; with the
// role user it does what the owner may in rooms of their own.
func (t *accessToken) issueForClient(cmd *cobra.Command, cfg config.Config) (string, error) {
	if t.sub != "" || cmd.Flags().Changed("sub") {
		return t.issue(cmd, cfg)
	}
	role := meet.PrincipalRole(t.role)
	switch {
	case !role.Valid():
		return "", errBadRole("--role")
	case role == meet.Guest:
		return "", meet.Invalid("sub", "--role guest needs --sub", "Without --sub the token is the owner's, who is no guest.")
	}
	return t.issueTo(cmd, cfg, meet.Principal{ID: tokens.Owner.ID, Name: cmp.Or(t.name, tokens.Owner.Name), Role: role})
}

// signInURL is [connectURL] for a client on the internet, in which people sign in.
func signInURL(ctx context.Context, cfg config.Config, target string) (string, error) {
	at, err := connectURL(ctx, cfg, target)
	switch {
	case err != nil:
		return "", err
	case !cfg.Auth.SignIn && target == "":
		return "", meet.Invalid("", "sign-in is off in this configuration",
			"Set auth.sign_in: true (ROOMKEY_AUTH_SIGN_IN), and start roomkey again; docs/sign-in.md says more.")
	case !strings.HasPrefix(strings.ToLower(at), "https://"):
		return "", meet.Invalid("url", "the client is on the internet and reaches no "+at,
			"Give roomkey a public_url with https, or say with --url where it is.")
	}
	return at, nil
}

// connectURL is the MCP endpoint as the client reaches it.
func connectURL(ctx context.Context, cfg config.Config, target string) (string, error) {
	target = cmp.Or(target, cfg.PublicURL)
	if target == "" {
		if holder, err := datafolder.FindHolder(ctx, cfg.Data); err == nil {
			target = holder.URL()
		}
	}
	if target == "" {
		if cfg.ListenAddress().Port() == 0 {
			return "", meet.Invalid("url", "the configuration names no fixed port",
				"Say where the server is reached with --url.")
		}
		target = cfg.LocalURL()
	}
	if _, ok := config.ParseURL(target, "http", "https"); !ok {
		return "", meet.Invalid("url", "--url must be a URL like https://meet.example.com", "")
	}
	return bridge.NewClient(target, nil).URL + "/mcp", nil
}

// thisProgram is the path that starts this program from any folder. If the
// program was found through a symbolic link, it is the path of the link, which an
// update leaves as it is.
func thisProgram() (string, error) {
	running, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	if found, err := exec.LookPath(os.Args[0]); err == nil && datafolder.SameFile(found, running) {
		return absolute(found), nil
	}
	return running, nil
}

func listWords(words []string, last string) string {
	n := len(words) - 1
	return strings.Join(words[:n], ", ") + " " + last + " " + words[n]
}
