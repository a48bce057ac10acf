package store

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"roomkey/meet"
)

// crashChild names the environment variable that makes the test binary the
// child of TestKill9; its value is the database's path.
const crashChild = "ROOMKEY_STORE_CRASH_CHILD"

// writeUntilKilled creates and joins rooms as fast as it can. Each thing that
// the store says is durable becomes a line on stdout.
func writeUntilKilled(path string) int {
	ctx := context.Background()
	db, err := Open(ctx, path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	const writers = 8
	errs := make(chan error, writers)
	for w := range writers {
		go func() {
			for i := 0; ; i++ {
				if err := createAndJoin(ctx, db, fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	fmt.Fprintln(os.Stderr, <-errs)
	return 1
}

func createAndJoin(ctx context.Context, db *DB, name string) error {
	room := newRoom(name)
	if err := db.CreateRoom(ctx, roomWith(room, newCode("code-"+name, "guest")), nil); err != nil {
		return err
	}
	if _, err := os.Stdout.WriteString("room " + name + "\n"); err != nil {
		return err
	}
	join := meet.Admission{Identity: "guest-" + name, RoomID: room.ID, Role: "guest", Code: "code-" + name,
		CreatedAt: epoch}
	if _, err := db.AddAdmission(ctx, join, epoch.Add(meet.TokenLifetime), func(meet.JoinContext) error { return nil },
		newEvent(name)); err != nil {
		return err
	}
	_, err := os.Stdout.WriteString("join " + name + "\n")
	return err
}

func TestKill9LosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "room.db")
	var acknowledged []string
	for range 3 { // each time on what the crash before has left
		acknowledged = append(acknowledged, killMidWrite(t, path, 100+rand.IntN(400))...)
		db := openAt(t, path)
		lines := linesAbout(t, db)
		for _, line := range acknowledged {
			what, name, _ := strings.Cut(line, " ")
			code, room, err := db.CodeAndRoom(t.Context(), "code-"+name)
			if err != nil || room.Name != name {
				t.Errorf("acknowledged room %s: got %q and error %v", name, room.Name, err)
			}
			if what == "join" && code.Uses != 1 {
				t.Errorf("acknowledged join of %s: code has %d uses", name, code.Uses)
			}
			if code.Uses != lines[name] {
				t.Errorf("%d joins of %s and %d lines about them", code.Uses, name, lines[name])
			}
		}
		var halves int // what nobody was told of is there with its code, or not at all
		const withoutCode = `SELECT count(*) FROM rooms WHERE id NOT IN (SELECT room_id FROM codes)`
		if err := writesOf(db).QueryRowContext(t.Context(), withoutCode).Scan(&halves); err != nil || halves > 0 {
			t.Errorf("%d rooms without their code, %v", halves, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d acknowledged", len(acknowledged))
}

// linesAbout counts the lines of the audit trail by what they are about.
func linesAbout(t *testing.T, db *DB) map[string]int {
	t.Helper()
	events, err := db.Events(t.Context(), meet.EventQuery{Limit: math.MaxInt32})
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]int{}
	for _, e := range events {
		lines[e.Target]++
	}
	return lines
}

// killMidWrite starts a child on the file, kills it after so many lines and
// gives all the lines it had written.
func killMidWrite(t *testing.T, path string, lines int) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), crashChild+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		got = append(got, scanner.Text())
		if len(got) == lines {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait()
	if len(got) < lines {
		t.Fatalf("child ended by itself after %d lines", len(got))
	}
	return got
}
