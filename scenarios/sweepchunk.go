package scenarios

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"slosim/reports/result"
)

// runChunk runs the missing cells of a chunk: here, or first into a folder of this machine.
func (d *SweepDir) runChunk(ctx context.Context, o ChunkOptions, missing []int) error {
	if o.Scratch == "" || len(missing) == 0 {
		return d.Run(ctx, o.Console, o.Jobs, missing)
	}
	return d.runOnNode(ctx, o, missing)
}

// lacking keeps those of some cells that have no whole file.
func (d *SweepDir) lacking(cells []int) (missing []int, err error) {
	for _, i := range cells {
		var broken result.CorruptError
		switch _, err := d.store.Check(cellHash(d.plan, i)); {
		case errors.As(err, &broken), errors.Is(err, fs.ErrNotExist):
			missing = append(missing, i)
		case err != nil:
			return nil, err
		}
	}
	return missing, nil
}

// copyEvery is how often finished cells are copied from a node to the sweep's folder: what is lost when
// the node dies.
const copyEvery = time.Minute

// runOnNode runs cells into a folder of this machine and copies them to the sweep's, now and then and at the
// end. The folder's name is the chunk's: one that was killed here finds what it had finished.
func (d *SweepDir) runOnNode(ctx context.Context, o ChunkOptions, missing []int) error {
	dir := filepath.Join(o.Scratch, fmt.Sprintf("slosim-%.12s-%d-%d", d.plan.Identity, o.Chunk, o.Chunks))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("--scratch: %w", err)
	}
	node := *d
	node.store = result.NewSweepStore(dir)
	todo, err := node.lacking(missing)
	if err != nil {
		return err
	}
	stop := d.copying(node.store, missing)
	err = node.Run(ctx, o.Console, o.Jobs, todo)
	if err := errors.Join(err, stop()); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// copying copies cells from a store now and then; stop copies the rest and returns what went wrong the
// last time.
func (d *SweepDir) copying(from result.SweepStore, cells []int) (stop func() error) {
	ticker := time.NewTicker(copyEvery)
	quit := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		for {
			select {
			case <-ticker.C:
				cells, _ = d.copyCells(from, cells) // the last time tells
			case <-quit:
				return
			}
		}
	})
	return func() error {
		ticker.Stop()
		close(quit)
		group.Wait()
		_, err := d.copyCells(from, cells)
		return err
	}
}

// copyCells copies the cells that are there and returns the others.
func (d *SweepDir) copyCells(from result.SweepStore, cells []int) (left []int, err error) {
	var errs []error
	for _, i := range cells {
		switch err := from.Copy(cellHash(d.plan, i), d.store); {
		case errors.Is(err, fs.ErrNotExist):
			left = append(left, i)
		case err != nil:
			left = append(left, i)
			errs = append(errs, err)
		}
	}
	return left, errors.Join(errs...)
}
