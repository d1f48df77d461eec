package db

import (
	"context"
	"fmt"
)

// Release gives back the memory in which the process holds what it has read of the file. The file is mapped, so that all
// of the history that was ever touched counts as this process's memory otherwise, and that grows with every deployment.
// What is needed again is in the system's cache.
func (d *DB) Release(ctx context.Context) error {
	if err := d.view(ctx, release); err != nil {
		return fmt.Errorf("give the memory of the database back: %w", err)
	}
	return nil
}
