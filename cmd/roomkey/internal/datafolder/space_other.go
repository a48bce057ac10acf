//go:build !linux && !darwin && !windows

package datafolder

// Space knows nothing of the disks of these systems.
func Space(string) (free, size uint64, known bool) { return 0, 0, false }
