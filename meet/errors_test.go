package meet

import (
	"strings"
	"testing"
)

// What is unavailable says who must act, and when to stop trying; nothing else does.
func TestUnavailableSaysWhenToStop(t *testing.T) {
	t.Parallel()
	for _, e := range []*Error{errMediaUnavailable(nil), errMediaUncertain(nil), errRoomBusy(nil),
		{Code: CodeUnavailable}} {
		hint := e.Report("r").Hint
		if !strings.HasPrefix(hint, e.Hint) || !strings.Contains(hint, "stop trying") || !strings.Contains(hint, "operator") {
			t.Errorf("hint %q; want it to say when to stop and who must act", hint)
		}
	}
	if e := errRoomNotFound(); e.Report("r").Hint != e.Hint {
		t.Errorf("hint %q; want %q", e.Report("r").Hint, e.Hint)
	}
}
