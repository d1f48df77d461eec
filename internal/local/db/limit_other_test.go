//go:build !unix

package db_test

import "testing"

func limited(t *testing.T, _ string) { t.Skip("this system has no limit on the size of files") }
