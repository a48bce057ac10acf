package main

import (
	"encoding/json"
	"testing"
)

const madeRoom = `{"structuredContent":{"room":{"id":"r-1"},"codes":[
	{"code":"aaa-aaaa-aaa","role":"host","uses":0},{"code":"bbb-bbbb-bbb","role":"guest","uses":7},{"code":"ccc-cccc-ccc","role":"viewer"}]}}`

func TestReadRoom(t *testing.T) {
	t.Parallel()
	got, err := readRoom(json.RawMessage(madeRoom))
	if err != nil || got.id != "r-1" || got.codes["host"] != "aaa-aaaa-aaa" || got.codes["guest"] != "bbb-bbbb-bbb" {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, result := range []string{`{}`, `{"structuredContent":{"room":{"id":"r-1"},"codes":[]}}`, `7`} {
		if got, err := readRoom(json.RawMessage(result)); err == nil {
			t.Errorf("%s: got %+v, want an error", result, got)
		}
	}
}

func TestUsesOf(t *testing.T) {
	t.Parallel()
	if got, err := usesOf("bbb-bbbb-bbb", json.RawMessage(madeRoom)); got != 7 || err != nil {
		t.Errorf("got %d, %v; want 7", got, err)
	}
	// A code that is not there, or does not say, has not been used zero times.
	for _, code := range []string{"ccc-cccc-ccc", "ddd-dddd-ddd"} {
		if got, err := usesOf(code, json.RawMessage(madeRoom)); err == nil {
			t.Errorf("%s: got %d, want an error", code, got)
		}
	}
}
