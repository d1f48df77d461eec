//go:build !unix || solaris || aix

package disk

import (
	"errors"
	"os"
)

// lock refuses: without a lock, a second server would clear away what this one is receiving.
func lock(*os.File) error {
	return errors.New("this system has no lock for a folder, and without one two servers could damage each other's models")
}
