// Package move moves everything from one database into another.
package move

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"roomkey/cmd/roomkey/internal/database"
	"roomkey/cmd/roomkey/internal/datafolder"
	"roomkey/cmd/roomkey/internal/output"
	"roomkey/meet"
	"roomkey/store"
)

// Move is one move of a database.
type Move struct {
	from, to         string // as given
	fromName, toName string // for people, without a password
	progress         io.Writer

	rows   int64 // moved so far, of the tables that are done
	toldAt time.Time
}

// New checks where from and to: a file, or a postgres:// URL each. The progress is
// written to progress, in lines.
func New(from, to string, progress io.Writer) (*Move, error) {
	m := &Move{from: from, to: to, progress: progress}
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

// Run moves everything, and keeps other roomkeys out of the data folders meanwhile. An
// error says what to do about it.
func (m *Move) Run(ctx context.Context) error {
	if err := m.run(ctx); err != nil {
		return m.explain(ctx, err)
	}
	return nil
}

func (m *Move) run(ctx context.Context) (err error) {
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

func (m *Move) tell(p store.MoveProgress) {
	if p.Checked {
		m.rows += p.Rows
		fmt.Fprintf(m.progress, "%s: %d rows, checked\n", p.Table, p.Rows)
	} else if time.Since(m.toldAt) > tellEvery {
		m.toldAt = time.Now()
		fmt.Fprintf(m.progress, "%s: %d of %d rows\n", p.Table, p.Rows, p.All)
	}
}

// Summary says what was moved, and what is to do next.
func (m *Move) Summary() string {
	text := fmt.Sprintf("Moved %d rows from %s to %s. All of them were read again and compared. "+
		"The source is as it was: keep it until you trust the target, and start no roomkey on it.\n",
		m.rows, m.fromName, m.toName)
	switch secret := datafolder.SecretFile(filepath.Dir(m.from)); {
	case store.IsURL(m.from):
		text += "Start roomkey with the auth.secret that it had, so that access tokens go on working.\n"
	case isFile(secret):
		text += "Put what is in " + output.ShellWord(secret) + " into auth.secret, so that access tokens go on working.\n"
	}
	return text
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// explain says what to do about an error.
func (m *Move) explain(ctx context.Context, err error) error {
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
		return fmt.Errorf("%w: %s", err, database.RestoreHint)
	default:
		return err
	}
	return &meet.Error{Code: code, Message: "Nothing was moved: " + err.Error(), Hint: hint, Err: err}
}
