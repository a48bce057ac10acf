//go:build !unix

package postgrestest

import "os/exec"

func apart(*exec.Cmd) {}

func giveAway(...string) error { return nil }
