package main

import (
	"context"
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

// lockFile is the file in a data folder by which a process claims it. It holds
// the address at which that process answers.
func lockFile(folder string) string { return filepath.Join(folder, "lock") }

// announce writes down where the holder of a lock answers; an empty address is
// nowhere. There is no lock on systems without one.
func announce(lock *os.File, address string) error {
	if lock == nil {
		return nil
	}
	if err := lock.Truncate(0); err != nil || address == "" {
		return err
	}
	_, err := lock.WriteAt([]byte(address+"\n"), 0)
	return err
}

// ownerURL is where the roomkey answers that has the data folder; empty where
// none has it, or none answers. What a process that is gone has left in
// the lock file counts for nothing, and neither does an address elsewhere: who
// calls it shows a token of the owner.
func ownerURL(ctx context.Context, folder string) string {
	lock, err := holdData(folder)
	if !errors.Is(err, errDataInUse) {
		if lock != nil {
			_ = lock.Close()
		}
		return ""
	}
	file, err := os.Open(lockFile(folder))
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, 256))
	if err != nil {
		return ""
	}
	address, err := parseOwnAddress(strings.TrimSuffix(string(text), "\n"))
	if err != nil {
		return ""
	}
	url := "http://" + address.String()
	if !newClient(url, nil).isRoomkey(ctx) {
		return ""
	}
	return url
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
