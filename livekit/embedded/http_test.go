package embedded_test

import (
	"net/http"
	"strings"
	"testing"
)

// Nobody without a token has a body read, and nobody a long one. By WHIP people
// would come in past the session gate.
func TestHTTPIsBounded(t *testing.T) {
	t.Parallel()
	s := start(t, config())
	call := s.URL() + "/twirp/livekit.RoomService/ListRooms"
	if got, err := post(t, call, "", strings.Repeat(" ", 100)); got != http.StatusUnauthorized {
		t.Errorf("without a token: got %d, %v, want 401", got, err)
	}
	someone := token(t, s, "room", "a")
	long := `{"names": ["` + strings.Repeat("x", 2<<20) + `"]}`
	// It may also hang up while the body is still coming.
	if got, err := post(t, call, someone, long); err == nil && (got < 400 || got == http.StatusUnauthorized) {
		t.Errorf("a long body: got %d, want it refused", got)
	}
	if got, err := post(t, s.URL()+"/whip/v1", someone, "v=0"); got != http.StatusNotFound {
		t.Errorf("WHIP: got %d, %v, want 404", got, err)
	}
}
