// Package postgrestest gives tests real PostgreSQL databases: fresh ones on a
// server that all tests of a process share, and servers of a test's own, which can
// be stopped and started again. It needs PostgreSQL's programs on the machine
// (apt-get install postgresql); without them a test is skipped.
//
// Servers keep what is committed (fsync is on), order texts by a language
// (as most servers do, so that a test notices where the order of bytes is
// meant), and end with the process, also when that is killed.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	shared   = sync.OnceValues(start)
	database atomic.Int64 // number of the last one
)

// Shared gives the server that all tests of this process share. It runs until
// the process ends.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	s, err := shared()
	failOrSkip(tb, err)
	return s
}

// URL gives a fresh database on the server that all tests share: the URL has
// everything that a client needs, also the password. The database is dropped
// after the test.
func URL(tb testing.TB) string {
	tb.Helper()
	return Shared(tb).Database(tb)
}

// Start gives a server of the test's own. It is stopped and removed after the
// test. Starting one takes seconds.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s, err := start()
	failOrSkip(tb, err)
	tb.Cleanup(func() {
		if err := s.remove(); err != nil {
			tb.Errorf("stop PostgreSQL: %v", err)
		}
	})
	return s
}

func failOrSkip(tb testing.TB, err error) {
	tb.Helper()
	if errors.Is(err, errMissing) {
		tb.Skip(err)
	} else if err != nil {
		tb.Fatalf("start PostgreSQL: %v", err)
	}
}

// Database makes a fresh database and gives its URL, with the password. It is
// dropped after the test, also while clients use it.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("test_%d", database.Add(1))
	s.Exec(tb, "CREATE DATABASE "+name)
	tb.Cleanup(func() {
		if s.running.Load() {
			s.Exec(tb, "DROP DATABASE "+name+" WITH (FORCE)")
		}
	})
	return s.url(name)
}

// Exec runs statements as the server's superuser, in the database "postgres", on a
// connection of its own.
func (s *Server) Exec(tb testing.TB, statements ...string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience) // also after the test
	defer cancel()
	if err := s.exec(ctx, statements...); err != nil {
		tb.Fatalf("PostgreSQL: %v", err)
	}
}

func (s *Server) exec(ctx context.Context, statements ...string) error {
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	for _, text := range statements {
		if _, err = conn.Exec(ctx, text); err != nil {
			break
		}
	}
	return errors.Join(err, conn.Close(ctx))
}

// patience is how long a test waits for something that has to happen. A busy
// machine may need a while.
const patience = 90 * time.Second
