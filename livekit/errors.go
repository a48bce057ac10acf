package livekit

import (
	"errors"
	"fmt"
	"slices"

	"github.com/twitchtv/twirp"

	"roomkey/meet"
)

// codesOfOurBugs are what LiveKit says to a request that no repetition mends.
// Every other code means that there was no LiveKit, or none that did what it
// was asked: refused connections come as internal, a foreign web server's 404
// as bad_route, our own wrong key as unauthenticated.
var codesOfOurBugs = []twirp.ErrorCode{twirp.InvalidArgument, twirp.Malformed, twirp.OutOfRange}

// failed is the error of a call that did not do its work. Twirp's code decides
// what it is; no text of LiveKit's is ever shown.
func failed(doing string, err error) error {
	err = fmt.Errorf("livekit: %s: %w", doing, err)
	if isCode(err, codesOfOurBugs...) {
		return err
	}
	return &meet.Error{Code: meet.CodeUnavailable, Message: "The media server cannot be reached",
		Hint: "Try again in a few seconds.", Err: err}
}

// Refused says whether LiveKit has answered a call, and taken neither our key
// nor what we signed with it: no repetition mends that.
func Refused(err error) bool { return isCode(err, twirp.Unauthenticated, twirp.PermissionDenied) }

// isCode says whether LiveKit, or Twirp on the way there, gave one of codes.
func isCode(err error, codes ...twirp.ErrorCode) bool {
	var te twirp.Error
	return errors.As(err, &te) && slices.Contains(codes, te.Code())
}

func isNotFound(err error) bool { return isCode(err, twirp.NotFound) }

func participantNotFound(err error) error {
	return &meet.Error{Code: meet.CodeNotFound, Message: "Participant not found", Field: "identity",
		Hint: "list_participants gives the identity of everyone who is in the room now.", Err: err}
}
