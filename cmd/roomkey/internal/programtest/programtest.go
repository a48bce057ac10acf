// Package programtest is what the tests of the commands and of the server share.
package programtest

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"
	"time"

	"roomkey/meet/meettest/freeport"
)

// Patience is how long something may take that has to happen. It is only there
// against waiting for ever: bench/ measures what is promised.
const Patience = 90 * time.Second

// Secret signs access tokens in tests.
const Secret = "a secret for tests, of 32 bytes or more"

// TokenPattern is what an access token and a join token look like.
var TokenPattern = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`)

// GoText is what would show that an error comes from the inside.
var GoText = regexp.MustCompile(`json:|unmarshal|Go struct|Go value|goroutine|\.go:|` +
	`invalid character|unexpected end|panic|SQL|sqlite|twirp|dial tcp|127\.0\.0\.1:\d+: connect`)

// Eventually polls until ok says true, and gives false if it never does.
func Eventually(ok func() bool) bool {
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return false
}

// FreeAddress gives a loopback address that nobody listens on.
func FreeAddress(t *testing.T) string {
	t.Helper()
	port, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// SaysYes says whether a GET is answered with 200.
func SaysYes(url string) bool {
	resp, err := http.Get(url)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
