// Package pagetest holds the join page to its promises the way people meet it:
// in a real browser with a camera and a microphone (Chromium's fake ones),
// against the real HTTP side and a real LiveKit.
//
// The tests need Chromium and are skipped without one; CI installs it and
// forbids skips. With -pictures a folder is filled with pictures of the page.
package pagetest
