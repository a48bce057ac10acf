package auth_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"roomkey/auth"
)

func loadSecret(t *testing.T, path string) []byte {
	t.Helper()
	secret, err := auth.LoadSecret(path)
	if err != nil {
		t.Fatalf("LoadSecret: %v", err)
	}
	return secret
}

func TestFirstStartMakesASecret(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "data", "secret")
	secret := loadSecret(t, path)
	if len(secret) < auth.MinSecret {
		t.Errorf("the secret has %d bytes, want at least %d", len(secret), auth.MinSecret)
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %04o, want %04o", filepath.Base(name), got, want)
		}
	}
	if again := loadSecret(t, path); !bytes.Equal(again, secret) {
		t.Error("the second start got another secret")
	}
	if other := loadSecret(t, filepath.Join(t.TempDir(), "secret")); bytes.Equal(other, secret) {
		t.Error("another installation got the same secret")
	}
	if _, err := auth.NewAuthority(secret, nil); err != nil {
		t.Errorf("NewAuthority does not take it: %v", err)
	}
}

func TestManyFirstStartsAgreeOnOneSecret(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	path := filepath.Join(dir, "secret")
	secrets := make([][]byte, 20)
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for i := range secrets {
		wg.Go(func() {
			<-begin
			var err error
			if secrets[i], err = auth.LoadSecret(path); err != nil {
				t.Errorf("LoadSecret: %v", err)
			}
		})
	}
	close(begin)
	wg.Wait()
	for i, secret := range secrets {
		if !bytes.Equal(secret, secrets[0]) {
			t.Errorf("call %d got another secret than call 0", i)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 {
		t.Errorf("the folder holds %v, want the secret alone", left)
	}
}

func TestSecretsThatOthersCanReadAreRefused(t *testing.T) {
	t.Parallel()
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o644, 0o660, 0o620, 0o602, 0o610, 0o777} {
		path := writeSecret(t, strings.Repeat("s", 64), mode)
		secret, err := auth.LoadSecret(path)
		if err == nil || secret != nil {
			t.Errorf("mode %04o: LoadSecret gave %d bytes, %v, want an error", mode, len(secret), err)
			continue
		}
		for _, want := range []string{path, fmt.Sprintf("%04o", mode), "chmod 600"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("mode %04o: the error does not say %q: %v", mode, want, err)
			}
		}
	}
	for _, mode := range []fs.FileMode{0o600, 0o400} {
		if _, err := auth.LoadSecret(writeSecret(t, strings.Repeat("s", 64), mode)); err != nil {
			t.Errorf("mode %04o: LoadSecret: %v", mode, err)
		}
	}
}

func TestShortSecretsAreRefused(t *testing.T) {
	t.Parallel()
	almost := strings.Repeat("s", auth.MinSecret-1)
	for _, content := range []string{"", "\n", "short", almost, almost + "\n", strings.Repeat(" ", 100)} {
		path := writeSecret(t, content, 0o600)
		secret, err := auth.LoadSecret(path)
		if err == nil || secret != nil {
			t.Errorf("content of %d bytes: LoadSecret gave %d bytes, %v, want an error", len(content), len(secret), err)
		} else if strings.Contains(err.Error(), "ssss") || strings.Contains(err.Error(), "short\"") {
			t.Errorf("the error holds the secret: %v", err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != content {
			t.Errorf("the refused file holds %q now, %v, want it untouched", after, err)
		}
	}
	padded := "\n " + strings.Repeat("s", 32) + " \r\n"
	if got := loadSecret(t, writeSecret(t, padded, 0o600)); string(got) != strings.TrimSpace(padded) {
		t.Errorf("a secret with white space around it came as %q", got)
	}
}

func TestPlacesWhereNoSecretCanBe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := writeSecret(t, strings.Repeat("s", 64), 0o600)
	for name, path := range map[string]string{"a folder": dir, "below a file": filepath.Join(file, "secret")} {
		if secret, err := auth.LoadSecret(path); err == nil || secret != nil {
			t.Errorf("%s: LoadSecret gave %d bytes, %v, want an error", name, len(secret), err)
		}
	}
}

func writeSecret(t *testing.T, content string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return path
}

func TestDerive(t *testing.T) {
	t.Parallel()
	derive := func(secret, purpose string) string {
		t.Helper()
		got, err := auth.Derive([]byte(secret), purpose)
		if err != nil {
			t.Fatalf("Derive: %v", err)
		}
		return got
	}
	// Another value here means that running installations get another one too.
	const want = "a4b3a97d88d7aa5ad18568882d959cbf35dd334fc2259252ee47bd18b666e30e"
	livekit := derive(secret, "livekit")
	if livekit != want {
		t.Errorf("Derive for livekit gave %s, want %s", livekit, want)
	}
	seen := map[string]string{secret: "the secret itself"}
	for _, c := range [][2]string{
		{secret, "livekit"}, {secret, "webhook"}, {secret, "Livekit"}, {secret, "livekit "}, {secret, ""},
		{secret + "x", "livekit"},
	} {
		got := derive(c[0], c[1])
		if other, ok := seen[got]; ok {
			t.Errorf("secret %q for %q gave the same as %s", c[0], c[1], other)
		}
		seen[got] = fmt.Sprint(c)
		if len(got) < auth.MinSecret {
			t.Errorf("secret for %q has %d characters, want at least %d", c[1], len(got), auth.MinSecret)
		}
	}
}
