package datafolder

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"roomkey/meet"
)

// A backup is a tar archive: the files of a data folder that have to be kept,
// and at its end a manifest that names them with their checksums. So a backup
// that was cut off, or has changed, is noticed.
const (
	manifestName  = "manifest.json"
	archiveFormat = 1
	maxManifest   = 64 << 10 // bytes
)

// manifest is what a backup says of itself.
type manifest struct {
	Format  int               `json:"roomkey_backup"`
	MadeAt  time.Time         `json:"made_at"`
	Version string            `json:"version"` // of the program that made it
	Schema  int64             `json:"schema"`
	Files   map[string]string `json:"files"` // name → SHA-256 in hex
}

// writeArchive writes those of the files at paths that exist, by name, and the
// manifest, whose Files it fills in.
func writeArchive(w io.Writer, m manifest, paths map[string]string) error {
	archive := tar.NewWriter(w)
	for _, name := range keptFiles {
		file, err := os.Open(paths[name])
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("put %s into the backup: %w", name, err)
		}
		info, err := file.Stat()
		if err == nil {
			m.Files[name], err = add(archive, name, file, info.Size(), m.MadeAt)
		}
		if err = errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("put %s into the backup: %w", name, err)
		}
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		_, err = add(archive, manifestName, bytes.NewReader(text), int64(len(text)), m.MadeAt)
	}
	if err = errors.Join(err, archive.Close()); err != nil {
		return fmt.Errorf("write the backup's manifest: %w", err)
	}
	return nil
}

func add(archive *tar.Writer, name string, content io.Reader, size int64, at time.Time) (sum string, err error) {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: at,
		Format: tar.FormatPAX}
	if err := archive.WriteHeader(header); err != nil {
		return "", err
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(archive, hash), content)
	return hex.EncodeToString(hash.Sum(nil)), err
}

var errIncomplete = &meet.Error{Code: meet.CodeInvalid,
	Message: "The backup is not whole: it was cut off, or has changed since it was made",
	Hint:    "Nothing was restored. Use another backup."}

var errNoBackup = &meet.Error{Code: meet.CodeInvalid,
	Message: "The file is no backup that roomkey backup has made",
	Hint:    "Nothing was restored."}

var errNewer = &meet.Error{Code: meet.CodeConflict, Message: "The backup was made by a newer roomkey",
	Hint: "Restore it with that one. Nothing was restored."}

// readArchive puts the files of a backup into an empty folder and gives its
// manifest, if it is whole.
func readArchive(r io.Reader, folder string) (m manifest, err error) {
	archive, sums := tar.NewReader(r), map[string]string{}
	for {
		header, err := archive.Next()
		switch {
		case err != nil && len(sums) == 0:
			return m, errNoBackup
		case err != nil: // the end, too: the manifest comes last
			return m, errIncomplete
		case header.Name == manifestName:
			return readManifest(archive, sums)
		case header.Typeflag != tar.TypeReg || !slices.Contains(keptFiles, header.Name) || sums[header.Name] != "":
			return m, errNoBackup
		}
		//nolint:gosec // G305: the name is one of keptFiles
		if sums[header.Name], err = extract(archive, filepath.Join(folder, header.Name)); err != nil {
			return m, err
		}
	}
}

func readManifest(r io.Reader, sums map[string]string) (m manifest, err error) {
	text, err := io.ReadAll(io.LimitReader(r, maxManifest))
	if err != nil || json.Unmarshal(text, &m) != nil {
		return m, errIncomplete
	}
	switch {
	case m.Format == 0:
		return m, errNoBackup
	case m.Format > archiveFormat:
		return m, errNewer
	case len(m.Files) != len(sums) || sums[DatabaseName] == "":
		return m, errIncomplete
	}
	for name, sum := range m.Files {
		if sums[name] != sum {
			return m, errIncomplete
		}
	}
	return m, nil
}

func extract(from io.Reader, path string) (sum string, err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fmt.Errorf("restore: %w", err)
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(file, hash), from)
	err = errors.Join(err, file.Sync(), file.Close())
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, tar.ErrHeader):
		return "", errIncomplete
	case err != nil:
		return "", fmt.Errorf("restore %s: %w", filepath.Base(path), WithoutPath(err))
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
