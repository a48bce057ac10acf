package servicetest

import (
	"context"
	"slices"
	"testing"

	"roomkey/meet"
	. "roomkey/meet/meettest"
)

// All who wait are answered in one call, or several of them by their ids.
func TestSeveralAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	s := New(t)
	room, code := roomWithApproval(t, s, meet.RoomChange{})
	shut := s.NewCode(t, room, meet.RoleViewer, meet.CodeChange{})
	var ids []string
	for range 120 { // more than a list shows
		ids = append(ids, askToJoin(t, s, code, "").RequestID)
	}
	hidden := askToJoin(t, s, shut, "").RequestID
	_, err := s.UpdateCode(t.Context(), Ada, shut.Code, meet.CodeChange{Enabled: Of(false)}, false)
	wantCode(t, "disable", err, "")
	all := func(p meet.Principal, ids []string, all, approve bool) (answered, missing []string, err error) {
		requests, missing, err := s.AnswerJoinRequests(context.Background(), p, room.ID, ids, all, approve)
		for _, r := range requests {
			answered = append(answered, r.ID)
		}
		return answered, missing, err
	}
	_, _, err = all(Bob, nil, true, true)
	wantCode(t, "by somebody else", err, meet.CodeForbidden)
	_, _, err = all(Ada, []string{ids[0], "x"}, false, true)
	wantCode(t, "with what is no id", err, meet.CodeInvalid)
	some := []string{ids[1], "aaaaaaaaaaaaaaaaaaaaaaaaaa", ids[0], ids[1], "aaaaaaaaaaaaaaaaaaaaaaaaaa"}
	answered, missing, err := all(Ada, some, false, false)
	wantCode(t, "some", err, "")
	if !slices.Equal(answered, []string{ids[1], ids[0]}) ||
		!slices.Equal(missing, []string{"aaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
		t.Errorf("answered %v, missing %v", answered, missing)
	}
	answered, missing, err = all(Ada, nil, true, true)
	wantCode(t, "all", err, "")
	slices.Sort(answered)
	want := slices.Clone(ids[2:])
	slices.Sort(want)
	if !slices.Equal(answered, want) || missing != nil {
		t.Errorf("answered %d, missing %v; want the %d who wait", len(answered), missing, len(want))
	}
	if r, err := s.Store.JoinRequest(t.Context(), hidden); err != nil || r.State != meet.RequestWaiting {
		t.Errorf("who would not get in: %+v, %v; want it left alone", r, err)
	}
	if a := askToJoin(t, s, code, ids[5]); a.Waiting {
		t.Error("somebody who was let in waits")
	}
	answered, _, err = all(Ada, nil, true, true)
	if err != nil || answered != nil {
		t.Errorf("nobody waits: %v, %v", answered, err)
	}
}
