// Package build knows from which version this program was made.
package build

import (
	"runtime"
	"runtime/debug"

	"roomkey/web"
)

// version and commit are set by the Makefile's linker flags.
var (
	version = "dev"
	commit  = ""
)

// Version says what this program was made from.
func Version() web.Version {
	v := web.Version{Name: "roomkey", Version: version, Commit: commit, Go: runtime.Version()}
	if v.Commit == "" {
		v.Commit = "unknown"
		if info, ok := debug.ReadBuildInfo(); ok {
			for _, s := range info.Settings {
				if s.Key == "vcs.revision" {
					v.Commit = s.Value
				}
			}
		}
	}
	return v
}
