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
// how long a token that was found good is not looked up again: what another
// process writes counts after that at the latest.
const lookEvery = 500 * time.Millisecond

// PreviousSecret is a secret that signs no more, but whose tokens are taken
// until a time.
type PreviousSecret struct {
	Secret []byte
	Until  time.Time
}

// Keyring is the secret that signs and those before it that still count. It
// reads its files again when they change, so that a rotation needs no restart.
// It is safe for concurrent use.
type Keyring struct {
	file   string           // of the secret that signs; empty where it was given
	always []PreviousSecret // beside those of the file

	// Problem is told why changed files could not be read; then what was read
	// before goes on to count. Nil is nobody. It is set before the first use.
	Problem func(error)

	mu         sync.RWMutex
	looked     time.Time
	seen       [2]os.FileInfo // of the two files, as they were read
	current    []byte
	previous   []PreviousSecret
	generation int // grows when other secrets count
}

// NewKeyring holds secrets that never change.
func NewKeyring(secret []byte, previous ...PreviousSecret) (*Keyring, error) {
	return &Keyring{current: secret, previous: previous}, checkSecrets(secret, previous)
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

// load reads the files. They are looked at before they are read: a change in
// between is found the next time.
func (k *Keyring) load() error {
	seen := k.stat()
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
	k.seen, k.current, k.previous = seen, current, previous
	k.generation++
	return nil
}

func (k *Keyring) stat() (seen [2]os.FileInfo) {
	for i, path := range []string{k.file, PreviousFile(k.file)} {
		if info, err := os.Stat(path); err == nil {
			seen[i] = info
		}
	}
	return seen
}

// refresh reads the files again if they have changed and it is time to look.
func (k *Keyring) refresh(now time.Time) {
	k.mu.RLock()
	due := k.file != "" && !withinLook(k.looked, now)
	k.mu.RUnlock()
	if due {
		k.look(now)
	}
}

// look reads the files again if they have changed. It says which secrets count
// by now.
func (k *Keyring) look(now time.Time) (generation int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.file != "" {
		k.reload(now)
	}
	return k.generation
}

func (k *Keyring) reload(now time.Time) {
	k.looked = now
	seen := k.stat()
	if seen[0] == nil || same(seen[0], k.seen[0]) && same(seen[1], k.seen[1]) {
		return
	}
	if err := k.load(); err != nil {
		k.seen = seen // so that it is told once
		if k.Problem != nil {
			k.Problem(err)
		}
	}
}

// withinLook says whether now is so short after a look that none is due. A
// clock that was set back makes one due.
func withinLook(looked, now time.Time) bool {
	passed := now.Sub(looked)
	return passed >= 0 && passed < lookEvery
}

func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && a.Mode() == b.Mode()
}

// signing is the secret that signs.
func (k *Keyring) signing(now time.Time) []byte {
	k.refresh(now)
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.current
}

// accepted are the secrets that count at a moment, the one that signs first
// and until the end of time. The generation changes when they do.
func (k *Keyring) accepted(now time.Time) (secrets []PreviousSecret, generation int) {
	k.refresh(now)
	k.mu.RLock()
	defer k.mu.RUnlock()
	secrets = append(secrets, PreviousSecret{Secret: k.current})
	for _, p := range k.previous {
		if now.Before(p.Until) {
			secrets = append(secrets, p)
		}
	}
	return secrets, k.generation
}

// generationAt says which secrets count, without naming them.
func (k *Keyring) generationAt(now time.Time) int {
	k.refresh(now)
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.generation
}

// Accepted are the secrets that count now, the one that signs first.
func (k *Keyring) Accepted() [][]byte {
	accepted, _ := k.accepted(time.Now())
	secrets := make([][]byte, len(accepted))
	for i, s := range accepted {
		secrets[i] = s.Secret
	}
	return secrets
}

// readPrevious reads lines of a time and a secret. No file is no secret.
func readPrevious(path string) ([]PreviousSecret, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the previous secrets: %w", err)
	}
	if err := private(path, info); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the previous secrets: %w", err)
	}
	var secrets []PreviousSecret
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) == 0 {
			continue
		}
		until, err := time.Parse(time.RFC3339, string(fields[0]))
		if err != nil || len(fields) != 2 {
			return nil, fmt.Errorf("the previous secrets in %s cannot be read: every line must be a time and a secret", path)
		}
		secrets = append(secrets, PreviousSecret{Secret: fields[1], Until: until})
	}
	return secrets, nil
}

// Rotate puts a new secret in the place of the one in the file at path. The old
// one counts until a time; those before it count no longer than that either. A
// time that is past ends them all at once. The order of the two files is such
// that a process that reads them in between, or a crash, finds the old secret
// good.
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
