package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"roomkey/bench/load"
)

// peer is a bare server of the directory peers.
type peer struct {
	*process
	name string
	addr string
}

// startPeer builds and starts the peer of that name on a free port.
func startPeer(ctx context.Context, l *lab, name string, args ...string) (*peer, error) {
	program := filepath.Join(l.dir, name)
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "roomkey/bench/peers/"+name).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s: %w: %s", name, err, out)
	}
	stdout, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer stdout.Close()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout = l.dir, theirs
	p, err := startProcess(cmd)
	theirs.Close() // theirs alone now, so that its end is the pipe's end
	if err != nil {
		return nil, err
	}
	addr, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("%s printed no address: %w", name, err)
	}
	return &peer{process: p, name: name, addr: strings.TrimSpace(addr)}, nil
}

// startPeers starts both peers, mcp-go first.
func startPeers(ctx context.Context, l *lab) (mcpgo, gosdk *peer, stop func(), err error) {
	if mcpgo, err = startPeer(ctx, l, "mcpgo"); err != nil {
		return nil, nil, nil, err
	}
	if gosdk, err = startPeer(ctx, l, "gosdk"); err != nil {
		mcpgo.stop()
		return nil, nil, nil, err
	}
	return mcpgo, gosdk, func() { mcpgo.stop(); gosdk.stop() }, nil
}

// echo is the plan that keeps a peer busy.
func (p *peer) echo(l *lab, era load.Era) load.Plan {
	plan := throughput(l, load.Endpoint{Addr: p.addr, Era: era}, load.CallTool("echo", load.Fixed(`{"text":"hello"}`)))
	plan.ServerCPU = p.cpu
	plan.Check = func(result json.RawMessage) error {
		if !strings.Contains(string(result), `"text":"hello"`) {
			return fmt.Errorf("no echo in %s", result)
		}
		return nil
	}
	return plan
}

// measurePeers shows the yardsticks of the other measurements, and how much of
// the machine the generator takes away from them.
func measurePeers(ctx context.Context, l *lab) ([]row, error) {
	mcpgo, gosdk, stop, err := startPeers(ctx, l)
	if err != nil {
		return nil, err
	}
	defer stop()

	var rows []row
	for _, era := range load.Eras {
		runs, err := interleave(ctx, pick(l, 5, 3), mcpgo.echo(l, era), gosdk.echo(l, era))
		if err != nil {
			return rows, fmt.Errorf("era %s: %w", era, err)
		}
		for i, p := range []*peer{mcpgo, gosdk} {
			r := medianRun(runs[i])
			rows = append(rows, row{
				name:   fmt.Sprintf("bare %s echo, %s", p.name, era),
				value:  r.Rate(),
				format: "%.0f/s",
				note:   describe(r),
			})
		}
	}
	return rows, nil
}
