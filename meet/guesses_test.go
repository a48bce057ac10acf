package meet

import (
	"fmt"
	"testing"
	"time"
)

func TestGuessesOfOneCallerAreLimited(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	g := guesses{now: func() time.Time { return now }}
	for i := range guessesPerKey {
		if err := g.check("a"); err != nil {
			t.Fatalf("attempt %d is refused: %v", i+1, err)
		}
		if err := g.countWrong(t.Context(), "a"); err != nil {
			t.Fatalf("failure %d is not told as one: %v", i+1, err)
		}
		now = now.Add(time.Second)
	}
	err := g.check("a")
	if !IsCode(err, CodeRateLimited) {
		t.Fatalf("attempt %d gives %v; want rate_limited", guessesPerKey+1, err)
	}
	if got, want := AsError(err).RetryAfter, guessWindow-guessesPerKey*time.Second; got != want {
		t.Errorf("RetryAfter = %v; want %v, when the first failure is forgotten", got, want)
	}
	if err := g.check("b"); err != nil {
		t.Errorf("another caller is refused: %v", err)
	}
	// Attempts that were under way when the limit was reached tell nothing either.
	if err := g.countWrong(t.Context(), "a"); !IsCode(err, CodeRateLimited) {
		t.Errorf("a failure over the limit gives %v; want rate_limited", err)
	}
	now = now.Add(guessWindow - guessesPerKey*time.Second)
	if err := g.check("a"); err != nil {
		t.Errorf("refused although the first failure is a minute old: %v", err)
	}
}

func TestGuessesOfAllCallersAreLimited(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	g := guesses{now: func() time.Time { return now }}
	for i := range guessesOfAll {
		if err := g.countWrong(t.Context(), fmt.Sprint("attacker ", i)); err != nil {
			t.Fatalf("failure %d gives %v", i+1, err)
		}
	}
	if err := g.countWrong(t.Context(), "new attacker"); !IsCode(err, CodeRateLimited) {
		t.Errorf("a failure over the limit of all gives %v; want rate_limited", err)
	}
	if err := g.check("new attacker"); !IsCode(err, CodeRateLimited) {
		t.Errorf("a caller over the limit of all may try again: %v; want rate_limited", err)
	}
	if err := g.check("attacker 7"); !IsCode(err, CodeRateLimited) {
		t.Errorf("somebody who has failed gives %v; want rate_limited", err)
	}
	if err := g.check("somebody with a good code"); err != nil {
		t.Errorf("somebody who has not failed is refused: %v", err)
	}
	now = now.Add(guessWindow)
	if err := g.check("attacker 7"); err != nil {
		t.Errorf("still refused a minute later: %v", err)
	}
}

// Memory is bounded, and where it is full a guess that could not be counted is
// no free one.
func TestGuessesWithFullMemoryRefuse(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	g := guesses{now: func() time.Time { return now }}
	for i := range maxCounts {
		_ = g.countWrong(t.Context(), fmt.Sprint("flood ", i))
	}
	for range 2 {
		if err := g.check("one more"); !IsCode(err, CodeRateLimited) {
			t.Errorf("a caller who could not be remembered may try: %v; want rate_limited", err)
		}
		if err := g.countWrong(t.Context(), "one more"); !IsCode(err, CodeRateLimited) {
			t.Errorf("its failure gives %v; want rate_limited", err)
		}
	}
	if got := len(g.byKey.entries); got != maxCounts {
		t.Errorf("%d callers are remembered; want no more than %d", got, maxCounts)
	}
	now = now.Add(guessWindow)
	if err := g.check("one more"); err != nil {
		t.Errorf("still refused a minute later: %v", err)
	}
	if got := len(g.byKey.entries); got != 0 {
		t.Errorf("%d callers are remembered a minute later", got)
	}
}
