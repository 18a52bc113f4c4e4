package virtual

import (
	"context"
	"sync"
	"sync/atomic"
)

// RunAll calls do(0) ... do(n-1) on up to jobs goroutines and returns their errors
// by index. Each index is handed out once, in order, and whoever keeps results by
// index gets the same ones for any number of jobs. When ctx is cancelled no further
// index is handed out; those left have the context's error.
func RunAll(ctx context.Context, jobs, n int, do func(i int) error) []error {
	errs := make([]error, n)
	var next atomic.Int64
	var group sync.WaitGroup
	for range max(1, min(jobs, n)) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				if errs[i] = ctx.Err(); errs[i] == nil {
					errs[i] = do(int(i))
				}
			}
		})
	}
	group.Wait()
	return errs
}
