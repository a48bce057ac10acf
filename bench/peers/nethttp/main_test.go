package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The yardstick has to carry as much as the real answer, to the byte.
func TestJoinAnswersTheExample(t *testing.T) {
	t.Parallel()
	const example = `{"id":"r-1","name":"bench","createdBy":"bench","isActive":true,"isPublic":false,"maxParticipants":0,` +
		`"expiresAt":"2026-11-01T10:00:00Z","settings":{"allowChat":true,"allowVideo":true,"allowAudio":true,"e2ee":false,"requireApproval":false},` +
		`"livekitHost":"ws://127.0.0.1:7880","mode":"standard","adminId":"bench","token":"a.b.c"}`
	var joined joinAnswer
	if err := json.Unmarshal([]byte(example), &joined); err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]int{`{"roomName":"bench","name":"Bench"}`: 200, `{}`: 400, `{"roomName":7}`: 400, `no`: 400} {
		w := httptest.NewRecorder()
		handler(joined).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/room/join", strings.NewReader(body)))
		if w.Code != want || want == 200 && strings.TrimSpace(w.Body.String()) != example {
			t.Errorf("%s: got %d %s, want %d", body, w.Code, w.Body, want)
		}
	}
}
