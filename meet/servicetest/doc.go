// Package servicetest tests [meet.Service] as a whole: on the real database, the
// real LiveKit and real participants. What needs none of these is tested in
// package meet itself, whose tests are built and run within seconds.
package servicetest
