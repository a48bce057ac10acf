package main

import (
	"strings"
	"testing"
)

func TestReactionRows(t *testing.T) {
	rows, err := reactionRows([]byte(`{"case":"1 kick","livekit":"inside","took_ms":100,"promised_ms":1000}
{"case":"8 expiry","livekit":"inside","took_ms":3000,"promised_ms":2000}
{"case":"1 kick","livekit":"foreign","took_ms":20,"promised_ms":1000}
{"case":"10 lost","livekit":"foreign","took_ms":30,"promised_ms":15000}
`))
	if err != nil || len(rows) != 2 {
		t.Fatalf("rows: %v, %v; want one for each LiveKit", rows, err)
	}
	for i, want := range []struct {
		met  bool
		note string
	}{{false, "8 expiry: 3000 of 2000 ms; 1 of 2 were late"}, {true, "1 kick: 20 of 1000 ms; 0 of 2 were late"}} {
		if got := rows[i]; got.target.met(got.values[0]) != want.met || got.note != want.note {
			t.Errorf("row %d: %v; want met %t, %s", i, got, want.met, want.note)
		}
	}
	for _, bad := range []string{
		"", "hello", `{"case":"1 kick","livekit":"inside","took_ms":100}`,
		`{"case":"1","livekit":"inside","took_ms":1,"promised_ms":1}`,
	} {
		if rows, err := reactionRows([]byte(bad)); err == nil {
			t.Errorf("%q gives %s, want an error", bad, strings.TrimSpace(rows[0].String()))
		}
	}
}
