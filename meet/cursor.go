package meet

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// cursor writes a position as the opaque text with which the next call continues.
func cursor(p Position) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.At.UnixMilli(), 10) + " " + p.Key))
}

// parseCursor reads a cursor; the empty one is the start of the list, nil.
func parseCursor(s string) (*Position, error) {
	if s == "" {
		return nil, nil
	}
	bad := Invalid("cursor", "cursor is not one that a list gave",
		"Pass next_cursor of the previous answer unchanged, or leave it out.")
	if len(s) > 200 {
		return nil, bad
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, bad
	}
	at, key, found := strings.Cut(string(b), " ")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !found || !onlySlugCharacters(key) {
		return nil, bad
	}
	return &Position{At: time.UnixMilli(ms).UTC(), Key: key}, nil
}
