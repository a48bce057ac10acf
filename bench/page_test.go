package main

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
)

// asked, answered and done are the events of one request.
func asked(id, url string) *network.EventRequestWillBeSent {
	return &network.EventRequestWillBeSent{RequestID: network.RequestID(id), Request: &network.Request{URL: url}}
}

func answered(id string, status int64) *network.EventResponseReceived {
	return &network.EventResponseReceived{RequestID: network.RequestID(id), Response: &network.Response{Status: status}}
}

func done(id string, bytes float64) *network.EventLoadingFinished {
	return &network.EventLoadingFinished{RequestID: network.RequestID(id), EncodedDataLength: bytes}
}

func TestScales(t *testing.T) {
	t.Parallel()
	var s scales
	if _, err := s.weigh(); err == nil {
		t.Error("no error for a page that loaded nothing")
	}
	for _, event := range []any{
		asked("1", "http://127.0.0.1:1/join/x"), asked("2", "http://127.0.0.1:1/page/assets/a.js"), asked("3", "data:image/png;base64,AAAA"),
		answered("1", 200), done("1", 1_000), answered("2", 200), answered("3", 200), done("3", 9_000), done("unknown", 9_000),
	} {
		s.see(event)
	}
	if _, err := s.weigh(); err == nil {
		t.Error("no error for a script that has not come")
	}
	if left := s.untilQuiet(time.Now().Add(time.Hour)); left <= 0 {
		t.Error("quiet while a script is on its way")
	}
	s.see(done("2", 2_500))
	got, err := s.weigh()
	if want := (weight{bytes: 3_500, answers: 2, heaviest: "a.js 2.5, x 1.0"}); got != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if left := s.untilQuiet(time.Now()); left <= 0 || left > quiet {
		t.Errorf("%v to wait right after an answer, want up to %v", left, quiet)
	}
	if left := s.untilQuiet(time.Now().Add(quiet)); left > 0 {
		t.Errorf("%v to wait after a quiet time", left)
	}
}

func TestScalesRefuseWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]any{
		"not found": done("1", 300),
		"failed":    &network.EventLoadingFailed{RequestID: "1", ErrorText: "net::ERR_CONNECTION_RESET"},
	} {
		var s scales
		s.see(asked("1", "http://127.0.0.1:1/page/assets/a.js"))
		s.see(answered("1", 404))
		s.see(last)
		if got, err := s.weigh(); err == nil {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
}
