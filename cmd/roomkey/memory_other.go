//go:build !linux

package main

// releaseProgramPages is left to the system's own devices.
func releaseProgramPages() {}
