package meet

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// threeGuesses are those of three instances that hear of each other at once.
func threeGuesses(now func() time.Time) []*guesses {
	all := []*guesses{{now: now}, {now: now}, {now: now}}
	for _, g := range all {
		g.announce = func(_ context.Context, key string) {
			for _, other := range all {
				if other != g {
					other.countElsewhere(key, 1)
				}
			}
		}
	}
	return all
}

func TestWrongCodesAtSeveralInstancesAreCountedTogether(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	all := threeGuesses(func() time.Time { return now })
	for i := range guessesPerKey {
		if err := all[i%3].countWrong(t.Context(), "a"); err != nil {
			t.Fatalf("failure %d is refused: %v", i+1, err)
		}
	}
	for i, g := range all {
		if err := g.check("a"); !IsCode(err, CodeRateLimited) {
			t.Errorf("instance %d lets one guess go on: %v", i, err)
		}
		if err := g.check("b"); err != nil {
			t.Errorf("instance %d refuses another caller: %v", i, err)
		}
	}
	for i := range guessesOfAll - guessesPerKey {
		if err := all[i%3].countWrong(t.Context(), fmt.Sprint("attacker ", i)); err != nil {
			t.Fatalf("failure %d of all is refused: %v", i+guessesPerKey+1, err)
		}
	}
	for i, g := range all {
		if err := g.check("attacker 7"); !IsCode(err, CodeRateLimited) {
			t.Errorf("instance %d does not count what all have guessed: %v", i, err)
		}
	}
	now = now.Add(guessWindow)
	for i, g := range all {
		if err := g.check("a"); err != nil {
			t.Errorf("instance %d still refuses a minute later: %v", i, err)
		}
	}
}

// Announcements end at the ceiling, so that guessing does not flood the database.
func TestNoMoreGuessesAreAnnouncedThanAreAnswered(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	announced := 0
	g := guesses{now: func() time.Time { return now }, announce: func(context.Context, string) { announced++ }}
	for i := range 3 * guessesOfAll {
		_ = g.countWrong(t.Context(), fmt.Sprint("attacker ", i))
	}
	if announced != guessesOfAll {
		t.Errorf("%d were announced, want %d", announced, guessesOfAll)
	}
}

func TestRatesOfSeveralInstancesAreCountedTogether(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	limits := Limits{ChangesPerUser: 9}
	var all []*rates
	for range 3 {
		all = append(all, newRates(limits, func() time.Time { return now }, true))
	}
	let := 0
	for i := range 30 {
		r := &all[i%3].changes
		if r.take("ann") == 0 {
			let++
		}
		counts := r.untold(countsAtOnce)
		r.tellAgain(counts) // the first time they could not be told
		for _, c := range r.untold(countsAtOnce) {
			for _, other := range all {
				if other != all[i%3] {
					other.changes.takeElsewhere(c.Key, c.N)
				}
			}
		}
	}
	if let != limits.ChangesPerUser {
		t.Errorf("%d calls were let through, want %d", let, limits.ChangesPerUser)
	}
	if wait := all[0].changes.take("eve"); wait != 0 {
		t.Errorf("another user has to wait %v", wait)
	}
}

// What nobody is told of takes no memory for ever.
func TestCountsThatAreNotToldAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	for shared, want := range map[bool]int{true: maxCounts, false: 0} {
		r := newRates(Limits{ChangesPerUser: 1}, func() time.Time { return now }, shared)
		for i := range 2 * maxCounts {
			r.changes.take(fmt.Sprint("user ", i))
			if i == maxCounts-1 {
				now = now.Add(2 * limitWindow)
			}
		}
		if got := len(r.changes.news); got != want {
			t.Errorf("shared %v: %d counts are kept, want %d", shared, got, want)
		}
	}
}
