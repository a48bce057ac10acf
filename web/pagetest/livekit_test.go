package pagetest

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"roomkey/livekit/embedded"
	"roomkey/livekit/livekittest"
	"roomkey/meet/meettest"
)

// raceDetector says whether this is a build with the race detector. LiveKit
// itself races when it hands on what real browsers send (sfu.DownTrack), so
// that it runs in a process of its own then: what is looked for is our races.
var raceDetector bool

// media is a running LiveKit.
type media struct {
	url  string
	stop func() error
}

// startLiveKit starts a LiveKit on the ports, which may be 0.
func startLiveKit(port, udpPort int) (media, error) {
	if raceDetector {
		return startProcess(port, udpPort)
	}
	s, err := embedded.Start(context.Background(), embedded.Config{
		APIKey: livekittest.APIKey, APISecret: livekittest.APISecret, Port: port, UDPPort: udpPort})
	if err != nil {
		return media{}, err
	}
	return media{s.URL(), s.Stop}, nil
}

// livekitd is that program, built without the race detector.
var livekitd = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "roomkey-livekitd-")
	if err != nil {
		return "", err
	}
	stops.Lock()
	stops.all = append(stops.all, func() { _ = os.RemoveAll(dir) })
	stops.Unlock()
	path := filepath.Join(dir, "livekitd")
	build := exec.Command("go", "build", "-o", path, "roomkey/livekit/livekittest/livekitd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build livekitd: %w: %s", err, out)
	}
	return path, nil
})

func startProcess(port, udpPort int) (media, error) {
	path, err := livekitd()
	if err != nil {
		return media{}, err
	}
	cmd := exec.Command(path, "-key", livekittest.APIKey, "-secret", livekittest.APISecret,
		"-port", strconv.Itoa(port), "-udp", strconv.Itoa(udpPort))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return media{}, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return media{}, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return media{}, err
	}
	m := media{stop: sync.OnceValue(func() error { _ = stdin.Close(); return cmd.Wait() })}
	if _, err := fmt.Fscan(stdout, &m.url); err != nil {
		return media{}, fmt.Errorf("livekitd did not start: %w, %w", err, m.stop())
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	return m, nil
}

// shared is the LiveKit of all tests but those that stop it.
var sharedLiveKit = sync.OnceValues(func() (string, error) {
	m, err := startLiveKit(0, 0)
	if err != nil {
		return "", err
	}
	stops.Lock()
	defer stops.Unlock()
	stops.all = append(stops.all, func() { _ = m.stop() })
	return m.url, nil
})

// newSystem is [meettest.New] on that one.
func newSystem(t *testing.T, options ...meettest.Option) *meettest.System {
	t.Helper()
	url, err := sharedLiveKit()
	if err != nil {
		t.Fatalf("start LiveKit: %v", err)
	}
	return meettest.NewOn(t, url, options...)
}
