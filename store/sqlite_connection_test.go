package store

import "testing"

func TestUnnumbered(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"SELECT 1":                               "SELECT 1",
		"INSERT INTO t VALUES ($1, $2, $3)":      "INSERT INTO t VALUES (?, ?, ?)",
		"SELECT 1 FROM t WHERE a = $1 OR b = $1": "SELECT 1 FROM t WHERE a = $1 OR b = $1",
		"UPDATE t SET a = $2 WHERE b = $1":       "UPDATE t SET a = $2 WHERE b = $1",
	} {
		if got := unnumbered(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	if text := unnumbered(insertJoin); parameter.MatchString(text) {
		t.Errorf("a parameter of a join has a name: %s", text)
	}
}
