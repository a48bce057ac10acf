package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"roomkey/bench/load"
)

// roomkey is a running Roomkey.
type roomkey struct {
	*process
	program    string
	folder     string        // its data folder in the lab
	data       string        // the same with the path
	endpoint   load.Endpoint // with a user's token, modern era
	ready      time.Duration // from the start to the first answered tool call
	copied     string        // id of the room that the others are copies of
	copiedCode string        // its guest code
	url        string        // of its PostgreSQL database; empty: it has a file
}

// listRooms is the first call that a Roomkey gets. It needs nothing but the
// database.
var listRooms = load.CallTool("list_rooms", load.Fixed("{}"))

// startRoomkey starts a Roomkey with a data folder of that name in the lab and
// waits for its first answer. env is added to the environment.
func (l *lab) startRoomkey(ctx context.Context, program, data string, env ...string) (*roomkey, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	folder := data
	data = filepath.Join(l.dir, folder)
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	token, err := l.accessToken(program, data, env, "bench")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	r := &roomkey{
		program: program, folder: folder, data: data, url: urlIn(env),
		endpoint: load.Endpoint{Addr: addr, Token: token, Era: load.Modern},
	}
	started := time.Now()
	r.process, err = startProcess(command(program, data, env, "serve", "--listen", addr, "--data", data,
		"--log-level", "error"))
	if err != nil {
		return nil, err
	}
	err = r.poll(ctx, func() error {
		_, err := load.Do(ctx, r.endpoint, listRooms)
		return err
	})
	r.ready = time.Since(started)
	if err != nil {
		r.stop()
		return nil, fmt.Errorf("roomkey did not answer: %w", err)
	}
	return r, nil
}

// folder names a data folder that no other measurement has.
func (l *lab) folder(name string) string {
	l.folders++
	return fmt.Sprintf("%s-%d", name, l.folders)
}

// count gives the number that a query of the running Roomkey's database gives.
func (r *roomkey) count(ctx context.Context, query string) (n int, err error) {
	if r.url != "" {
		return countAt(ctx, r.url, query)
	}
	file, err := findDatabase(r.data)
	if err != nil {
		return 0, err
	}
	db, err := openSQLite(file, "mode=ro")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("%s: %w", query, err)
	}
	return n, nil
}

// accessToken makes a token for a user of the Roomkey with that data folder.
func (l *lab) accessToken(program, data string, env []string, user string) (string, error) {
	token, err := command(program, data, env, "token", "--sub", user, "--role", "user", "--data", data).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("roomkey token: %w: %.300s", err, exit.Stderr)
	}
	return strings.TrimSpace(string(token)), err
}

// command prepares a command of Roomkey that runs in its data folder, where it
// finds no configuration of somebody else. The environment is that of this
// program without LiveKit's variables.
func command(program, data string, env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = data
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "LIVEKIT_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	cmd.Env = append(append(cmd.Env, unlimited...), env...)
	return cmd
}

// unlimited is the environment of a Roomkey without limits on one user: here
// one user makes the calls of thousands.
var unlimited = []string{
	"ROOMKEY_LIMITS_ROOMS_PER_USER=0", "ROOMKEY_LIMITS_ROOMS_PER_MINUTE=0", "ROOMKEY_LIMITS_CHANGES_PER_USER=0",
	"ROOMKEY_LIMITS_JOINS_PER_ADDRESS=0", "ROOMKEY_LIMITS_JOINS_PER_CODE=0", "ROOMKEY_LIMITS_JOINS_PER_USER=0",
}

// foreignLiveKit is the environment of a Roomkey that has no LiveKit inside.
// Nobody answers at the address: what is measured asks only the database.
var foreignLiveKit = []string{
	"LIVEKIT_URL=ws://127.0.0.1:1", "LIVEKIT_API_KEY=bench", "LIVEKIT_API_SECRET=only-for-a-server-that-is-not-there",
}

// room is a room that was made with its codes.
type room struct {
	id    string
	codes map[string]string // by role
}

// createRoom makes a room with its codes.
func (r *roomkey) createRoom(ctx context.Context, name string) (room, error) {
	args := fmt.Sprintf(`{"name":%q,"create_codes":true}`, name)
	result, err := load.Do(ctx, r.endpoint, load.CallTool("create_room", load.Fixed(args)))
	if err != nil {
		return room{}, fmt.Errorf("create_room: %w", err)
	}
	return readRoom(result)
}

// readRoom reads the result of create_room.
func readRoom(result json.RawMessage) (room, error) {
	var made struct {
		Content struct {
			Room struct {
				ID string `json:"id"`
			} `json:"room"`
			Codes []struct {
				Code string `json:"code"`
				Role string `json:"role"`
			} `json:"codes"`
		} `json:"structuredContent"`
	}
	err := json.Unmarshal(result, &made)
	if err != nil || made.Content.Room.ID == "" || len(made.Content.Codes) == 0 {
		return room{}, fmt.Errorf("create_room gave no room with codes: %.300s", result)
	}
	out := room{id: made.Content.Room.ID, codes: make(map[string]string)}
	for _, c := range made.Content.Codes {
		out.codes[c.Role] = c.Code
	}
	return out, nil
}
