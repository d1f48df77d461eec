package folder

import (
	"io/fs"
	"syscall"
	"time"
)

// changeTime gives when anything about a file was changed last.
func changeTime(info fs.FileInfo) time.Time {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(int64(s.Ctim.Sec), int64(s.Ctim.Nsec))
	}
	return time.Time{}
}
