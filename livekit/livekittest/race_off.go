//go:build !race

package livekittest

// UnderRaceDetector says whether the race detector watches this process, with a
// LiveKit of [Start] in it. LiveKit v1.13.5 races with itself when a client's
// signalling connection is cut (service.RTCService.serve): tests that cut one
// do so on a LiveKit in a process of its own then, or not at all.
const UnderRaceDetector = false
