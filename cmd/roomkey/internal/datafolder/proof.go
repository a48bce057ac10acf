package datafolder

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
)

// Before a token of the owner is sent over a connection, the other side has to
// prove that it has the data folder: it answers a random challenge with a MAC
// under the key that is in its lock. The MAC covers the address at which the
// challenge arrived, so a program that listens elsewhere and passes everything
// on gets an answer that is good for another address than its own. Each new
// connection is proved before anything else is sent over it, so another program
// that gets the address after the roomkey has ended is not trusted.

const proofPath = "/roomkey/lock"

const proofWithin = 3 * time.Second

// ErrUnproved says that something else answers than the roomkey of the lock.
var ErrUnproved = errors.New("what answers there does not have the data folder")

// proof is the answer to a challenge that arrives at an address.
func (h Holder) proof(challenge string, at netip.AddrPort) []byte {
	mac := hmac.New(sha256.New, h.key[:])
	at = netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
	fmt.Fprintf(mac, "roomkey lock\n%s\n%s\n", at, challenge)
	return mac.Sum(nil)
}

// proofAnswer is the body of the answer to a challenge.
type proofAnswer struct {
	Proof string `json:"proof"` // in hex
}

// AnswerChallenges lets a server prove that it is the holder.
func (h Holder) AnswerChallenges(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		challenge := r.URL.Query().Get("challenge")
		local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
		if r.URL.Path != proofPath || r.Method != http.MethodGet || len(challenge) != 2*keySize || !ok {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		answer := proofAnswer{Proof: hex.EncodeToString(h.proof(challenge, local.AddrPort()))}
		_ = json.NewEncoder(w).Encode(answer) // a client that has gone needs no answer
	})
}

// Dial connects to the holder. The holder has proved that it is at the other
// end of the connection.
func (h Holder) Dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, proofWithin)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", h.Address.String())
	if err != nil {
		return nil, err
	}
	if err := h.challenge(ctx, conn); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// challenge makes the other end of a connection prove that it is the holder.
func (h Holder) challenge(ctx context.Context, conn net.Conn) error {
	nonce := make([]byte, keySize)
	_, _ = rand.Read(nonce) // never fails
	challenge := hex.EncodeToString(nonce)
	// Not with ctx, which ends the request below: a trace in ctx belongs to the
	// call that needs the connection, and would see this request as that call.
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet,
		h.URL()+proofPath+"?challenge="+challenge, nil)
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
		return fmt.Errorf("%w: %w", ErrUnproved, err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer proofAnswer
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1024))
	if err != nil || resp.Close || reader.Buffered() > 0 || json.Unmarshal(body, &answer) != nil {
		return ErrUnproved
	}
	got, err := hex.DecodeString(answer.Proof)
	if err != nil || !hmac.Equal(got, h.proof(challenge, h.Address)) {
		return ErrUnproved
	}
	if !stop() {
		return ctx.Err() // the deadline has been set
	}
	return nil
}
