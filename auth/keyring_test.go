package auth_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"roomkey/auth"
)

func setupRotation(t *testing.T) (path string, a *auth.Authority, c *clock) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "secret")
	keyring, err := auth.OpenKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	c = &clock{now: start}
	return path, auth.New(auth.Config{Keyring: keyring, Now: c.Now}), c
}

func rotate(t *testing.T, path string, keep time.Duration) {
	t.Helper()
	if err := auth.Rotate(path, start.Add(keep), start); err != nil {
		t.Fatalf("Rotate: %v", err)
	}
}

// A secret that was replaced counts until its time, in a process that was there
// before as in one that comes later, and signs nothing any more.
func TestRotation(t *testing.T) {
	t.Parallel()
	path, a, c := setupRotation(t)
	first := loadSecret(t, path)
	old := sign(t, a, ada, 48*time.Hour)
	refused(t, a.Verify, "before", old, nil)
	rotate(t, path, 24*time.Hour)
	second := loadSecret(t, path)
	if bytes.Equal(first, second) {
		t.Fatal("the secret is still the same")
	}
	keyring, err := auth.OpenKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	started := auth.New(auth.Config{Keyring: keyring, Now: c.Now})
	refused(t, a.Verify, "signed with the new secret by another process", sign(t, started, ada, 48*time.Hour), nil)
	fresh := sign(t, a, ada, 48*time.Hour)
	key := func(*jwt.Token) (any, error) { return second, nil }
	if _, err := jwt.Parse(fresh, key, jwt.WithTimeFunc(c.Now)); err != nil {
		t.Errorf("after the rotation a token is not signed with the new secret: %v", err)
	}
	for name, verify := range map[string]*auth.Authority{"there before": a, "started later": started} {
		refused(t, verify.Verify, name+": old token", old, nil)
		refused(t, verify.Verify, name+": new token", fresh, nil)
	}
	c.advance(24 * time.Hour)
	for name, verify := range map[string]*auth.Authority{"there before": a, "started later": started} {
		refused(t, verify.Verify, name+": old token, later", old, jwt.ErrTokenSignatureInvalid)
		refused(t, verify.Verify, name+": new token, later", fresh, nil)
	}
	for _, file := range []string{path, auth.PreviousFile(path)} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got %v, %v, want mode 0600", filepath.Base(file), info, err)
		}
	}
}

// Without a time to keep it, a secret that somebody knows counts no more at
// once, nor do those before it, which stand beside it in the data folder.
func TestRotationAtOnce(t *testing.T) {
	t.Parallel()
	path, a, c := setupRotation(t)
	oldest := sign(t, a, ada, 48*time.Hour)
	rotate(t, path, 24*time.Hour)
	c.advance(time.Second)
	leaked := sign(t, a, ada, 48*time.Hour)
	refused(t, a.Verify, "before", leaked, nil)
	rotate(t, path, 0)
	c.advance(time.Second)
	refused(t, a.Verify, "signed with the leaked secret", leaked, jwt.ErrTokenSignatureInvalid)
	refused(t, a.Verify, "signed with the one before", oldest, jwt.ErrTokenSignatureInvalid)
}

// No secret of before counts for longer than the last rotation said.
func TestRotationBoundsAllBefore(t *testing.T) {
	t.Parallel()
	path, a, c := setupRotation(t)
	oldest := sign(t, a, ada, 48*time.Hour)
	rotate(t, path, 24*time.Hour)
	c.advance(time.Second)
	old := sign(t, a, ada, 48*time.Hour)
	rotate(t, path, time.Hour)
	c.advance(time.Second)
	refused(t, a.Verify, "the oldest, in time", oldest, nil)
	refused(t, a.Verify, "the old one, in time", old, nil)
	c.advance(time.Hour)
	refused(t, a.Verify, "the oldest, late", oldest, jwt.ErrTokenSignatureInvalid)
	refused(t, a.Verify, "the old one, late", old, jwt.ErrTokenSignatureInvalid)
}

func TestRotationRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "secret")
	if err := auth.Rotate(path, start.Add(time.Hour), start); err == nil {
		t.Error("Rotate made a secret where there was none")
	}
	was := loadSecret(t, path)
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"others can read them": {start.Format(time.RFC3339) + " " + strings.Repeat("s", auth.MinSecret), 0o640},
		"no time":              {strings.Repeat("s", auth.MinSecret), 0o600},
		"nonsense":             {"yesterday " + strings.Repeat("s", auth.MinSecret), 0o600},
	} {
		if err := os.WriteFile(auth.PreviousFile(path), []byte(c.text+"\n"), c.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(auth.PreviousFile(path), c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := auth.OpenKeyring(path)
		if err == nil || strings.Contains(err.Error(), "ssss") {
			t.Errorf("%s: OpenKeyring: got %v, want an error without the secret", name, err)
		}
		if err := auth.Rotate(path, start.Add(time.Hour), start); err == nil {
			t.Errorf("%s: Rotate went on", name)
		}
		if got := loadSecret(t, path); !bytes.Equal(got, was) {
			t.Errorf("%s: the secret was replaced", name)
		}
	}
}

// A running server goes on with what it has read where it cannot read what is
// there now, says so once, and takes it when it can.
func TestUnreadableSecretsChangeNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	keyring, err := auth.OpenKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	var problems []error
	keyring.Problem = func(err error) { problems = append(problems, err) }
	c := &clock{now: start}
	a := auth.New(auth.Config{Keyring: keyring, Now: c.Now})
	token := sign(t, a, ada, time.Hour)
	rotate(t, path, time.Hour)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.advance(time.Second)
		refused(t, a.Verify, "while it cannot be read", token, nil)
	}
	if len(problems) != 1 {
		t.Errorf("told %d problems, want one: %v", len(problems), problems)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	c.advance(time.Second)
	refused(t, a.Verify, "old token", token, nil)
	c.advance(2 * time.Hour)
	refused(t, a.Verify, "new token", sign(t, a, ada, time.Hour), nil)
}
