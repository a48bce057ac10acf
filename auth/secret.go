package auth

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// LoadSecret reads the secret in the file at path, or makes one there on the
// first start: 32 random bytes in hex, readable by the owner alone. Two
// processes that start together end up with the same one.
func LoadSecret(path string) ([]byte, error) {
	secret, err := readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for the signing secret: %w", err)
	}
	if err := writeSecret(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("write the signing secret: %w", err)
	}
	return readSecret(path)
}

func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the signing secret: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the signing secret %s can be read by others (mode %04o): run chmod 600 on it, and delete it to get a new one if somebody may have seen it", path, mode)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the signing secret: %w", err)
	}
	secret := []byte(strings.TrimSpace(string(b)))
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("the signing secret in %s has %d bytes, at least %d are needed: delete the file to get a new one", path, len(secret), MinSecret)
	}
	return secret, nil
}

// writeSecret puts a whole secret in place at once, or fails with
// fs.ErrExist: nobody ever reads half of one.
func writeSecret(path string) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.WriteString(hex.EncodeToString(randomBytes(32)) + "\n")
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Link(temp.Name(), path)
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// Derive makes another secret out of a secret, for the named purpose (HKDF,
// RFC 5869), in hex. Knowing the one does not help to find the other.
func Derive(secret []byte, purpose string) (string, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "roomkey "+purpose, 32)
	if err != nil {
		return "", fmt.Errorf("derive the secret for %s: %w", purpose, err)
	}
	return hex.EncodeToString(key), nil
}
