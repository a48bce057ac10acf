package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite"

	"roomkey/bench/load"
)

// measureCreates compares create_room with what the disk and SQLite give a
// single writer that stores one row per transaction. More than 1 means that
// roomkey lets rooms that are made at the same time share a commit. No answer
// may come before its commit: every room is looked for in the file afterwards.
func measureCreates(ctx context.Context, l *lab) ([]row, error) {
	r, err := l.startRoomkey(ctx, "creates")
	if err != nil {
		return nil, err
	}
	defer r.stop()
	yardstick, err := openYardstick(ctx, filepath.Join(l.dir, "yardstick.db"))
	if err != nil {
		return nil, err
	}
	defer yardstick.Close()

	var names atomic.Int64
	plan := throughput(l, r.endpoint, load.CallTool("create_room", func(dst []byte) []byte {
		return fmt.Appendf(dst, `{"name":"bench-%012d"}`, names.Add(1))
	}))
	plan.ServerCPU = r.cpu

	var rates, commits, ratios []float64
	var runs []load.Result
	for range pick(l, 9, 3) {
		rate, err := commitRate(ctx, yardstick, plan.Duration)
		if err != nil {
			return nil, fmt.Errorf("commit to SQLite: %w", err)
		}
		result, err := runClean(ctx, plan)
		if err != nil {
			return nil, err
		}
		runs = append(runs, result)
		rates, commits = append(rates, result.Rate()), append(commits, rate)
		ratios = append(ratios, result.Rate()/rate)
	}
	if err := countRows(ctx, l.dataDir("creates"), roomsTable, names.Load()); err != nil {
		return nil, err
	}
	return []row{{
		name:   "create_room ÷ single-row SQLite commits",
		value:  load.Median(ratios),
		format: "%.2f",
		target: target{atLeast, 1},
		note:   fmt.Sprintf("%.0f/s ÷ %.0f/s; %s", load.Median(rates), load.Median(commits), describe(medianRun(runs))),
	}}, nil
}

// countRows looks into the file of a running roomkey, where every answer must
// have left a row: what another process sees there has been committed.
func countRows(ctx context.Context, dir, table string, want int64) error {
	file, err := findDatabase(dir)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer db.Close()
	var got int64
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&got); err != nil {
		return fmt.Errorf("count %s: %w", table, err)
	}
	if got != want {
		return fmt.Errorf("%d %s were answered for and %d are in the file", want, table, got)
	}
	return nil
}

// openYardstick makes a database with the durability that roomkey promises.
func openYardstick(ctx context.Context, file string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+file+
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `CREATE TABLE yardstick (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT`); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// commitRate stores one row per transaction for that long and gives the
// commits per second.
func commitRate(ctx context.Context, db *sql.DB, d time.Duration) (float64, error) {
	insert, err := db.PrepareContext(ctx, `INSERT INTO yardstick (name) VALUES ($1)`)
	if err != nil {
		return 0, err
	}
	defer insert.Close()

	started, commits := time.Now(), 0
	for time.Since(started) < d {
		if _, err := insert.ExecContext(ctx, "bench-000000000000"); err != nil {
			return 0, err
		}
		commits++
	}
	return float64(commits) / time.Since(started).Seconds(), nil
}
