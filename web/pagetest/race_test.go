//go:build race

package pagetest

func init() { raceDetector = true }
