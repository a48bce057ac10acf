package auth

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// LoadSecret reads the secret in the file at path, or makes one there on the
// first start: 32 random bytes in hex, in a file that only its owner can read.
// Two processes that start at the same time get the same secret.
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
	text, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	secret := bytes.TrimSpace(text)
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("the signing secret in %s has %d bytes, at least %d are needed: "+
			"delete the file to get a new one", path, len(secret), MinSecret)
	}
	return secret, nil
}

// readPrivate reads a file of secrets and refuses one that others can read.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the signing secret: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the signing secret %s can be read by others (mode %04o): run chmod 600 on it, and replace "+
			"it (roomkey secret rotate --keep 0s) if somebody may have seen it", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the signing secret: %w", err)
	}
	return text, nil
}

// PreviousFile is the file with the secrets that [Rotate] has replaced. It is
// beside the file of the secret that signs.
func PreviousFile(secretFile string) string {
	return filepath.Join(filepath.Dir(secretFile), "previous_secrets")
}

// newSecret is the content of a file with a new secret.
func newSecret() []byte {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	return []byte(hex.EncodeToString(secret[:]) + "\n")
}

// writeSecret makes a file with a new secret in one step, or fails with
// fs.ErrExist. Nobody ever reads half a secret.
func writeSecret(path string) error {
	temp, err := writeTemp(path, newSecret())
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }()
	return os.Link(temp, path)
}

// replaceFile replaces a file in one step.
func replaceFile(path string, content []byte) error {
	temp, err := writeTemp(path, content)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		_ = os.Remove(temp)
		return err
	}
	if folder, err := os.Open(filepath.Dir(path)); err == nil {
		_ = folder.Sync() // so that the rename survives a power cut; not every system can
		_ = folder.Close()
	}
	return nil
}

// writeTemp writes a file of mode 0600 beside path, and gives its name.
func writeTemp(path string, content []byte) (name string, err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = temp.Write(content)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		_ = os.Remove(temp.Name())
		return "", err
	}
	return temp.Name(), nil
}

// LiveKitKey is the API key of the LiveKit inside and its secret, both derived
// from the signing secret. Another signing secret gives another key, so that
// after a rotation tokens of the old and of the new one can be told apart.
func LiveKitKey(secret []byte) (name, apiSecret string, err error) {
	suffix, err := Derive(secret, "livekit key name")
	if err != nil {
		return "", "", err
	}
	apiSecret, err = Derive(secret, "livekit")
	return "roomkey-" + suffix[:8], apiSecret, err
}

// Derive makes another secret from a secret, for the named purpose (HKDF, RFC
// 5869), in hex. The new one does not help to find the other.
func Derive(secret []byte, purpose string) (string, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "roomkey "+purpose, 32)
	if err != nil {
		return "", fmt.Errorf("derive the secret for %s: %w", purpose, err)
	}
	return hex.EncodeToString(key), nil
}
