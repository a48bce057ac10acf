package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// reaction is a line that the tests in e2e write: how long something took that
// Roomkey promises to do in a certain time.
type reaction struct {
	Case     string  `json:"case"`
	LiveKit  string  `json:"livekit"` // inside or foreign
	Took     float64 `json:"took_ms"`
	Promised float64 `json:"promised_ms"`
}

func (r reaction) ratio() float64 { return r.Took / r.Promised }

// measureReactions runs the tests in e2e, with real participants. It compares
// the time from a call until a participant noticed with the promised time. The
// tests themselves only require that it happens: a busy machine may be late.
func measureReactions(ctx context.Context, l *lab) ([]row, error) {
	file := filepath.Join(l.dir, "reactions.jsonl")
	tests := pick(l, "Test", "^(TestKick|TestMuteEveryone)$")
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout=14m", "-run", tests, "./e2e")
	cmd.Dir = ".." // the module of the program
	cmd.Env = append(os.Environ(), "ROOMKEY_TEST_REACTIONS="+file)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("e2e: %w\n%s", err, out[max(0, len(out)-4<<10):])
	}
	written, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return reactionRows(written)
}

// reactionRows gives the slowest reaction of each LiveKit.
func reactionRows(written []byte) ([]row, error) {
	seen := map[string][]reaction{}
	lines := bufio.NewScanner(bytes.NewReader(written))
	for lines.Scan() {
		var r reaction
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil || r.Promised <= 0 {
			return nil, fmt.Errorf("not a reaction: %.300s", lines.Bytes())
		}
		seen[r.LiveKit] = append(seen[r.LiveKit], r)
	}
	var rows []row
	for _, livekit := range []string{"inside", "foreign"} {
		all := seen[livekit]
		if len(all) == 0 {
			return nil, errors.New("no reaction with the LiveKit " + livekit)
		}
		slowest := slices.MaxFunc(all, func(a, b reaction) int { return int(1e6 * (a.ratio() - b.ratio())) })
		late := slices.DeleteFunc(slices.Clone(all), func(r reaction) bool { return r.ratio() <= 1 })
		rows = append(rows, row{
			name:   "slowest reaction ÷ its promise, LiveKit " + livekit,
			values: []float64{slowest.ratio()},
			format: "%.2f",
			target: target{atMost: 1},
			note: fmt.Sprintf("%s: %.0f of %.0f ms; %d of %d were late",
				slowest.Case, slowest.Took, slowest.Promised, len(late), len(all)),
		})
	}
	return rows, lines.Err()
}
