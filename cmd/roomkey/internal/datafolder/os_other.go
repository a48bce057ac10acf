//go:build !unix

package datafolder

import "path/filepath"

// openSafely is nothing that these systems have.
const openSafely = 0

// claimFile is locked by the process that has the data folder. Nobody can read
// a locked file on Windows, so it is another file than the one that names the
// holder.
func claimFile(folder string) string { return filepath.Join(folder, "claim") }

// Check accepts every data folder: permissions are not looked at here.
func Check(string) error { return nil }
