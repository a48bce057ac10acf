package e2e_test

import (
	"context"
	"net"
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5"

	"roomkey/livekit/livekittest"
	"roomkey/store/postgrestest"
)

// Three roomkeys that start at the same time on an empty database all serve, and each
// migration was made once.
func TestStartAtOnce(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	var migrations, versions int
	err := connect(t, c.database).QueryRow(t.Context(),
		"SELECT count(*), count(DISTINCT version_id) FROM goose_db_version").Scan(&migrations, &versions)
	if err != nil || migrations != versions || versions < 2 {
		t.Errorf("migrations on record: got %d of %d versions, %v, want each once", migrations, versions, err)
	}
}

// A roomkey that cannot work with a database says so and ends.
func TestStartsThatAreRefused(t *testing.T) {
	t.Parallel()
	database := postgrestest.URL(t)
	serving := newSystem(t, inside)
	serving.env = append(serving.env, "ROOMKEY_DATABASE_URL="+database)
	serving.run()

	newer := postgrestest.URL(t)
	of := newSystem(t, inside)
	of.env = append(of.env, "ROOMKEY_DATABASE_URL="+newer)
	of.run()
	of.kill()
	if _, err := connect(t, newer).Exec(t.Context(),
		"INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)"); err != nil {
		t.Fatal(err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	const another = "ROOMKEY_AUTH_SECRET=another-signing-secret-of-32-characters"
	for _, c := range []struct {
		name, database, env string
		code                int
		want                string
	}{
		{"another secret", database, another, 6, "conflict: The roomkeys on this database have another signing secret"},
		{"a newer schema", newer, "", 1, "roomkey: .*made by a newer roomkey"},
		{"no database", "postgres://postgres:hidden@127.0.0.1:" + freePort(t) + "/none", "", 1,
			"roomkey: cannot reach the database"},
		{"a silent database", "postgres://postgres:hidden@" + silent.Addr().String() + "/none", "", 1,
			"roomkey: cannot reach the database"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSystem(t, inside)
			s.env = append(s.env, "ROOMKEY_DATABASE_URL="+c.database, c.env)
			s.secrets.given = append(s.secrets.given, postgrestest.Password, "hidden")
			s.launch()
			livekittest.Wait(t, "roomkey to end", func() bool {
				select {
				case <-s.exited:
					return true
				default:
					return false
				}
			})
			said := s.output.String()
			if code := s.cmd.ProcessState.ExitCode(); code != c.code || !regexp.MustCompile(c.want).MatchString(said) {
				t.Errorf("got exit code %d and %q, want %d and %q", code, said, c.code, c.want)
			}
		})
	}
}

func connect(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}
