package livekit

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/livekit/psrpc"
	"github.com/twitchtv/twirp"

	"roomkey/meet"
)

// badRequestCodes mean that the request itself is wrong, so it is a bug of ours.
// Every other code means that no LiveKit did the work: refused connections come as
// internal, another web server's 404 as bad_route, our own wrong key as
// unauthenticated.
var badRequestCodes = []twirp.ErrorCode{twirp.InvalidArgument, twirp.Malformed, twirp.OutOfRange}

// callError is the error of a call to LiveKit that failed; err is not nil. Twirp's
// code decides what it is; no text of LiveKit's is ever shown.
func callError(doing string, err error) error {
	err = fmt.Errorf("livekit: %s: %w", doing, err)
	if isCode(err, badRequestCodes...) {
		return err
	}
	return &meet.Error{
		Code:    meet.CodeUnavailable,
		Message: "The media server cannot be reached",
		Hint:    "Try again in a few seconds.",
		Err:     err,
	}
}

// Refused says whether LiveKit has refused our key or what we signed with it.
// Trying again does not help.
func Refused(err error) bool { return isCode(err, twirp.Unauthenticated, twirp.PermissionDenied) }

// isCode says whether LiveKit, or Twirp on the way there, gave one of codes.
func isCode(err error, codes ...twirp.ErrorCode) bool {
	var te twirp.Error
	return errors.As(err, &te) && slices.Contains(codes, te.Code())
}

func isNotFound(err error) bool { return isCode(err, twirp.NotFound) }

// isNoResponse says whether LiveKit answers that no node has responded: see
// [patience].
func isNoResponse(err error) bool {
	return isCode(err, twirp.Unavailable) && strings.Contains(err.Error(), psrpc.ErrNoResponse.Error())
}
