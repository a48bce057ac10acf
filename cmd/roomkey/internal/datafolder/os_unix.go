//go:build unix

package datafolder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// openSafely opens no symbolic link, and does not wait for another process
// where a file is a pipe.
const openSafely = unix.O_NOFOLLOW | unix.O_NONBLOCK

// claimFile is locked by the process that has the data folder.
func claimFile(folder string) string { return holderFile(folder) }

// Check refuses a data folder into which another user can put files: roomkey
// would write through a link that they made, or trust a secret that they know.
// A folder that does not exist is accepted like an empty one. The path of the
// folder itself may be a symbolic link, since its operator chose it.
func Check(folder string) error {
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look at the data folder: %w", err)
	case !info.IsDir():
		return nil // the caller that makes or opens it says so
	}
	if mode := info.Mode().Perm(); mode&0o002 != 0 {
		return fmt.Errorf("the data folder %s can be written to by every user (mode %04o): "+
			"run chmod 700 on it, after a look at what is in it", folder, mode)
	}
	if err := checkOwner("the data folder "+folder, info); err != nil {
		return err
	}
	for _, name := range ownFiles {
		if err := checkOwnFile(filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}

// checkOwnFile refuses a file of the data folder that roomkey cannot have made
// itself. A file that does not exist is accepted.
func checkOwnFile(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look at the data folder: %w", err)
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a symbolic link, which roomkey does not follow: "+
			"put the file itself there, or remove the link", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file: remove it", path)
	}
	if mode := info.Mode().Perm(); mode&0o002 != 0 {
		return fmt.Errorf("%s can be written to by every user (mode %04o): "+
			"run chmod 600 on it, if you know that its content is yours", path, mode)
	}
	return checkOwner(path, info)
}

// checkOwner refuses what belongs to another user than this one and root, who
// can change every file anyway.
func checkOwner(what string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid == 0 || int64(stat.Uid) == int64(os.Geteuid()) {
		return nil
	}
	return fmt.Errorf("%s belongs to another user (uid %d, and roomkey runs as %d): "+
		"run roomkey as that user, or change the owner with chown", what, stat.Uid, os.Geteuid())
}
