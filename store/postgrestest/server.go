package postgrestest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"roomkey/meet/meettest/freeport"
)

// Server is a running PostgreSQL.
type Server struct {
	port    int
	running atomic.Bool
	folder  string

	keeper  *exec.Cmd
	orders  io.WriteCloser // to the keeper
	answers *bufio.Reader  // of the keeper
}

// Password is that of the server's superuser, "postgres", over TCP. It should be
// seen in no log and no error.
const Password = "password-of-tests"

// keep starts and stops the server at the word of the tests, and ends and
// removes everything when they are gone: then nobody holds the other end of its
// standard input any more.
const keep = `
while read -r order; do
	case $order in
	start) "$@" >>log 2>&1 & pid=$! ;;
	*) kill -s "$order" "$pid"; wait "$pid" ;;
	esac
	echo done
done
kill -s QUIT "$pid" 2>/dev/null
wait "$pid"
rm -rf "$PWD"
`

var errMissing = errors.New("PostgreSQL is not on this machine (apt-get install postgresql)")

func start() (*Server, error) {
	initdb, postgres, err := programs()
	if err != nil {
		return nil, err
	}
	// Not in the folder that TMPDIR names: the path of a socket has little room, and
	// another user has to get there.
	folder, err := os.MkdirTemp("/tmp", "postgrestest")
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder}
	if err := s.start(initdb, postgres); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

// programs finds PostgreSQL. Debian has it outside of the PATH.
func programs() (initdb, postgres string, err error) {
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	for _, folder := range append(folders, filepath.SplitList(os.Getenv("PATH"))...) {
		initdb, postgres = filepath.Join(folder, "initdb"), filepath.Join(folder, "postgres")
		if exists(initdb) && exists(postgres) {
			return initdb, postgres, nil
		}
	}
	return "", "", errMissing
}

func exists(path string) bool {
	_, err := os.Stat(path) //nolint:gosec // G703: the machine and its PATH name the path
	return err == nil
}

func (s *Server) start(initdb, postgres string) (err error) {
	data, password := filepath.Join(s.folder, "data"), filepath.Join(s.folder, "password")
	if err := os.WriteFile(password, []byte(Password), 0o600); err != nil {
		return err
	}
	if err := giveAway(s.folder, password); err != nil {
		return err
	}
	out, err := s.command(initdb, "--pgdata", data, "--username=postgres", "--pwfile", password,
		"--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync", "--no-instructions",
		"--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	if s.port, err = freeport.Find(); err != nil {
		return err
	}
	s.keeper = s.command("/bin/sh", "-c", keep, "sh", postgres, "-D", data, "-k", s.folder,
		"-c", "listen_addresses=127.0.0.1", "-c", fmt.Sprint("port=", s.port), "-c", "max_connections=300",
		"-c", "shared_buffers=32MB", "-c", "min_wal_size=32MB", "-c", "max_wal_size=128MB", "-c", "log_min_messages=fatal")
	answers, err := s.keeper.StdoutPipe()
	if err != nil {
		return err
	}
	s.answers = bufio.NewReader(answers)
	if s.orders, err = s.keeper.StdinPipe(); err != nil {
		return err
	}
	if err := s.keeper.Start(); err != nil {
		return err
	}
	return s.up()
}

// command is one of PostgreSQL's, which refuse to run as root. Settings of the
// person who runs the tests do not reach it.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...) //nolint:gosec,noctx // programs of the machine; it outlives what starts it
	cmd.Dir = s.folder
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	apart(cmd)
	return cmd
}

// order has the keeper do something, and waits until it is done.
func (s *Server) order(word string) error {
	if _, err := fmt.Fprintln(s.orders, word); err != nil {
		return err
	}
	_, err := s.answers.ReadString('\n')
	return err
}

// up starts the server and waits until it answers.
func (s *Server) up() error {
	if err := s.order("start"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for refused := s.refusals(); ; {
		err := s.exec(ctx)
		if err == nil {
			s.running.Store(true)
			return nil
		}
		if n := s.refusals(); n > refused { // it has ended: after a kill, others of its kind may live on for a moment
			refused = n
			if err := s.order("start"); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %s", err, s.log())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) log() []byte {
	log, _ := os.ReadFile(filepath.Join(s.folder, "log")) // it is there from the first start on
	return log
}

// refusals is how often the server has refused to start because processes of
// before were still there.
func (s *Server) refusals() int {
	return bytes.Count(s.log(), []byte("pre-existing shared memory block"))
}

// Kill ends the server's first process without a word (kill -9). The others notice
// that and end.
func (s *Server) Kill(tb testing.TB) { tb.Helper(); s.down(tb, "KILL") }

// Stop shuts the server down: it cuts all connections, and keeps everything.
func (s *Server) Stop(tb testing.TB) { tb.Helper(); s.down(tb, "INT") }

// Crash ends the server as a power cut does: at the next start it has to
// recover from its log.
func (s *Server) Crash(tb testing.TB) { tb.Helper(); s.down(tb, "QUIT") }

func (s *Server) down(tb testing.TB, signal string) {
	tb.Helper()
	s.running.Store(false)
	if err := s.order(signal); err != nil {
		tb.Fatalf("stop PostgreSQL: %v", err)
	}
}

// Start starts the server again, with the same databases at the same address.
func (s *Server) Start(tb testing.TB) {
	tb.Helper()
	if err := s.up(); err != nil {
		tb.Fatalf("start PostgreSQL again: %v", err)
	}
}

// GiveFiles lets the server read and write files or folders.
func (s *Server) GiveFiles(tb testing.TB, paths ...string) {
	tb.Helper()
	if err := giveAway(paths...); err != nil {
		tb.Fatalf("give files to PostgreSQL: %v", err)
	}
}

// remove ends the server and removes its files.
func (s *Server) remove() error {
	s.running.Store(false)
	if s.orders == nil || s.keeper.Process == nil {
		return os.RemoveAll(s.folder)
	}
	return errors.Join(s.orders.Close(), s.keeper.Wait())
}

// Address is host and port of the server, on loopback.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", fmt.Sprint(s.port)) }

// Folder is where the files of the server are, and its socket, over which the superuser needs no
// password.
func (s *Server) Folder() string { return s.folder }

func (s *Server) url(database string) string {
	return "postgres://postgres:" + Password + "@" + s.Address() + "/" + database + "?sslmode=disable"
}
