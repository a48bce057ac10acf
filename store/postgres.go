package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/postgres/*.sql
var postgresMigrations embed.FS

// How long PostgreSQL may take. A statement that takes longer fails, so that no
// network and no other instance can hold everything up.
const (
	postgresConnectWithin = 5 * time.Second
	postgresStatement     = 10 * time.Second // by the server's own clock
	postgresAnswerWithin  = 12 * time.Second // of one or several statements, with the way there and back
	postgresIdleInTx      = 5 * time.Second  // then the server ends a transaction whose instance has stalled
)

// postgresDialect is PostgreSQL.
var postgresDialect = dialect{
	goose:      goose.DialectPostgres,
	migrations: folder(postgresMigrations, "migrations/postgres"),
	open:       openPostgres,

	restore: "pg_restore",
	findTable: `SELECT COUNT(*) FROM information_schema.tables
	WHERE table_schema = current_schema() AND table_name = $1`,
	writeNothing: `INSERT INTO deployment (key, value) VALUES ('probe', '')
	ON CONFLICT (key) DO UPDATE SET value = excluded.value`,

	listTables: `SELECT table_name FROM information_schema.tables
	WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name`,
	keepFromWriting: lockWriters,
	countRunning: `SELECT (SELECT COUNT(*) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = '` + postgresName + `')
	+ (SELECT COUNT(*) FROM leases WHERE until > 1000 * EXTRACT(EPOCH FROM clock_timestamp()))`,
	oneMoment:    &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
	lastEvent:    `SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM events_id_seq`,
	setLastEvent: `SELECT setval('events_id_seq', $1)`,
	analyze:      `ANALYZE`,

	storable:    storableInPostgres,
	readsWithin: postgresAnswerWithin,
	lost:        postgresLost,
	violated:    postgresViolation,
	isBusy:      func(err error) bool { return hasState(err, "55P03") }, // lock_not_available
	explain:     func(err error) error { return err },
}

// postgresConfig reads the URL of a database. Its error has nothing of the URL
// in it, which may contain a password.
func postgresConfig(text string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, errors.New("the database URL cannot be read: it has to look like " +
			"postgres://user:password@host:5432/database?sslmode=verify-full, with special letters of the password escaped")
	}
	if config.ConnectTimeout == 0 || config.ConnectTimeout > postgresConnectWithin {
		config.ConnectTimeout = postgresConnectWithin
	}
	dialer := &net.Dialer{Timeout: config.ConnectTimeout, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3,
	}}
	config.DialFunc = dialer.DialContext
	// Every statement has its indexes, and reading a whole table is always wrong
	// here. The planner would do it where it expects to find something at once, as
	// when the sweeper asks whether there is work. Without that choice some plans cost
	// much by its reckoning, and compiling them takes longer than they do.
	for _, choice := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"} {
		config.RuntimeParams[choice] = "off"
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = postgresName
	}
	return config, nil
}

// postgresName is how roomkey is called among the clients of a server, unless the URL
// says something else.
const postgresName = "roomkey"

// describePostgres names a database for people, without the password.
func describePostgres(config *pgx.ConnConfig) string {
	u := url.URL{Scheme: "postgres", Path: "/" + config.Database,
		Host: net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))}
	if strings.HasPrefix(config.Host, "/") {
		return "postgres database " + config.Database + " at the socket in " + config.Host
	}
	return u.String()
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// bound has the server end what takes too long on the connections of a config.
func bound(config *pgx.ConnConfig) {
	config.RuntimeParams["statement_timeout"] = milliseconds(postgresStatement)
	config.RuntimeParams["lock_timeout"] = milliseconds(patience)
	config.RuntimeParams["idle_in_transaction_session_timeout"] = milliseconds(postgresIdleInTx)
}

// pingSeldom has a connection tried out before it is used only if nothing happened on
// it for so long. What is asked every two seconds costs one statement then.
var pingSeldom = stdlib.OptionShouldPing(func(_ context.Context, p stdlib.ShouldPingParams) bool {
	return p.IdleDuration > 4*time.Second
})

// openPostgres gives a pool for reading, or one without bounds for migrations.
func openPostgres(text string, use access) (*sql.DB, error) {
	config, err := postgresConfig(text)
	if err != nil {
		return nil, err
	}
	if use == forReading {
		bound(config)
		config.RuntimeParams["default_transaction_read_only"] = "on"
	}
	return stdlib.OpenDB(*config, pingSeldom), nil
}

// storableInPostgres replaces what PostgreSQL does not take in a text.
func storableInPostgres(args []any) []any {
	for i, arg := range args {
		text, ok := arg.(string)
		if ok && (strings.Contains(text, "\x00") || strings.ToValidUTF8(text, "") != text) {
			args[i] = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
		}
	}
	return args
}

// hasState says whether PostgreSQL gave one of the codes (SQLSTATE) for an error.
func hasState(err error, codes ...string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && slices.Contains(codes, e.Code)
}

// postgresLost says whether the connection of a read was lost. A database to which
// none can be made is something else.
func postgresLost(err error) bool {
	var connect *pgconn.ConnectError
	var network *net.OpError
	switch {
	case err == nil || errors.As(err, &connect):
		return false
	case hasState(err, "57P01", "57P02", "57P05", "25P03"): // shut down, crashed, idle for too long
		return true
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.As(err, &network) && !network.Timeout() || pgconn.SafeToRetry(err)
}

func postgresViolation(err error) violation {
	var e *pgconn.PgError
	switch {
	case !errors.As(err, &e) || e.Code != "23505": // unique_violation
		return noViolation
	case strings.HasSuffix(e.ConstraintName, "_pkey"):
		return keyTaken
	}
	return uniqueTaken
}

// lockOfWriters is the advisory lock that the transactions of all instances take
// first, so that one writes at a time; lockOfMigrations is for the schema.
const (
	lockOfWriters    int64 = 0x726f6f6d6b657900
	lockOfMigrations int64 = 0x726f6f6d6b657901
)

// migrateWithin bounds how long a start waits for another one that migrates, and
// for its own migrations.
const migrateWithin = 2 * time.Minute

// migratePostgres brings the schema up to date. Of several that start at once, one
// does, and the others wait for it.
func migratePostgres(ctx context.Context, text, name string) (err error) {
	db, err := openPostgres(text, forWriting)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := reach(ctx, db, name); err != nil {
		return err
	}
	return migrateAlone(ctx, db, name)
}

// migrateAlone is migratePostgres on a database that is open.
func migrateAlone(ctx context.Context, db *sql.DB, name string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, migrateWithin,
		errors.New("another instance keeps the lock of migrations, or migrating takes too long"))
	defer cancel()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, lockOfMigrations); err != nil {
		return fmt.Errorf("wait for the lock of migrations: %w", errors.Join(context.Cause(ctx), err))
	}
	defer func() { // closing the pool ends it, too
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lockOfMigrations)
	}()
	return migrate(ctx, &postgresDialect, name, db)
}

// oldestPostgres is the oldest major version that works.
const oldestPostgres = 15

// reach says in words why a database cannot be used, within seconds.
func reach(ctx context.Context, db *sql.DB, name string) error {
	limited, cancel := context.WithTimeout(ctx, postgresConnectWithin)
	defer cancel()
	var version int
	var readOnly bool
	err := db.QueryRowContext(limited, `SELECT CAST(current_setting('server_version_num') AS INTEGER) / 10000,
		pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'`).Scan(&version, &readOnly)
	switch {
	case err != nil && ctx.Err() == nil:
		return fmt.Errorf("cannot reach the database %s: %w", name, err)
	case err != nil:
		return err
	case version < oldestPostgres:
		return fmt.Errorf("the database %s is a PostgreSQL %d, and %d or newer is needed", name, version, oldestPostgres)
	case readOnly:
		return fmt.Errorf("the database %s can only be read: name the server that takes writes", name)
	}
	return nil
}

// InspectURL looks at a PostgreSQL database and changes nothing. It fails where
// OpenURL would.
func InspectURL(ctx context.Context, text string) (schema Schema, err error) {
	config, err := postgresConfig(text)
	if err != nil {
		return schema, err
	}
	bound(config)
	db, name := stdlib.OpenDB(*config), describePostgres(config)
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := reach(ctx, db, name); err != nil {
		return schema, err
	}
	if schema, err = readSchema(ctx, &postgresDialect, db); err != nil {
		return schema, err
	}
	return schema, schema.check(&postgresDialect, name)
}
