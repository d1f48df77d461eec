//go:build !linux

package db

import "go.etcd.io/bbolt"

// release leaves it to the system which pages it keeps in memory.
func release(*bbolt.Tx) error { return nil }
