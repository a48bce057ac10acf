package datafolder

import "golang.org/x/sys/windows"

// Space says how many bytes roomkey may still write to the disk of a folder, and how
// large that disk is. known is false where this system does not say.
func Space(folder string) (free, size uint64, known bool) {
	path, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return 0, 0, false
	}
	err = windows.GetDiskFreeSpaceEx(path, &free, &size, nil)
	return free, size, err == nil
}
