package storetest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// EmptyFile gives a function that gives the content of a new database file, which open
// makes once. To make one for each test takes as long as many a test.
func EmptyFile(open func(path string) (io.Closer, error)) func() ([]byte, error) {
	return sync.OnceValues(func() (content []byte, err error) {
		folder, err := os.MkdirTemp("", "roomkey-")
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
		path := filepath.Join(folder, "roomkey.db")
		db, err := open(path)
		if err != nil {
			return nil, err
		}
		if err := db.Close(); err != nil {
			return nil, err
		}
		return os.ReadFile(path)
	})
}
