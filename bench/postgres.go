package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres is a PostgreSQL with its own settings, but for those that are said
// where it is started: what is committed is on disk.
type postgres struct {
	*process
	server string // URL of its own database
	made   int    // databases
}

// errNoPostgres says that nothing is measured that needs one.
var errNoPostgres = errors.New("PostgreSQL is not on this machine (apt-get install postgresql)")

// nobody is the user that the server runs as: it refuses to be root.
const nobody = 65534

// startPostgres starts a server in the lab, with more settings.
func (l *lab) startPostgres(ctx context.Context, settings ...string) (*postgres, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		return nil, errNoPostgres
	}
	bin := filepath.Dir(found[len(found)-1])
	folder, err := os.MkdirTemp(l.dir, "postgres-")
	if err != nil {
		return nil, err
	}
	attributes := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Getuid() == 0 {
		attributes.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		if err := errors.Join(os.Chown(folder, nobody, nobody), os.Chmod(l.dir, 0o711)); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(folder, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata", data, "--username=postgres",
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = folder, attributes
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %.500s", err, out)
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	_, port, _ := strings.Cut(addr, ":")
	args := []string{"-D", data, "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "port=" + port}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command(filepath.Join(bin, "postgres"), args...)
	cmd.Dir, cmd.SysProcAttr = folder, attributes
	p := &postgres{server: "postgres://postgres@" + addr + "/postgres?sslmode=disable"}
	if p.process, err = startProcess(cmd); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := p.poll(ctx, func() error { return execAt(ctx, p.server, `SELECT 1`) }); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// stop ends the connections that are left, too.
func (p *postgres) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	p.process.stop()
}

// environment is that of Roomkeys that share a new database.
func (p *postgres) environment(ctx context.Context) ([]string, error) {
	p.made++
	name := fmt.Sprint("bench_", p.made)
	u, err := url.Parse(p.server)
	if err != nil {
		return nil, err
	}
	u.Path = "/" + name
	return []string{databaseURL + u.String(), benchSecret},
		execAt(ctx, p.server, `CREATE DATABASE `+name)
}

// The environment that Roomkeys with one PostgreSQL have in common.
const (
	databaseURL = "ROOMKEY_DATABASE_URL="
	benchSecret = "ROOMKEY_AUTH_SECRET=only-for-servers-that-are-measured"
)

// urlIn gives the URL of the database that an environment names, or nothing.
func urlIn(env []string) string {
	for _, variable := range env {
		if u, found := strings.CutPrefix(variable, databaseURL); found {
			return u
		}
	}
	return ""
}

func execAt(ctx context.Context, url, text string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, text)
	return errors.Join(err, conn.Close(ctx))
}

// countAt gives the number that a query gives.
func countAt(ctx context.Context, url, query string) (n int, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	err = conn.QueryRow(ctx, query).Scan(&n)
	return n, errors.Join(err, conn.Close(ctx))
}

// growPostgres is growDatabase for a PostgreSQL.
func growPostgres(ctx context.Context, url, id string, n int) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, table := range []struct{ name, key string }{{"rooms", "id"}, {"codes", "room_id"}} {
		if err := copyInto(ctx, conn, table.name, table.key, id, n); err != nil {
			return fmt.Errorf("grow %s: %w", table.name, err)
		}
	}
	for _, statement := range []string{`VACUUM ANALYZE`, `CHECKPOINT`} { // the latter would be written while something is measured
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// copyInto copies the rows whose key column has that value, n times.
func copyInto(ctx context.Context, conn *pgx.Conn, table, key, value string, n int) error {
	rows, err := conn.Query(ctx, `SELECT * FROM `+table+` WHERE `+key+` = $1`, value)
	if err != nil {
		return err
	}
	var columns []string
	for _, field := range rows.FieldDescriptions() {
		columns = append(columns, field.Name)
	}
	templates, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
	if err != nil {
		return err
	}
	i := 0
	_, err = conn.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		if i == n*len(templates) {
			return nil, nil
		}
		row := append([]any(nil), templates[i%len(templates)]...)
		for at, column := range columns {
			if text, ok := row[at].(string); ok && isKey(column) {
				row[at] = lookalike(text, int64(1+i/len(templates)))
			}
		}
		i++
		return row, nil
	}))
	return err
}
