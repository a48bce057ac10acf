//go:build linux || darwin

package datafolder

import "golang.org/x/sys/unix"

// Space says how many bytes roomkey may still write to the disk of a folder, and how
// large that disk is. known is false where this system does not say.
func Space(folder string) (free, size uint64, known bool) {
	var s unix.Statfs_t
	if unix.Statfs(folder, &s) != nil {
		return 0, 0, false
	}
	block := uint64(s.Bsize) //nolint:gosec // G115: a size
	return s.Bavail * block, s.Blocks * block, true
}
