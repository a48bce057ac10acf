package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
)

// lookEvery is how often a keyring looks whether its files have changed, and
// how often an authority asks whether a token was revoked. After this time at
// the latest, what another process has written counts.
const lookEvery = 500 * time.Millisecond

// PreviousSecret is a secret that signs no more tokens. Those that it has
// signed are accepted until a time.
type PreviousSecret struct {
	Secret []byte
	Until  time.Time
}

// Keyring is the secret that signs and the previous ones that are still
// accepted. It reads its files again when they change, so that a rotation needs
// no restart. It is safe for concurrent use.
type Keyring struct {
	file   string           // of the secret that signs; empty where it was given
	always []PreviousSecret // beside those of the file

	// Problem is told why changed files could not be read. What was read before
	// is used then. Nil is nobody. It is set before the first use.
	Problem func(error)

	mu      sync.Mutex
	looked  time.Time
	files   [2]os.FileInfo // of the two files, as they were read
	secrets secretSet
}

// secretSet is what a keyring holds at one time.
type secretSet struct {
	current    []byte
	previous   []PreviousSecret
	generation int // grows with every change
}

// NewKeyring holds secrets that never change.
func NewKeyring(secret []byte, previous ...PreviousSecret) (*Keyring, error) {
	return &Keyring{secrets: secretSet{current: secret, previous: previous}}, checkSecrets(secret, previous)
}

// OpenKeyring holds the secret in the file at path, which it makes on the first
// start (see [LoadSecret]), the previous ones beside it (see [Rotate]), and
// those that are given.
func OpenKeyring(path string, previous ...PreviousSecret) (*Keyring, error) {
	k := &Keyring{file: path, always: previous}
	if _, err := LoadSecret(path); err != nil {
		return nil, err
	}
	return k, k.load()
}

func checkSecrets(current []byte, previous []PreviousSecret) error {
	secrets := [][]byte{current}
	for _, p := range previous {
		secrets = append(secrets, p.Secret)
	}
	for _, secret := range secrets {
		if len(secret) < MinSecret {
			return fmt.Errorf("the signing secret has %d bytes, at least %d are needed", len(secret), MinSecret)
		}
	}
	return nil
}

// load reads the files. It looks at them before it reads them: a change in
// between is found the next time.
func (k *Keyring) load() error {
	files := k.stat()
	current, err := readSecret(k.file)
	if err != nil {
		return err
	}
	previous, err := readPrevious(PreviousFile(k.file))
	if err != nil {
		return err
	}
	previous = append(previous, k.always...)
	if err := checkSecrets(current, previous); err != nil {
		return err
	}
	k.files, k.secrets = files, secretSet{current, previous, k.secrets.generation + 1}
	return nil
}

func (k *Keyring) stat() (files [2]os.FileInfo) {
	for i, path := range []string{k.file, PreviousFile(k.file)} {
		if info, err := os.Stat(path); err == nil {
			files[i] = info
		}
	}
	return files
}

// at gives the secrets. It reads the files again if they have changed and
// [lookEvery] has passed.
func (k *Keyring) at(now time.Time) secretSet {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !isRecent(k.looked, now) {
		k.reload(now)
	}
	return k.secrets
}

// atOnce gives the secrets, and looks at the files even if it did so recently.
func (k *Keyring) atOnce(now time.Time) secretSet {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reload(now)
	return k.secrets
}

func (k *Keyring) reload(now time.Time) {
	if k.file == "" {
		return
	}
	k.looked = now
	files := k.stat()
	if files[0] == nil || isSameFile(files[0], k.files[0]) && isSameFile(files[1], k.files[1]) {
		return
	}
	if err := k.load(); err != nil {
		k.files = files // so that it is told once
		if k.Problem != nil {
			k.Problem(err)
		}
	}
}

// isRecent says whether a look was less than [lookEvery] ago. It is false if
// the clock was set back.
func isRecent(looked, now time.Time) bool {
	passed := now.Sub(looked)
	return passed >= 0 && passed < lookEvery
}

func isSameFile(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && a.Mode() == b.Mode()
}

// accepted are the secrets whose tokens are accepted. The first is the one that
// signs; it has no end.
func (s secretSet) accepted(now time.Time) []PreviousSecret {
	secrets := []PreviousSecret{{Secret: s.current}}
	for _, p := range s.previous {
		if now.Before(p.Until) {
			secrets = append(secrets, p)
		}
	}
	return secrets
}

// Accepted are the secrets whose tokens are accepted now. The first is the one
// that signs.
func (k *Keyring) Accepted() [][]byte {
	var secrets [][]byte
	now := time.Now()
	for _, s := range k.at(now).accepted(now) {
		secrets = append(secrets, s.Secret)
	}
	return secrets
}

// Digests stand for the secret that signs and, after it, for the previous ones, also
// those that no longer count. They show whether two keyrings have a secret in
// common, and no secret can be found from them.
func (k *Keyring) Digests() ([]string, error) {
	set := k.at(time.Now())
	secrets := [][]byte{set.current}
	for _, p := range set.previous {
		secrets = append(secrets, p.Secret)
	}
	var digests []string
	for _, secret := range secrets {
		digest, err := Derive(secret, "digest for the database")
		if err != nil {
			return nil, err
		}
		digests = append(digests, digest)
	}
	return digests, nil
}

// readPrevious reads lines of a time and a secret. No file is no secret.
func readPrevious(path string) ([]PreviousSecret, error) {
	text, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var secrets []PreviousSecret
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) == 0 {
			continue
		}
		until, err := time.Parse(time.RFC3339, string(fields[0]))
		if err != nil || len(fields) != 2 {
			return nil, fmt.Errorf("the previous secrets in %s cannot be read: "+
				"every line must be a time and a secret", path)
		}
		secrets = append(secrets, PreviousSecret{Secret: fields[1], Until: until})
	}
	return secrets, nil
}

// Rotate replaces the secret in the file at path by a new one. The old one is
// accepted until a time, and those before it no longer than that either. A time
// in the past ends all of them at once. A process that reads the two files while
// they change, or after a crash, still accepts the old secret.
func Rotate(path string, until, now time.Time) error {
	old, err := readSecret(path)
	if err != nil {
		return err
	}
	previous, err := readPrevious(PreviousFile(path))
	if err != nil {
		return err
	}
	previous = slices.DeleteFunc(previous, func(p PreviousSecret) bool { return bytes.Equal(p.Secret, old) })
	previous = append(previous, PreviousSecret{Secret: old, Until: until})
	for i, p := range previous {
		if until.Before(p.Until) {
			previous[i].Until = until
		}
	}
	previous = slices.DeleteFunc(previous, func(p PreviousSecret) bool { return !now.Before(p.Until) })
	var lines bytes.Buffer
	for _, p := range previous {
		fmt.Fprintf(&lines, "%s %s\n", p.Until.UTC().Format(time.RFC3339), p.Secret)
	}
	if err := replaceFile(PreviousFile(path), lines.Bytes()); err != nil {
		return fmt.Errorf("write the previous secrets: %w", err)
	}
	if err := replaceFile(path, newSecret()); err != nil {
		return fmt.Errorf("write the signing secret: %w", err)
	}
	return nil
}
