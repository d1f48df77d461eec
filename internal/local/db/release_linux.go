package db

import (
	"os"
	"syscall"

	"go.etcd.io/bbolt"
)

// release tells the system that the mapped pages of the file are not needed in this process now. The transaction keeps
// the mapping where it is.
func release(tx *bbolt.Tx) error {
	data := tx.DB().Info().Data
	if _, _, err := syscall.Syscall(syscall.SYS_MADVISE, data, uintptr(tx.Size()), syscall.MADV_DONTNEED); err != 0 {
		return os.NewSyscallError("madvise", err)
	}
	return nil
}
