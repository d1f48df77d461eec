//go:build !unix

package folder_test

import "errors"

// makePipe says that pipes have no names here.
func makePipe(string) error { return errors.ErrUnsupported }
