package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"roomkey/bench/load"
)

// restConns are the numbers of connections at which the Rooms API is measured,
// and restAsked is the one that the targets are about.
var restConns = []int{1, 8, 32}

const restAsked = 8

// joinsTable has a row for every join.
const joinsTable = "joins"

// measureREST takes the Rooms API's joins and creates per second, the media
// server inside, so that they can be set beside other servers of this API.
func measureREST(ctx context.Context, l *lab) ([]row, error) {
	joins, err := measureJoins(ctx, l)
	if err != nil {
		return joins, fmt.Errorf("join: %w", err)
	}
	creates, err := measureRESTCreates(ctx, l)
	if err != nil {
		err = fmt.Errorf("create: %w", err)
	}
	return append(joins, creates...), err
}

// measureJoins lets a user who is not the room's admin join it by its name,
// again and again, and compares that with a bare handler that is sent the same
// and answers a body of the same size and shape. No two joins may have the same
// identity, and every one must be on record.
func measureJoins(ctx context.Context, l *lab) ([]row, error) {
	r, err := l.startRoomkey(ctx, "joins")
	if err != nil {
		return nil, err
	}
	defer r.stop()
	const room = "bench-joins"
	if _, err := r.createRoom(ctx, room); err != nil {
		return nil, err
	}
	guest := load.Endpoint{Addr: r.endpoint.Addr}
	if guest.Token, err = l.accessToken(l.dataDir("joins"), nil, "guest"); err != nil {
		return nil, err
	}
	example, err := load.Do(ctx, guest, joinRoom(room))
	if err != nil {
		return nil, err
	}
	bare, err := startPeer(ctx, l, "nethttp", "-answer", string(example))
	if err != nil {
		return nil, err
	}
	defer bare.stop()

	var ours identities
	if err := ours.add(example); err != nil {
		return nil, err
	}
	var plans []load.Plan
	for _, n := range restConns {
		theirs := throughput(l, load.Endpoint{Addr: bare.addr}, joinRoom(room))
		theirs.Conns, theirs.ServerCPU = n, bare.cpu
		theirs.Each = func(answer []byte) error { // so that the generator has as much to do
			_, err := identityOf(answer)
			return err
		}
		theirs.Check = func(answer json.RawMessage) error {
			if len(answer) != len(example) {
				return fmt.Errorf("the handler answers %d bytes, a join %d", len(answer), len(example))
			}
			return nil
		}
		join := throughput(l, guest, joinRoom(room))
		join.Conns, join.ServerCPU, join.Each = n, r.cpu, ours.add
		plans = append(plans, theirs, join)
	}
	runs, err := interleave(ctx, pick(l, 9, 3), plans...)
	if err != nil {
		return nil, err
	}
	if err := countRows(ctx, l.dataDir("joins"), joinsTable, ours.count()); err != nil {
		return nil, err
	}
	var rows []row
	for i, n := range restConns {
		rows = append(rows, joinRows(n, runs[2*i+1], runs[2*i])...)
	}
	return rows, nil
}

// joinRows are what is to be said about joins on n connections. Of the two
// targets one is asked for.
func joinRows(n int, ours, bare []load.Result) []row {
	median, yardstick := medianRun(ours), medianRun(bare)
	rate := row{name: fmt.Sprintf("room/join, %s", connections(n)), value: median.Rate(), format: "%.0f/s", note: describe(median)}
	ratio := row{
		name: fmt.Sprintf("room/join ÷ bare net/http handler, %s", connections(n)), value: medianRatio(ours, bare, load.Result.Rate), format: "%.2f",
		note: fmt.Sprintf("%.0f/s ÷ %.0f/s; the handler %s", median.Rate(), yardstick.Rate(), describe(yardstick)),
	}
	if n == restAsked {
		rate.target, ratio.target = target{atLeast, 5000}, target{atLeast, 0.6}
		rate.note = "one of these two is asked for; " + rate.note
	}
	return []row{rate, ratio}
}

// measureRESTCreates makes rooms with the settings that roomkey comes with: the
// media room is left to the first join, as in what create_room is measured with.
// Beside it stands a server where LiveKit makes each its media room before the
// row is stored. An empty media room costs LiveKit something for as long as it
// lives, so every round has a server of its own.
func measureRESTCreates(ctx context.Context, l *lab) ([]row, error) {
	yardstick, err := openYardstick(ctx, filepath.Join(l.dir, "rest-yardstick.db"))
	if err != nil {
		return nil, err
	}
	defer yardstick.Close()

	kinds := []struct {
		name  string
		env   []string
		conns []int
	}{
		{"room/create", nil, restConns},
		{"the same, media room at once", []string{"ROOMKEY_ROOMS_CREATE_MEDIA=at_create"}, []int{restAsked}},
	}
	runs := make(map[string][]load.Result) // by name of the row
	ratios := make(map[string][]float64)
	var commits []float64
	for round := range pick(l, 9, 3) {
		commit, err := commitRate(ctx, yardstick, pick(l, 1500*time.Millisecond, 300*time.Millisecond))
		if err != nil {
			return nil, fmt.Errorf("commit to SQLite: %w", err)
		}
		commits = append(commits, commit)
		for i, kind := range kinds {
			results, err := l.createRooms(ctx, fmt.Sprintf("rest-creates-%d-%d", round, i), kind.env, kind.conns)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", kind.name, err)
			}
			for k, result := range results {
				name := kind.name + ", " + connections(kind.conns[k])
				runs[name], ratios[name] = append(runs[name], result), append(ratios[name], result.Rate()/commit)
			}
		}
	}
	var rows []row
	for _, kind := range kinds {
		for _, n := range kind.conns {
			name := kind.name + ", " + connections(n)
			median := medianRun(runs[name])
			rows = append(rows, row{
				name: name, value: median.Rate(), format: "%.0f/s",
				note: fmt.Sprintf("%.2f of the single-row SQLite commits, %.0f/s; %s", load.Median(ratios[name]), load.Median(commits), describe(median)),
			})
		}
	}
	return rows, nil
}

// createRooms lets a new server make rooms on so many connections, one number
// after the other, and looks whether all of them are in its file.
func (l *lab) createRooms(ctx context.Context, data string, env []string, conns []int) ([]load.Result, error) {
	r, err := l.startRoomkey(ctx, data, env...)
	if err != nil {
		return nil, err
	}
	defer r.stop()
	var names atomic.Int64
	create := load.Post("/api/room/create", func(dst []byte) []byte {
		return fmt.Appendf(dst, `{"name":"bench-%012d"}`, names.Add(1))
	}, "id")
	var results []load.Result
	for _, n := range conns {
		plan := throughput(l, r.endpoint, create)
		plan.Conns, plan.ServerCPU = n, r.cpu
		result, err := runClean(ctx, plan)
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	return results, countRows(ctx, l.dataDir(data), roomsTable, names.Load())
}

func connections(n int) string {
	if n == 1 {
		return "1 connection"
	}
	return fmt.Sprintf("%d connections", n)
}

// joinRoom joins a room by its name. A token in the answer is what makes it a
// success.
func joinRoom(name string) load.Message {
	return load.Post("/api/room/join", load.Fixed(fmt.Sprintf(`{"roomName":%q,"name":"Bench"}`, name)), "token")
}

// identities are whom the tokens of joins were for.
type identities struct {
	mu   sync.Mutex
	seen map[string]struct{}
}

// add refuses an answer whose token is for somebody who is there already.
func (s *identities) add(answer []byte) error {
	who, err := identityOf(answer)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, found := s.seen[who]; found {
		return fmt.Errorf("%s was let in twice", who)
	}
	if s.seen == nil {
		s.seen = make(map[string]struct{})
	}
	s.seen[who] = struct{}{}
	return nil
}

func (s *identities) count() int64 { return int64(len(s.seen)) }

// identityOf reads, without checking the signature, for whom the token in the
// answer to a join is.
func identityOf(answer []byte) (string, error) {
	_, token, _ := bytes.Cut(answer, []byte(`"token":"`))
	token, _, _ = bytes.Cut(token, []byte(`"`))
	parts := bytes.Split(token, []byte("."))
	if len(parts) != 3 {
		return "", errNoIdentity
	}
	claims, err := base64.RawURLEncoding.AppendDecode(nil, parts[1])
	if err != nil {
		return "", errNoIdentity
	}
	_, who, _ := bytes.Cut(claims, []byte(`"sub":"`))
	who, _, found := bytes.Cut(who, []byte(`"`))
	if !found || len(who) == 0 {
		return "", errNoIdentity
	}
	return string(who), nil
}

var errNoIdentity = errors.New("the token in the answer is for nobody")
