package function

import (
	"fmt"
	"math"
	"os"
	"syscall"
)

// mapFile gives the bytes of a file until release is called. They are the system's pages of it, so that they need no
// memory of Go's beside what is made of them.
func mapFile(path string) (content []byte, release func(), err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	size := info.Size()
	if !info.Mode().IsRegular() || size == 0 || size > math.MaxInt {
		return nil, nil, fmt.Errorf("%s: not a file with something in it", path)
	}
	content, err = syscall.Mmap(int(file.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_PRIVATE|syscall.MAP_POPULATE)
	if err != nil {
		return nil, nil, fmt.Errorf("map %s: %w", path, err)
	}
	return content, func() { syscall.Munmap(content) }, nil //nolint:errcheck // what was mapped can be unmapped
}
