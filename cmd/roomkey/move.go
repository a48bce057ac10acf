package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/meet"
	"roomkey/store"
)

func moveCommand() *cobra.Command {
	var from, to string
	c := &cobra.Command{
		Use:   "move --from DATABASE --to DATABASE",
		Short: "Move everything from a database file to PostgreSQL, or back",
		Long: `Move everything from one database into another, which has to be empty: from the
file in a data folder to a PostgreSQL, or back. No roomkey may run on either.

    roomkey move --from data/roomkey.db --to postgres://roomkey@db.example.com/roomkey?sslmode=verify-full

All rows are copied in one transaction, read from the target again, and
compared. If that fails, or is interrupted, the target has no row and can be used
for another try. The source is never changed.

Put the password of a PostgreSQL into ~/.pgpass, a passfile, or PGPASSWORD: other
users of this machine can see what stands in the command line. Room codes, links and
events go on working; access tokens do so with the same signing secret (auth.secret).`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := newMove(from, to)
			if err != nil {
				return err
			}
			m.progress = cmd.ErrOrStderr()
			if err := m.run(cmd.Context()); err != nil {
				return m.explain(cmd.Context(), err)
			}
			return m.tellMoved(cmd.OutOrStdout())
		},
	}
	c.Flags().StringVar(&from, "from", "", "the database to move: a file, or a postgres:// URL")
	c.Flags().StringVar(&to, "to", "", "where to: a file or a postgres:// URL; nothing may be in it")
	return c
}

// move is one move of a database.
type move struct {
	from, to         string // as given
	fromName, toName string // for people, without a password
	progress         io.Writer

	rows   int64 // moved so far, of the tables that are done
	toldAt time.Time
}

func newMove(from, to string) (*move, error) {
	m := &move{from: from, to: to}
	for _, side := range []struct {
		flag, place string
		name        *string
	}{{"--from", from, &m.fromName}, {"--to", to, &m.toName}} {
		switch {
		case side.place == "":
			return nil, meet.Invalid("", side.flag+" is missing",
				"For example roomkey move --from data/roomkey.db --to postgres://roomkey@db.example.com/roomkey")
		case !store.IsURL(side.place) && strings.Contains(side.place, "://"): // nothing of it is shown
			return nil, meet.Invalid("", side.flag+" is a URL that does not begin with postgres://",
				"Give the path of a database file, or the URL of a PostgreSQL.")
		}
		var err error
		if *side.name, err = store.PlaceName(side.place); err != nil {
			return nil, meet.Invalid("", side.flag+": "+err.Error(), "See roomkey move --help.")
		}
	}
	if from == to || datafolder.SameFile(from, to) {
		return nil, meet.Invalid("", "--from and --to are the same database", "Give another one.")
	}
	return m, nil
}

// run keeps other roomkeys out of the data folders meanwhile.
func (m *move) run(ctx context.Context) (err error) {
	if !store.IsURL(m.from) {
		release, err := datafolder.Hold(filepath.Dir(m.from))
		if err != nil {
			return inUse(m.from, err)
		}
		defer func() { _ = release() }()
	}
	if !store.IsURL(m.to) && (store.IsURL(m.from) || !datafolder.SameFile(filepath.Dir(m.from), filepath.Dir(m.to))) {
		lock, err := datafolder.Claim(filepath.Dir(m.to))
		if err != nil {
			return inUse(m.to, err)
		}
		defer func() { _ = lock.Close() }()
	}
	return store.Move(ctx, m.from, m.to, m.tell)
}

// inUse says of a data folder that a roomkey has it as is said of a PostgreSQL.
func inUse(file string, err error) error {
	if errors.Is(err, datafolder.ErrInUse) {
		return fmt.Errorf("%s: %w", file, store.ErrRunning)
	}
	return err
}

// tellEvery is how often the progress of a long table is told.
const tellEvery = 2 * time.Second

func (m *move) tell(p store.MoveProgress) {
	if p.Checked {
		m.rows += p.Rows
		fmt.Fprintf(m.progress, "%s: %d rows, checked\n", p.Table, p.Rows)
	} else if time.Since(m.toldAt) > tellEvery {
		m.toldAt = time.Now()
		fmt.Fprintf(m.progress, "%s: %d of %d rows\n", p.Table, p.Rows, p.All)
	}
}

func (m *move) tellMoved(out io.Writer) error {
	text := fmt.Sprintf("Moved %d rows from %s to %s. All of them were read again and compared. "+
		"The source is as it was: keep it until you trust the target, and start no roomkey on it.\n",
		m.rows, m.fromName, m.toName)
	switch secret := datafolder.SecretFile(filepath.Dir(m.from)); {
	case store.IsURL(m.from):
		text += "Start roomkey with the auth.secret that it had, so that access tokens go on working.\n"
	case isFile(secret):
		text += "Put what is in " + shellWord(secret) + " into auth.secret, so that access tokens go on working.\n"
	}
	_, err := io.WriteString(out, text)
	return err
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// explain says what to do about an error.
func (m *move) explain(ctx context.Context, err error) error {
	code := meet.CodeConflict
	var hint string
	switch {
	case errors.Is(err, meet.ErrOutcomeUnknown):
		return &meet.Error{Code: meet.CodeUnavailable, Err: err,
			Message: "The connection was lost during the commit, so either everything is in the target or nothing",
			Hint:    "Try again: that is refused where everything is in the target already."}
	case ctx.Err() != nil:
		return errors.New("interrupted: nothing is in the target, and the source is as it was")
	case errors.Is(err, store.ErrNoDatabase):
		code, hint = meet.CodeNotFound, "Give the roomkey.db of the server's data folder, or its database.url."
	case errors.Is(err, store.ErrNotEmpty):
		hint = "Give a new database with --to: what is in one is neither replaced nor merged."
	case errors.Is(err, store.ErrRunning):
		hint = "Stop every roomkey on both databases first. After one was killed, wait for ten seconds."
	case errors.Is(err, store.ErrOlderSchema):
		hint = "Start this roomkey on it once, which brings it up to date: make a backup first."
	case errors.Is(err, store.ErrNewerSchema):
		hint = "Use the newer roomkey for the move."
	case errors.Is(err, store.ErrDamaged):
		return fmt.Errorf("%w: %s", err, restoreHint)
	default:
		return err
	}
	return &meet.Error{Code: code, Message: "Nothing was moved: " + err.Error(), Hint: hint, Err: err}
}
