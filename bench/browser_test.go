package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindChromium(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"mine", "google-chrome"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	for variable, want := range map[string]string{"": "google-chrome", "mine": "mine", filepath.Join(dir, "mine"): "mine"} {
		t.Setenv(chromiumVariable, variable)
		if got, err := findChromium(); filepath.Base(got) != want || err != nil {
			t.Errorf("%s=%q: got %q, %v; want %s", chromiumVariable, variable, got, err, want)
		}
	}
	// The one that was asked for and no other, and a message that helps.
	t.Setenv(chromiumVariable, filepath.Join(dir, "missing"))
	if got, err := findChromium(); err == nil || !strings.Contains(err.Error(), chromiumVariable) {
		t.Errorf("got %q, %v; want an error that names %s", got, err, chromiumVariable)
	}
}

// The server would not start with it.
func TestCommandKeepsTheBrowsersVariable(t *testing.T) {
	t.Setenv(chromiumVariable, "/usr/bin/chromium")
	t.Setenv("ROOMKEY_LISTEN", "127.0.0.1:1")
	environment := strings.Join(new(lab).command(t.TempDir(), nil, "serve").Env, "\n")
	if strings.Contains(environment, chromiumVariable) || !strings.Contains(environment, "ROOMKEY_LISTEN") {
		t.Errorf("got environment %s", environment)
	}
}
