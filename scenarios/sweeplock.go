package scenarios

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"slosim/reports/result"
)

// lockEvery is how often a merge looks whether another one in the folder has ended.
const lockEvery = 100 * time.Millisecond

// alone waits until no other process merges the sweep: they would remove each other's files. It locks
// the plan, which is there in any case; where a file system has no locks, nobody waits.
func (d *SweepDir) alone(ctx context.Context) (release func(), err error) {
	file, err := os.Open(d.path(result.SweepPlanFile))
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return func() { file.Close() }, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			file.Close()
			return func() {}, nil
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, ctx.Err()
		case <-time.After(lockEvery):
		}
	}
}
