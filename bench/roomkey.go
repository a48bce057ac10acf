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

// roomkey is a running roomkey.
type roomkey struct {
	*process
	endpoint load.Endpoint // with a user's token, modern era
	ready    time.Duration // from start to the first answered tool call
}

// listRooms is the first call that a roomkey gets: it needs nothing but the
// database.
var listRooms = load.CallTool("list_rooms", load.Fixed("{}"))

// startRoomkey starts roomkey with a data directory of that name in the lab
// and waits for its first answer. The environment is this program's, without
// what points at a LiveKit server, and with env.
func (l *lab) startRoomkey(ctx context.Context, data string, env ...string) (*roomkey, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	data = l.dataDir(data)
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	token, err := l.accessToken(data, env, "bench")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	r := &roomkey{endpoint: load.Endpoint{Addr: addr, Token: token, Era: load.Modern}}

	started := time.Now()
	r.process, err = startProcess(l.command(data, env, "serve", "--listen", addr, "--data", data, "--log-level", "error"))
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

// accessToken makes one for a user of the roomkey with that data directory.
func (l *lab) accessToken(data string, env []string, user string) (string, error) {
	token, err := l.command(data, env, "token", "--sub", user, "--role", "user", "--data", data).Output()
	if err != nil {
		return "", fmt.Errorf("roomkey token: %w", withStderr(err))
	}
	return strings.TrimSpace(string(token)), nil
}

// dataDir is the data directory of that name.
func (l *lab) dataDir(name string) string { return filepath.Join(l.dir, name) }

// command prepares a roomkey command that runs in its data directory, where no
// configuration of somebody else lies about.
func (l *lab) command(data string, env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(l.roomkey, args...)
	cmd.Dir = data
	for _, variable := range os.Environ() {
		// roomkey refuses to start with a variable of its own that it does not know.
		if !strings.HasPrefix(variable, "LIVEKIT_") && !strings.HasPrefix(variable, chromiumVariable+"=") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	cmd.Env = append(append(cmd.Env, unlimited...), env...)
	return cmd
}

// unlimited is the environment of a roomkey that stops nobody: one user of a
// measurement does what thousands do.
var unlimited = []string{
	"ROOMKEY_LIMITS_ROOMS_PER_USER=0", "ROOMKEY_LIMITS_ROOMS_PER_MINUTE=0", "ROOMKEY_LIMITS_CHANGES_PER_USER=0",
	"ROOMKEY_LIMITS_JOINS_PER_ADDRESS=0", "ROOMKEY_LIMITS_JOINS_PER_CODE=0", "ROOMKEY_LIMITS_JOINS_PER_USER=0",
}

// foreignLiveKit is the environment of a roomkey that has no LiveKit inside.
// Nobody answers at the address: what is measured asks the database alone.
func foreignLiveKit() []string {
	return []string{
		"LIVEKIT_URL=ws://127.0.0.1:1",
		"LIVEKIT_API_KEY=bench",
		"LIVEKIT_API_SECRET=only-for-a-server-that-is-not-there",
	}
}

// codesPerRoom is what create_codes gives: one code for each built-in role.
const codesPerRoom = 3

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
	if err := json.Unmarshal(result, &made); err != nil || made.Content.Room.ID == "" {
		return room{}, fmt.Errorf("create_room gave no room: %.300s", result)
	}
	out := room{id: made.Content.Room.ID, codes: make(map[string]string)}
	for _, c := range made.Content.Codes {
		out.codes[c.Role] = c.Code
	}
	return out, checkCodes(result)
}

// checkCodes looks for a room's codes in a result.
func checkCodes(result json.RawMessage) error {
	var got struct {
		Content struct {
			Codes []json.RawMessage `json:"codes"`
		} `json:"structuredContent"`
	}
	if err := json.Unmarshal(result, &got); err != nil || len(got.Content.Codes) != codesPerRoom {
		return fmt.Errorf("not %d codes: %.300s", codesPerRoom, result)
	}
	return nil
}

// roomCodes asks for the codes of the room whose id the function gives.
func roomCodes(id func() string) load.Message {
	return load.CallTool("get_room_codes", func(dst []byte) []byte {
		dst = append(dst, `{"room_id":"`...)
		dst = append(dst, id()...)
		return append(dst, `"}`...)
	})
}

// withStderr adds what a command said when it failed.
func withStderr(err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Errorf("%w: %.300s", err, exit.Stderr)
	}
	return err
}
