package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite"

	"roomkey/bench/load"
)

// stopFunc ends a yardstick.
type stopFunc func()

// startEcho gives the start of the bare MCP server in the directory peers: an
// echo tool is called as roomkey is.
func startEcho(name string) func(context.Context, *lab, load.Plan) (contender, stopFunc, error) {
	return func(ctx context.Context, l *lab, ours load.Plan) (contender, stopFunc, error) {
		p, addr, err := startPeer(ctx, l, name)
		if err != nil {
			return nil, nil, err
		}
		echo := load.CallTool("echo", load.Fixed(`{"text":"hello"}`))
		plan := fullLoad(l, ours.Conns, load.Endpoint{Addr: addr, Era: ours.Endpoint.Era}, echo)
		plan.ServerCPU = p.cpu
		plan.Check = func(result json.RawMessage) error {
			if !strings.Contains(string(result), `"text":"hello"`) {
				return fmt.Errorf("no echo in %s", result)
			}
			return nil
		}
		return callers(plan), p.stop, nil
	}
}

// startHandler starts the bare net/http handler, which is sent the same as
// roomkey and answers as much as roomkey has answered once.
func startHandler(ctx context.Context, l *lab, ours load.Plan) (contender, stopFunc, error) {
	example, err := load.Do(ctx, ours.Endpoint, ours.Message)
	if err != nil {
		return nil, nil, err
	}
	p, addr, err := startPeer(ctx, l, "nethttp", string(example))
	if err != nil {
		return nil, nil, err
	}
	plan := ours
	plan.Endpoint.Addr, plan.ServerCPU = addr, p.cpu
	plan.Check = func(answer json.RawMessage) error {
		if len(answer) != len(example) {
			return fmt.Errorf("the handler answers %d bytes, roomkey %d: %s", len(answer), len(example), example)
		}
		return nil
	}
	return callers(plan), p.stop, nil
}

// startPeer builds and starts a program of the directory peers. It gives the
// address that the program printed.
func startPeer(ctx context.Context, l *lab, name string, args ...string) (*process, string, error) {
	program := filepath.Join(l.dir, name)
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "roomkey/bench/peers/"+name)
	if out, err := build.CombinedOutput(); err != nil {
		return nil, "", fmt.Errorf("build: %w: %s", err, out)
	}
	stdout, theirs, err := os.Pipe()
	if err != nil {
		return nil, "", err
	}
	defer stdout.Close()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout = l.dir, theirs
	p, err := startProcess(cmd)
	theirs.Close() // the program holds the other one, so the pipe ends with it
	if err != nil {
		return nil, "", err
	}
	addr, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, "", fmt.Errorf("no address printed: %w", err)
	}
	return p, strings.TrimSpace(addr), nil
}

// startCommits makes a database with the durability that roomkey promises. A
// round stores one row a transaction, by one writer. More rooms than such
// commits mean that rooms which are made at the same time share a commit.
func startCommits(ctx context.Context, l *lab, _ load.Plan) (contender, stopFunc, error) {
	dir, err := os.MkdirTemp(l.dir, "commits-")
	if err != nil {
		return nil, nil, err
	}
	db, err := openSQLite(filepath.Join(dir, "yardstick.db"),
		"_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return nil, nil, err
	}
	stop := func() { _ = db.Close() }
	const schema = `CREATE TABLE yardstick (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT`
	if _, err := db.ExecContext(ctx, schema); err != nil {
		stop()
		return nil, nil, err
	}
	length := fullLoad(l, 1, load.Endpoint{}, load.Message{}).Duration
	return func(ctx context.Context) (load.Result, error) { return commit(ctx, db, length) }, stop, nil
}

// commit stores one row per transaction for that long.
func commit(ctx context.Context, db *sql.DB, length time.Duration) (result load.Result, err error) {
	insert, err := db.PrepareContext(ctx, `INSERT INTO yardstick (name) VALUES ($1)`)
	if err != nil {
		return result, err
	}
	defer insert.Close()
	for started := time.Now(); result.Elapsed < length; result.Elapsed = time.Since(started) {
		if _, err := insert.ExecContext(ctx, "bench-000000000000"); err != nil {
			return result, err
		}
		result.Requests++
	}
	return result, nil
}

// openSQLite opens a database file with these parameters and one connection.
func openSQLite(file, parameters string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&"+parameters)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}
