package tokens

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"roomkey/auth"
	"roomkey/cmd/roomkey/internal/config"
	"roomkey/cmd/roomkey/internal/database"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/output"
	"roomkey/meet"
	"roomkey/store"
)

// Wanted is an access token that somebody asks for on the command line.
type Wanted struct {
	Subject, Name string
	Role          string // superadmin, user or guest
	TTL           time.Duration
	Scope         string   // what it may do at most, words with spaces between
	Rooms         []string // names or ids of the only rooms that it is for

	// Given says whether a flag was given: sub, role, ttl, scope or rooms. Nil is that none was.
	Given func(flag string) bool
	Notes io.Writer // gets what is to be known beside the token; required
}

// Issue makes the token and puts it on record.
func (w *Wanted) Issue(ctx context.Context, cfg config.Config) (string, error) {
	switch {
	case w.Subject == "":
		return "", meet.Invalid("sub", "--sub is required", "Name the user or agent the token is for, like --sub ada.")
	case auth.Reserved(w.Subject):
		return "", meet.Invalid("sub", "--sub "+w.Subject+" is reserved",
			"In records it means somebody else: roomkey, anonymous and owner are nobody's subject.")
	case meet.IsForeignSubject(w.Subject):
		return "", meet.Invalid("sub", "--sub "+output.Text(w.Subject)+" is the subject of another issuer's user",
			"Only that issuer makes tokens for its users.")
	case !meet.PrincipalRole(w.Role).Valid():
		return "", errBadRole
	}
	p, err := w.principal(ctx, cfg)
	if err != nil {
		return "", err
	}
	return w.issueTo(ctx, cfg, p)
}

// IssueToOwner makes the token for the local owner, who may do everything.
func (w *Wanted) IssueToOwner(ctx context.Context, cfg config.Config) (string, error) {
	return w.issueTo(ctx, cfg, Owner)
}

// IssueForClient makes the token for an MCP client. Unless somebody else is named it is
// for the owner, so that what they make on the command line is the client's, too; with
// the role user it does what the owner may in rooms of their own.
func (w *Wanted) IssueForClient(ctx context.Context, cfg config.Config) (string, error) {
	if w.Subject != "" || w.given("sub") {
		return w.Issue(ctx, cfg)
	}
	role := meet.PrincipalRole(w.Role)
	switch {
	case !role.Valid():
		return "", errBadRole
	case role == meet.Guest:
		return "", meet.Invalid("sub", "--role guest needs --sub", "Without --sub the token is the owner's, who is no guest.")
	}
	return w.issueTo(ctx, cfg, meet.Principal{ID: Owner.ID, Name: cmp.Or(w.Name, Owner.Name), Role: role})
}

var errBadRole = meet.Invalid("role", "--role must be superadmin, user or guest", "")

// issueTo makes a token for p with the local secret and puts it on record. If there
// is no secret yet, it makes one and says so.
func (w *Wanted) issueTo(ctx context.Context, cfg config.Config, p meet.Principal) (string, error) {
	longest := cfg.Auth.MaxTTL
	if !w.given("ttl") {
		w.TTL = min(w.TTL, longest)
	}
	switch {
	case w.TTL <= 0:
		return "", meet.Invalid("ttl", "--ttl must be a positive time span", "For example 24h.")
	case w.TTL > longest:
		return "", meet.Invalid("ttl", fmt.Sprintf("--ttl must be at most %s, the configured auth.max_ttl", longest),
			"Ask for less and make a new token in time, or raise auth.max_ttl for the server as well.")
	}
	if _, err := os.Stat(datafolder.SecretFile(cfg.Data)); err != nil && cfg.Auth.Secret == "" {
		fmt.Fprintf(w.Notes, "roomkey: making a signing secret in %s; the server must use the same --data\n", cfg.Data)
	}
	authority, err := Open(cfg)
	if err != nil {
		return "", err
	}
	issued, err := authority.Issue(p, w.TTL)
	if err != nil {
		return "", meet.Invalid("", err.Error(), "")
	}
	err = Record(ctx, cfg, issued)
	if errors.Is(err, store.ErrNoDatabase) {
		fmt.Fprintf(w.Notes, "roomkey: there is no database in %s, so the token is on no list; "+
			"roomkey token revoke %s --unlisted takes it back\n", cfg.Data, issued.ID)
		err = nil
	}
	return issued.Token, database.Explain(cfg, err)
}

func (w *Wanted) given(flag string) bool { return w.Given != nil && w.Given(flag) }

// principal is who the token is for, with what it is limited to. Unless the role is
// given, a token for some rooms may manage them within its scopes: otherwise its
// subject would have to be made an admin of each.
func (w *Wanted) principal(ctx context.Context, cfg config.Config) (p meet.Principal, err error) {
	p = meet.Principal{ID: w.Subject, Name: w.Name, Role: meet.PrincipalRole(w.Role)}
	if w.given("scope") {
		scopes, unknown := meet.ParseTokenScopes(w.Scope)
		if len(unknown) > 0 || len(scopes.List()) == 0 {
			return p, meet.Invalid("scope", "--scope must be one or more scopes with spaces between",
				"There are "+AllScopes()+".")
		}
		p.Scopes = scopes
	}
	if w.given("rooms") {
		if p.Rooms, err = Rooms(ctx, cfg, w.Rooms); err != nil {
			return p, database.Explain(cfg, err)
		}
		if !w.given("role") {
			p.Role = meet.Superadmin
		}
	}
	return p, nil
}

// AllScopes are the scopes that there are, with spaces between.
func AllScopes() string { return meet.LimitedTo(meet.AllTokenScopes...).String() }
