package main

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"roomkey/cmd/roomkey/internal/programtest"
	"roomkey/webhooks/webhooktest"
)

// scriptReceiver is a receiver of webhooks:
//
//	receiver start       starts it and puts its URL into $RECEIVER
//	receiver verify      has it verify with the secret that is in stdout
//	receiver config FILE puts its URL into a file in place of RECEIVER
//	receiver fails       has it answer with 500
//	receiver refused     waits until it has done so
//	receiver works       has it take everything again
//	receiver got TEXT    waits until it has a message with that type or room name
func scriptReceiver(t *testing.T) func(*testscript.TestScript, bool, []string) {
	var receivers sync.Map // by URL: several scripts run at once
	return func(ts *testscript.TestScript, _ bool, args []string) {
		var r *webhooktest.Receiver
		if found, ok := receivers.Load(ts.Getenv("RECEIVER")); ok {
			r = found.(*webhooktest.Receiver)
		}
		switch args[0] {
		case "start":
			r = webhooktest.Start(t)
			ts.Setenv("RECEIVER", r.URL())
			receivers.Store(r.URL(), r)
		case "verify":
			r.VerifyWith(regexp.MustCompile(`whsec_\S+`).FindString(ts.ReadFile("stdout")))
		case "config":
			file := ts.MkAbs(args[1])
			text, err := os.ReadFile(file)
			ts.Check(err)
			ts.Check(os.WriteFile(file, []byte(strings.Replace(string(text), "RECEIVER", r.URL(), 1)), 0o600))
		case "fails":
			r.Answer(webhooktest.Status(http.StatusInternalServerError))
		case "works":
			r.Answer(webhooktest.Take)
		default:
			if !programtest.Eventually(func() bool {
				return slices.ContainsFunc(r.Arrived(), func(m webhooktest.Message) bool {
					return args[0] == "refused" && !m.Taken ||
						args[0] == "got" && m.Taken && (m.Type == args[1] || m.Data["room_name"] == args[1])
				})
			}) {
				ts.Fatalf("waited %v for it, got %+v", programtest.Patience, r.Arrived())
			}
		}
	}
}
