package meet

import (
	"context"
	"sync"
	"time"
)

// FindingStatus is how a check went.
type FindingStatus string

// The statuses of a check.
const (
	FindingOK   FindingStatus = "ok"
	FindingWarn FindingStatus = "warn" // works, but not for everybody or not for long; or could not be checked
	FindingFail FindingStatus = "fail"
)

// Finding is what one check of the server has found.
type Finding struct {
	Check  string        `json:"check"`
	Status FindingStatus `json:"status"`
	Detail string        `json:"detail"`         // never holds a secret or a token
	Hint   string        `json:"hint,omitempty"` // what to do; empty when all is well
}

// Examination is what the server has found when it examined itself.
type Examination struct {
	At       time.Time
	Findings []Finding
}

// How often the server examines itself at most, and how long that may take.
const (
	examineEvery  = 30 * time.Second
	examineWithin = 15 * time.Second
)

// examiner keeps the last examination. Callers share it.
type examiner struct {
	examine func(context.Context) []Finding // nil finds nothing
	mu      sync.Mutex
	last    Examination
}

// Health gives what the server has found when it examined itself, which it does at
// most every half minute, and also to the end for a caller who has gone away.
func (s *Service) Health(ctx context.Context, p Principal) (Examination, error) {
	if err := authorize(p, ActListAccess, nil); err != nil {
		return Examination{}, err
	}
	e := &s.examiner
	e.mu.Lock()
	defer e.mu.Unlock()
	age := s.now().Sub(e.last.At)
	if e.examine == nil || age >= 0 && age < examineEvery {
		return e.last, nil
	}
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), examineWithin)
	defer cancel()
	go func() {
		select {
		case <-s.shutdown:
			cancel()
		case <-work.Done():
		}
	}()
	findings := e.examine(work)
	if s.isStopping() {
		return Examination{}, &Error{Code: CodeUnavailable, Message: "The server is stopping",
			Hint: "Try again in a few seconds."}
	}
	e.last = Examination{s.now(), findings}
	return e.last, nil
}
