package servicetest

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"roomkey/web/openapitest"
)

// TestMain fails a whole run in which an answer never came that the OpenAPI
// document has: what is described has to be so.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && wholeRun() {
		if unseen := openapitest.Unseen(); len(unseen) > 0 {
			fmt.Printf("described, and never answered in these tests: %q\n", unseen)
			code = 1
		}
	}
	os.Exit(code)
}

// wholeRun says whether all tests were to run, and nothing else.
func wholeRun() bool {
	for _, narrowing := range []string{"test.run", "test.skip", "test.list", "test.fuzz", "test.bench"} {
		if flag.Lookup(narrowing).Value.String() != "" {
			return false
		}
	}
	return true
}
