package main

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"roomkey/meet"
)

// Before a token of the owner goes over a connection, the other side has to
// prove that it has the data folder: it answers a random challenge with a MAC
// under the key that its lock holds. The MAC covers the address at which the
// challenge arrived, so a program that listens elsewhere and passes everything
// on gets an answer that is good for another address than its own. Each
// connection is proved anew, before anything else is sent over it, so it does
// not matter who has the address after the roomkey has ended.

// proofPath is where a roomkey answers the challenge.
const proofPath = "/roomkey/lock"

// proofWithin is how long a proof may take.
const proofWithin = 3 * time.Second

// errUnproved says that something else answers than the roomkey of the lock.
var errUnproved = errors.New("what answers there does not have the data folder")

// proof is the answer to a challenge that arrives at an address.
func (h holder) proof(challenge string, at netip.AddrPort) []byte {
	mac := hmac.New(sha256.New, h.key)
	at = netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
	fmt.Fprintf(mac, "roomkey lock\n%s\n%s\n", at, challenge)
	return mac.Sum(nil)
}

// proofAnswer is the body of the answer to a challenge.
type proofAnswer struct {
	Proof string `json:"proof"` // in hex
}

// provable lets a server answer challenges.
func (h holder) provable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		challenge := r.URL.Query().Get("challenge")
		local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if r.URL.Path != proofPath || r.Method != http.MethodGet || len(challenge) != 2*keySize || local == nil {
			next.ServeHTTP(w, r)
			return
		}
		at, err := netip.ParseAddrPort(local.String())
		if err != nil {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(proofAnswer{hex.EncodeToString(h.proof(challenge, at))}) // who has gone needs no answer
	})
}

// dial connects to the holder. What it gives has been proved to end there.
func (h holder) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, proofWithin)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", h.address.String())
	if err != nil {
		return nil, err
	}
	if err := h.challenge(ctx, conn); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// challenge has the other end of a connection prove that it is the holder.
func (h holder) challenge(ctx context.Context, conn net.Conn) error {
	nonce := make([]byte, keySize)
	_, _ = rand.Read(nonce) // never fails
	challenge := hex.EncodeToString(nonce)
	// Not with ctx, which ends it below: a trace in ctx is of the call that needs
	// the connection, and would take this request for that one.
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet,
		h.url()+proofPath+"?challenge="+challenge, nil)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // ends reads and writes
	defer stop()
	if err := req.Write(conn); err != nil {
		return err
	}
	reader := bufio.NewReaderSize(conn, 4096)
	resp, err := http.ReadResponse(reader, req)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnproved, err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer proofAnswer
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1024))
	if err != nil || resp.Close || reader.Buffered() > 0 || json.Unmarshal(body, &answer) != nil {
		return errUnproved
	}
	got, err := hex.DecodeString(answer.Proof)
	if err != nil || !hmac.Equal(got, h.proof(challenge, h.address)) {
		return errUnproved
	}
	if !stop() {
		return ctx.Err() // the deadline has been set
	}
	return nil
}

// ownerClient is a client that shows its tokens to the holder of a data
// folder's lock and to nobody else.
func ownerClient(h holder, token func() (string, error)) *client {
	c := newClient(h.url(), token)
	c.http = &http.Client{
		Timeout:       c.http.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return h.dial(ctx) },
			MaxIdleConnsPerHost: connsKept,
			IdleConnTimeout:     time.Minute,
		},
	}
	return c
}

// notTheOwners is the error where a roomkey answers that has another data
// folder: a token of the owner is not for it.
func notTheOwners(url, folder string) *meet.Error {
	return &meet.Error{Code: meet.CodeUnauthenticated,
		Message: "The roomkey at " + url + " has another data folder than " + folder,
		Hint:    "Give its --data, or --url with an access token in --token or ROOMKEY_TOKEN."}
}
