package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// lockFile is the file in a data folder by which a process claims it. It says
// who that process is; see holder.
func lockFile(folder string) string { return filepath.Join(folder, "lock") }

// holder is the roomkey that has a data folder, as its lock says.
type holder struct {
	address netip.AddrPort // where it answers
	key     []byte         // made at its start; only who may read the lock knows it
	command string         // which command it was started with
}

// The commands that serve.
const (
	commandServe = "serve"
	commandStdio = "stdio"
)

// keySize is how many bytes the key of a holder has.
const keySize = 32

// newHolder makes a holder with a new key.
func newHolder(address, command string) (holder, error) {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return holder{}, fmt.Errorf("read the address listened on: %w", err)
	}
	h := holder{address: a, key: make([]byte, keySize), command: command}
	_, _ = rand.Read(h.key) // never fails
	return h, nil
}

// url is where the holder answers.
func (h holder) url() string { return "http://" + h.address.String() }

// announce writes down who holds a lock. There is no lock on systems without
// one.
func (h holder) announce(lock *os.File) error {
	if lock == nil {
		return nil
	}
	text := fmt.Sprintf("%s\n%x\n%s\n", h.address, h.key, h.command)
	if _, err := lock.WriteAt([]byte(text), 0); err != nil {
		return fmt.Errorf("write into the data folder's lock: %w", err)
	}
	return nil
}

// renounce takes back what was announced.
func renounce(lock *os.File) error {
	if lock == nil {
		return nil
	}
	return lock.Truncate(0)
}

var (
	// errNobody says that no roomkey has a data folder.
	errNobody = errors.New("no roomkey has the data folder")

	// errSilent says that one has it and does not answer where its lock says,
	// or cannot prove that it is the one.
	errSilent = errors.New("the roomkey that has the data folder does not answer")
)

// findHolder gives the roomkey that has a data folder, after it has proved that
// it is the one. What a process that has ended left in the lock counts for
// nothing, and neither does an address of another machine.
func findHolder(ctx context.Context, folder string) (holder, error) {
	h, err := readHolder(folder)
	if err != nil {
		return holder{}, err
	}
	conn, err := h.dial(ctx)
	if err != nil {
		return holder{}, fmt.Errorf("%w: %w", errSilent, err)
	}
	return h, conn.Close()
}

// readHolder gives the roomkey that has a data folder as its lock says.
func readHolder(folder string) (holder, error) {
	lock, err := holdData(folder)
	switch {
	case err == nil && lock != nil:
		return holder{}, errors.Join(errNobody, lock.Close())
	case err != nil && !errors.Is(err, errDataInUse):
		return holder{}, err
	}
	text, err := readLock(folder)
	if err != nil {
		return holder{}, err
	}
	return parseHolder(text)
}

// readLock gives what a lock says.
func readLock(folder string) (string, error) {
	file, err := openLock(folder, os.O_RDONLY)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", errNobody
	case err != nil:
		return "", err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, 512))
	if err != nil {
		return "", fmt.Errorf("read the data folder's lock: %w", err)
	}
	return string(text), nil
}

// parseHolder reads what announce writes.
func parseHolder(text string) (holder, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return holder{}, fmt.Errorf("%w: its lock names none", errSilent)
	}
	address, err := parseOwnAddress(lines[0])
	if err != nil {
		return holder{}, fmt.Errorf("%w: %w", errSilent, err)
	}
	key, err := hex.DecodeString(lines[1])
	if err != nil || len(key) != keySize {
		return holder{}, fmt.Errorf("%w: its lock has no key", errSilent)
	}
	return holder{address: address, key: key, command: lines[2]}, nil
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
