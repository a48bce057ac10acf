package datafolder

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// Holder is the roomkey that has a data folder, as the lock names it. Another
// start of the same program is another holder.
type Holder struct {
	Address netip.AddrPort // where it answers
	Command string         // with which it was started, see CommandServe
	key     [keySize]byte  // made at its start; only those who may read the lock know it
}

// The commands that serve.
const (
	CommandServe = "serve"
	CommandStdio = "stdio"
)

const keySize = 32

// NewHolder makes a holder with a new key.
func NewHolder(address netip.AddrPort, command string) Holder {
	h := Holder{Address: address, Command: command}
	_, _ = rand.Read(h.key[:]) // never fails
	return h
}

// URL is where the holder answers.
func (h Holder) URL() string { return "http://" + h.Address.String() }

// text is what the lock says of the holder; parseHolder reads it.
func (h Holder) text() string { return fmt.Sprintf("%s\n%x\n%s\n", h.Address, h.key, h.Command) }

var (
	// ErrNoHolder says that no roomkey has a data folder.
	ErrNoHolder = errors.New("no roomkey has the data folder")

	// ErrSilent says that a roomkey has the data folder and does not answer at
	// the address in its lock, or cannot prove that it is the one.
	ErrSilent = errors.New("the roomkey that has the data folder does not answer")
)

// FindHolder gives the roomkey that has a data folder, after it has proved that
// it is the one. What a process that has ended left in the lock is ignored, and
// so is an address of another machine.
func FindHolder(ctx context.Context, folder string) (Holder, error) {
	h, err := ReadHolder(folder)
	if err != nil {
		return Holder{}, err
	}
	conn, err := h.Dial(ctx)
	if err != nil {
		return Holder{}, fmt.Errorf("%w: %w", ErrSilent, err)
	}
	return h, conn.Close()
}

// ReadHolder gives the roomkey that has a data folder as its lock names it.
func ReadHolder(folder string) (Holder, error) {
	release, err := Hold(folder)
	switch {
	case err == nil:
		return Holder{}, errors.Join(ErrNoHolder, release())
	case !errors.Is(err, ErrInUse):
		return Holder{}, err
	}
	file, err := os.OpenFile(holderFile(folder), os.O_RDONLY|openSafely, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Holder{}, ErrNoHolder
	case err != nil:
		return Holder{}, fmt.Errorf("open the data folder's lock: %w", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, 512))
	if err != nil {
		return Holder{}, fmt.Errorf("read the data folder's lock: %w", err)
	}
	return parseHolder(string(text))
}

func parseHolder(text string) (Holder, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Holder{}, fmt.Errorf("%w: its lock names none", ErrSilent)
	}
	address, err := parseOwnAddress(lines[0])
	if err != nil {
		return Holder{}, fmt.Errorf("%w: %w", ErrSilent, err)
	}
	key, err := hex.DecodeString(lines[1])
	if err != nil || len(key) != keySize {
		return Holder{}, fmt.Errorf("%w: its lock has no key", ErrSilent)
	}
	return Holder{Address: address, key: [keySize]byte(key), Command: lines[2]}, nil
}

// parseOwnAddress reads an IP address of this machine, and a port.
func parseOwnAddress(text string) (netip.AddrPort, error) {
	address, err := netip.ParseAddrPort(text)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("read an address: %w", err)
	}
	if address.Port() == 0 {
		return netip.AddrPort{}, errors.New("an address without a port")
	}
	if address.Addr().IsLoopback() {
		return address, nil
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("list the addresses of this machine: %w", err)
	}
	if !slices.ContainsFunc(own, func(a net.Addr) bool {
		prefix, err := netip.ParsePrefix(a.String())
		return err == nil && prefix.Addr().Unmap() == address.Addr().Unmap().WithZone("")
	}) {
		return netip.AddrPort{}, errors.New("an address of another machine")
	}
	return address, nil
}
