package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Why [Move] cannot work.
var (
	ErrNotEmpty = errors.New("it is not empty")
	ErrRunning  = errors.New("a roomkey is running on it")
)

// movedTables are all tables whose rows are moved, those that others refer to
// first. The only one with ids that the database gives is events.
var movedTables = []string{
	"rooms", "room_admins", "former_names", "codes", "joins", "pending_uses", "revocations", "visits", "join_requests",
	"blocks", "presences", "sessions", "last_seen", "transcript", "events", "tokens", "users", "webhook_endpoints",
	"webhook_deliveries", "webhook_queues", "oauth_clients", "sign_in_grants",
}

// MoveProgress says how far [Move] is.
type MoveProgress struct {
	Table     string
	Rows, All int64 // of the table
	Checked   bool  // the rows were read from the target again and are the same
}

// Move copies everything from one database into another, which is made if need
// be: each is a SQLite file, or the URL of a PostgreSQL database. All of it is one
// transaction: where Move fails, the target has no row. Nothing is changed in the
// source. What the target then holds is read and compared before it is committed.
//
// It keeps roomkeys from writing into a PostgreSQL meanwhile, and refuses one on
// which they run; about a file the caller has to know (see the lock of the data
// folder). ErrNoDatabase, ErrNotEmpty, ErrRunning, ErrOlderSchema, ErrNewerSchema,
// ErrDamaged, and meet.ErrOutcomeUnknown where nobody knows whether the commit came
// through.
func Move(ctx context.Context, from, to string, tell func(MoveProgress)) (err error) {
	source, err := openSource(ctx, from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.close()) }()
	target, err := openTarget(ctx, to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.close()) }()
	if err := source.begin(ctx, source.dialect.oneMoment); err != nil {
		return err
	}
	if err := target.begin(ctx, nil); err != nil {
		return err
	}
	if err := target.checkEmpty(ctx); err != nil {
		return err
	}
	for _, table := range movedTables {
		if err := (&moveOfTable{source: source, target: target, table: table, tell: tell}).run(ctx); err != nil {
			return fmt.Errorf("move %s: %w", table, err)
		}
	}
	if err := moveLastEvent(ctx, source, target); err != nil {
		return fmt.Errorf("move the number of the last event: %w", err)
	}
	for _, side := range []*moveSide{source, target} { // one may have been started meanwhile
		if err := side.checkNobodyRuns(ctx); err != nil {
			return err
		}
	}
	return target.commit()
}

// errChanged says that a move would have changed something.
var errChanged = errors.New("what arrived is not what was sent; nothing was stored")

// moveLastEvent has ids of events go on after the last one that was ever given,
// also if that event is forgotten by now: somebody may ask for what came after it.
func moveLastEvent(ctx context.Context, source, target *moveSide) error {
	var last int64
	if err := source.tx.QueryRowContext(ctx, source.dialect.lastEvent).Scan(&last); err != nil {
		return err
	}
	if last > 0 {
		if _, err := target.tx.ExecContext(ctx, target.dialect.setLastEvent, last); err != nil {
			return err
		}
	}
	if target.dialect.analyze == "" {
		return nil
	}
	_, err := target.tx.ExecContext(ctx, target.dialect.analyze)
	return err
}

// IsURL says whether a place is the URL of a PostgreSQL database, and no file.
func IsURL(place string) bool {
	return strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://")
}

// PlaceName names a place for people: of a URL the password is left out, and the error
// of one that cannot be read says nothing of it.
func PlaceName(place string) (string, error) {
	if !IsURL(place) {
		return place, nil
	}
	config, err := postgresConfig(place)
	if err != nil {
		return "", err
	}
	return describePostgres(config), nil
}
