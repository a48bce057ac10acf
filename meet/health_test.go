package meet_test

import (
	"context"
	"testing"
	"time"

	. "roomkey/meet"
	"roomkey/meet/meettest"
	"roomkey/meet/meettest/offline"
)

// The server examines itself for those who may see it, at most every half minute, and
// one at a time; what a caller who has gone away began is there for the next one.
func TestHealth(t *testing.T) {
	t.Parallel()
	now := time.Now()
	examined, began, goOn := 0, make(chan struct{}, 1), make(chan struct{}, 1)
	s, _, _ := offline.New(t, Config{
		Now: func() time.Time { return now },
		Examine: func(ctx context.Context) []Finding {
			began <- struct{}{}
			<-goOn
			examined++
			if ctx.Err() != nil {
				t.Errorf("the examination was broken off: %v", context.Cause(ctx))
			}
			return []Finding{{Check: "disk", Status: FindingOK}}
		},
	})
	for _, p := range []Principal{meettest.Ada, meettest.Gus, meettest.Zero} {
		_, err := s.Health(t.Context(), p)
		if !IsCode(err, CodeForbidden) && !IsCode(err, CodeUnauthenticated) {
			t.Errorf("%s: got %v, want a refusal", p.ID, err)
		}
	}
	ctx, leave := context.WithCancel(t.Context())
	answers := make(chan Examination, 3)
	ask := func(ctx context.Context) {
		got, err := s.Health(ctx, meettest.Root)
		if err != nil {
			t.Error(err)
		}
		answers <- got
	}
	go ask(ctx)
	<-began
	leave()
	go ask(t.Context())
	go ask(t.Context())
	goOn <- struct{}{}
	first := <-answers
	if len(first.Findings) != 1 || (<-answers).At != first.At || (<-answers).At != first.At || examined != 1 {
		t.Errorf("got %+v after %d examinations, want one for all", first, examined)
	}
	now = now.Add(31 * time.Second)
	goOn <- struct{}{}
	if ask(t.Context()); (<-answers).At.Sub(first.At) != 31*time.Second || examined != 2 {
		t.Errorf("after half a minute there were %d examinations, want another one", examined)
	}
}

// An examination that hangs ends when the server is to stop.
func TestHealthEnds(t *testing.T) {
	t.Parallel()
	began := make(chan struct{}, 2)
	s, _, _ := offline.New(t, Config{Examine: func(ctx context.Context) []Finding {
		began <- struct{}{}
		<-ctx.Done()
		return nil
	}})
	go func() {
		<-began
		s.StopWaiting()
	}()
	if _, err := s.Health(t.Context(), meettest.Root); !IsCode(err, CodeUnavailable) {
		t.Errorf("got %v, want that the server is stopping", err)
	}
}
