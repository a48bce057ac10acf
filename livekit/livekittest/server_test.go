package livekittest_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"testing"

	"roomkey/livekit/livekittest"
)

// TestServerDiesWithTest ends a process of tests the hard way.
func TestServerDiesWithTest(t *testing.T) {
	t.Parallel()
	const marker = "ROOMKEY_TEST_ORPHAN"
	if os.Getenv(marker) != "" {
		fmt.Println(livekittest.StartServer(t, livekittest.ServerOptions{}).URL())
		select {} // until killed
	}
	tests := exec.Command(os.Args[0], "-test.run=^TestServerDiesWithTest$")
	tests.Env = append(os.Environ(), marker+"=1")
	stdout, err := tests.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tests.Start(); err != nil {
		t.Fatal(err)
	}
	var url string
	_, err = fmt.Fscanln(stdout, &url)
	if killed := tests.Process.Kill(); err != nil || killed != nil {
		t.Fatalf("start and kill: %v, %v", err, killed)
	}
	_ = tests.Wait()
	livekittest.Wait(t, "LiveKit to be gone", func() bool {
		resp, err := http.Get(url)
		if err == nil {
			resp.Body.Close()
		}
		return err != nil
	})
}
