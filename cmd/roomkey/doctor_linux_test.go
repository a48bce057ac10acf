package main

import (
	"syscall"
	"testing"
)

// A small disk is one that is nearly full.
func TestDoctorOfANearlyFullDisk(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := syscall.Mount("roomkey-test", folder, "tmpfs", 0, "size=64m,mode=700"); err != nil {
		t.Skipf("this user may not mount a file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	holdSaid(t, []string{"ROOMKEY_DATA=" + folder}, 0, "warn disk: 64 MiB of 64 MiB are free on the disk of "+folder,
		"       Free some space, or move the data folder")
}
