package postgrestest

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func TestDatabasesAreFresh(t *testing.T) {
	t.Parallel()
	for range 2 {
		if _, err := connect(t, URL(t)).Exec(t.Context(), "CREATE TABLE one (n integer)"); err != nil {
			t.Error(err)
		}
	}
}

func TestServersComeBackWithTheirDatabases(t *testing.T) {
	t.Parallel()
	s := Start(t)
	url := s.Database(t)
	if _, err := connect(t, url).Exec(t.Context(), "CREATE TABLE one (n integer)"); err != nil {
		t.Fatal(err)
	}
	for _, end := range []func(testing.TB){s.Stop, s.Crash, s.Kill} {
		end(t)
		if conn, err := pgx.Connect(t.Context(), url); err == nil {
			t.Errorf("%v answers after its end", conn)
		}
		s.Start(t)
		if _, err := connect(t, url).Exec(t.Context(), "INSERT INTO one VALUES (1)"); err != nil {
			t.Error(err)
		}
	}
}

// Nothing is left of a server when its tests have been killed.
func TestServersEndWithTheirTests(t *testing.T) {
	if os.Getenv("POSTGRESTEST_HANG") != "" {
		s := Start(t)
		if _, err := os.Stdout.WriteString(s.folder + "\n" + s.url("postgres") + "\n"); err != nil {
			t.Fatal(err)
		}
		select {}
	}
	t.Parallel()
	if _, _, err := programs(); err != nil {
		t.Skip(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestServersEndWithTheirTests$")
	cmd.Env = append(os.Environ(), "POSTGRESTEST_HANG=1")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	lines.Scan()
	folder := lines.Text()
	lines.Scan()
	url := lines.Text()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for deadline := time.Now().Add(patience); exists(folder); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there", folder)
		}
	}
	if _, err := pgx.Connect(t.Context(), url); err == nil {
		t.Error("the server still answers")
	}
}
