package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"roomkey/bench/load"
)

// livekitKey and livekitSecret are of the stock LiveKit.
const (
	livekitKey    = "bench"
	livekitSecret = "only-for-the-livekit-of-a-measurement"
)

// measureParticipants compares what a server needs more when people are in a
// room, each publishing sound and picture to all others: Roomkey with LiveKit
// inside, and the stock livekit-server of the same version, whose room another
// Roomkey has made. The people are in a process of their own.
func measureParticipants(ctx context.Context, l *lab) ([]row, error) {
	people := pick(l, 20, 4)
	client := filepath.Join(l.dir, "people")
	build := exec.CommandContext(ctx, "go", "build", "-o", client, "./livekit/livekittest/people")
	build.Dir = ".." // the module of the program
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w: %s", err, out)
	}
	stock, addr, err := l.startLiveKit(ctx)
	if err != nil {
		return nil, err
	}
	defer stock.stop()
	admin, err := l.startRoomkey(ctx, l.program, l.folder("people"), onLiveKit(addr)...)
	if err != nil {
		return nil, err
	}
	defer admin.stop()
	theirs, err := l.memoryOfPeople(ctx, client, admin, stock, addr, people)
	if err != nil {
		return nil, fmt.Errorf("stock LiveKit: %w", err)
	}
	ratio := row{
		name:   fmt.Sprintf("memory per participant ÷ stock livekit-server, %d publishing", people),
		format: "%.2f", target: target{atMost: 1.3}, note: fmt.Sprintf("stock %.1f MB", theirs),
	}
	for _, program := range l.programs() {
		r, err := l.startRoomkey(ctx, program, l.folder("people"))
		if err != nil {
			return nil, err
		}
		ours, err := l.memoryOfPeople(ctx, client, r, r.process, r.endpoint.Addr, people)
		r.stop()
		if err != nil {
			return nil, err
		}
		ratio.values = append(ratio.values, ours/theirs)
		ratio.note += fmt.Sprintf(", roomkey %.1f MB", ours)
	}
	return []row{ratio}, nil
}

// memoryOfPeople lets so many people into a room of r and gives the memory that
// media needs more for each of them, in MB.
func (l *lab) memoryOfPeople(ctx context.Context, client string, r *roomkey, media *process, addr string,
	people int) (float64, error) {
	if _, err := r.createRoom(ctx, "bench-people"); err != nil {
		return 0, err
	}
	pause := pick(l, 10*time.Second, 2*time.Second)
	before, err := media.idleMemory(ctx, pause)
	if err != nil {
		return 0, err
	}
	args := []string{"ws://" + addr}
	join := load.Post("/api/room/join", load.Fixed(`{"roomName":"bench-people"}`), "token")
	for range people {
		answer, err := load.Do(ctx, r.endpoint, join)
		if err != nil {
			return 0, err
		}
		var joined struct{ Token string }
		if err := json.Unmarshal(answer, &joined); err != nil {
			return 0, err
		}
		args = append(args, joined.Token)
	}
	stdout, theirs, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer stdout.Close()
	cmd := exec.Command(client, args...)
	cmd.Stdout = theirs
	inside, err := startProcess(cmd)
	theirs.Close()
	if err != nil {
		return 0, err
	}
	defer inside.stop()
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil { // all see and hear each other
		inside.stop()
		return 0, fmt.Errorf("people: %w: %.1000s", err, inside.stderr.String())
	}
	after, err := media.meanMemory(ctx, pause)
	return (after - before) / float64(people), err
}

// meanMemory is the mean of the resident memory in MB, looked at ten times in
// that long: collections of garbage make it go up and down.
func (p *process) meanMemory(ctx context.Context, long time.Duration) (float64, error) {
	sum := 0.0
	for range 10 {
		memory, err := p.idleMemory(ctx, long/10)
		if err != nil {
			return 0, err
		}
		sum += memory
	}
	return sum / 10, nil
}

// onLiveKit is the environment of a Roomkey that uses the server at an address.
func onLiveKit(addr string) []string {
	return []string{"LIVEKIT_URL=ws://" + addr, "LIVEKIT_API_KEY=" + livekitKey, "LIVEKIT_API_SECRET=" + livekitSecret}
}

// startLiveKit starts the stock livekit-server, which go.mod of the program
// names as a tool, and waits for its first answer.
func (l *lab) startLiveKit(ctx context.Context) (*process, string, error) {
	build := exec.CommandContext(ctx, "go", "tool", "-n", "github.com/livekit/livekit-server/cmd/server")
	build.Dir = ".."
	program, err := build.Output()
	if err != nil {
		return nil, "", fmt.Errorf("build livekit-server: %w", err)
	}
	var ports []string
	for range 3 {
		addr, err := freeAddr()
		if err != nil {
			return nil, "", err
		}
		ports = append(ports, strings.TrimPrefix(addr, "127.0.0.1:"))
	}
	cmd := exec.Command(strings.TrimSpace(string(program)))
	cmd.Dir = l.dir
	cmd.Env = []string{fmt.Sprintf(`LIVEKIT_CONFIG={port: %s, bind_addresses: [127.0.0.1], keys: {%s: %s},
		logging: {level: error}, rtc: {udp_port: %s, tcp_port: %s, node_ip: 127.0.0.1, ips: {includes: [127.0.0.1/32]},
		enable_loopback_candidate: true, stun_servers: ["127.0.0.1:9"]}}`,
		ports[0], livekitKey, livekitSecret, ports[1], ports[2])}
	p, err := startProcess(cmd)
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	addr := "127.0.0.1:" + ports[0]
	err = p.poll(ctx, func() error {
		response, err := http.Get("http://" + addr)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
			return errors.Join(err, errors.New(response.Status))
		}
		return nil
	})
	if err != nil {
		p.stop()
		return nil, "", err
	}
	return p, addr, nil
}
