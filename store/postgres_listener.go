package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"roomkey/meet"
)

// channel is where instances tell each other what has changed.
const channel = `roomkey`

// notifyAll sends messages when the transaction is committed.
const notifyAll = `SELECT pg_notify('` + channel + `', message) FROM unnest(CAST($1 AS TEXT[])) AS message`

// messageSize is how long a message gets, in bytes. PostgreSQL takes 8000.
const messageSize = 7500

// listenAgain is how soon a listener whose connection was lost tries again, at
// first and at last; proveEvery is how often it proves that the connection stands.
const (
	listenAgain       = 100 * time.Millisecond
	listenAgainAtLast = 2 * time.Second
	proveEvery        = 5 * time.Second
	proveWithin       = 3 * time.Second
)

// message is what one instance tells the others.
type message struct {
	From   string       `json:"from"`
	Rooms  []string     `json:"rooms,omitempty"` // to be forgotten
	Events []toldEvent  `json:"events,omitempty"`
	Counts []meet.Count `json:"counts,omitempty"`
	Missed bool         `json:"missed,omitempty"` // something does not fit into a message
}

// toldEvent is what other instances are told of an event.
type toldEvent struct {
	Room   string           `json:"room"`
	Admin  string           `json:"admin,omitempty"`
	Action meet.EventAction `json:"action"`
	Target string           `json:"target,omitempty"`
}

// A listener hears what other instances tell, and has the cache forget what they
// change. While it hears nothing, nothing is remembered.
type listener struct {
	config  *pgx.ConnConfig
	from    string // this instance
	cache   *cache
	clock   databaseClock
	stop    context.CancelFunc
	stopped chan struct{} // closed when run has returned

	mu          sync.Mutex
	subscribers subscribers
}

type subscribers struct {
	events []func(meet.Event)
	counts []func(meet.Count)
}

// openListener begins to listen.
func openListener(ctx context.Context, url, from string, cache *cache) (*listener, error) {
	config, err := postgresConfig(url)
	if err != nil {
		return nil, err
	}
	l := &listener{config: config, from: from, cache: cache, stopped: make(chan struct{})}
	conn, err := l.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("listen to other instances: %w", err)
	}
	ctx, l.stop = context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // G118: close calls it
	go l.run(ctx, conn)
	return l, nil
}

func (l *listener) close() {
	l.stop()
	<-l.stopped
}

func (l *listener) subscribe(add func(*subscribers)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subscribers = subscribers{slices.Clone(l.subscribers.events), slices.Clone(l.subscribers.counts)}
	add(&l.subscribers)
}

func (l *listener) subscribed() subscribers {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.subscribers
}

func (l *listener) run(ctx context.Context, conn *pgx.Conn) {
	defer close(l.stopped)
	defer func() { l.end(ctx, conn) }() // where close came before the first round
	for wait := listenAgain; ctx.Err() == nil; {
		if conn == nil {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
			conn, _ = l.connect(ctx)
			wait = min(2*wait, listenAgainAtLast)
			continue
		}
		wait = listenAgain
		l.cache.remember()
		l.cache.proven(time.Now().Add(proveEvery + proveWithin))
		l.tell(message{Missed: true})
		l.listen(ctx, conn)
		l.cache.forgetAll()
		l.end(ctx, conn)
		conn = nil
	}
}

func (l *listener) end(ctx context.Context, conn *pgx.Conn) {
	if conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}

func (l *listener) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, postgresConnectWithin)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, l.config)
	if err != nil {
		return nil, err
	}
	if _, err = conn.Exec(ctx, `LISTEN `+channel); err == nil {
		err = l.clock.set(ctx, conn)
	}
	if err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

// listen returns when the connection was lost.
func (l *listener) listen(ctx context.Context, conn *pgx.Conn) {
	for proven := time.Now(); ; {
		waiting, cancel := context.WithDeadline(ctx, proven.Add(proveEvery))
		heard, err := conn.WaitForNotification(waiting)
		cancel()
		switch {
		case err == nil:
			l.hear(heard.Payload)
		case ctx.Err() != nil || !pgconn.Timeout(err) || conn.IsClosed():
			return
		}
		if time.Since(proven) < proveEvery {
			continue
		}
		proving, cancel := context.WithTimeout(ctx, proveWithin)
		err = l.clock.set(proving, conn)
		cancel()
		if err != nil {
			return
		}
		proven = time.Now()
		l.cache.proven(proven.Add(proveEvery + proveWithin))
	}
}

func (l *listener) hear(text string) {
	var m message
	if json.Unmarshal([]byte(text), &m) != nil {
		m = message{Missed: true} // of another version
	}
	if m.From == l.from {
		return
	}
	if m.Missed {
		l.cache.forgetAll()
		l.cache.remember()
	}
	l.cache.forget(m.Rooms)
	l.tell(m)
}

// tell tells the subscribers what another instance has told.
func (l *listener) tell(m message) {
	s := l.subscribed()
	for _, tell := range s.events {
		if m.Missed {
			tell(meet.Event{})
		}
		for _, e := range m.Events {
			tell(meet.Event{RoomID: e.Room, AdminID: e.Admin, Action: e.Action, Target: e.Target})
		}
	}
	for _, tell := range s.counts {
		for _, c := range m.Counts {
			tell(c)
		}
	}
}

// announce has other instances told of what a transaction changes, when it is
// committed.
func (l *listener) announce(t *tx, batch []*operation) error {
	var events []toldEvent
	for _, op := range batch {
		for i := range op.events {
			if e := &op.events[i].written; op.err == nil && e.RoomID != "" {
				events = append(events, toldEvent{Room: e.RoomID, Admin: e.AdminID, Action: e.Action, Target: e.Target})
			}
		}
	}
	slices.Sort(t.changedRooms)
	texts, err := l.messages(slices.Compact(t.changedRooms), events, nil)
	if t.usersEnd && err == nil { // what has changed of it is in no event
		var all []byte
		all, err = json.Marshal(message{From: l.from, Missed: true})
		texts = append(texts, string(all))
	}
	if err != nil || len(texts) == 0 {
		return err
	}
	return t.exec("tell other instances", notifyAll, texts)
}

// messages puts what is to be told into as few messages as it takes.
func (l *listener) messages(rooms []string, events []toldEvent, counts []meet.Count) (texts []string, err error) {
	m := message{From: l.from}
	size := 0
	flush := func() error {
		text, err := json.Marshal(m)
		texts = append(texts, string(text))
		m, size = message{From: l.from}, 0
		return err
	}
	add := func(what any, put func()) {
		var text []byte
		if text, err = json.Marshal(what); err != nil {
			return
		}
		if size > 0 && size+len(text) > messageSize {
			err = flush()
		}
		size += len(text) + 1
		if len(text) > messageSize {
			m.Missed = true
			return
		}
		put()
	}
	for i := 0; i < len(rooms) && err == nil; i++ {
		add(rooms[i], func() { m.Rooms = append(m.Rooms, rooms[i]) })
	}
	for i := 0; i < len(events) && err == nil; i++ {
		add(events[i], func() { m.Events = append(m.Events, events[i]) })
	}
	for i := 0; i < len(counts) && err == nil; i++ {
		add(counts[i], func() { m.Counts = append(m.Counts, counts[i]) })
	}
	if err == nil && size > 0 {
		err = flush()
	}
	return texts, err
}
