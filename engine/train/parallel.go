package train

import (
	"sync"
	"sync/atomic"
)

// parallel calls do(part, worker) for each part below n from up to workers goroutines.
// Which worker gets which part is a matter of chance, so a part may take nothing from
// its worker but scratch memory.
func parallel(n, workers int, do func(part, worker int)) {
	if workers <= 1 || n <= 1 {
		for part := range n {
			do(part, 0)
		}
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for worker := range min(n, workers) {
		group.Go(func() {
			for part := int(next.Add(1)) - 1; part < n; part = int(next.Add(1)) - 1 {
				do(part, worker)
			}
		})
	}
	group.Wait()
}

// span is a part of a range: lo to hi-1 of one layer's nodes, or of a batch's rows.
type span struct{ layer, lo, hi int }

// spans cuts 0..n-1 into parts of at most size, a multiple of 16.
func spans(layer, n, size int) []span {
	size = max(16, (size+15)&^15)
	var parts []span
	for lo := 0; lo < n; lo += size {
		parts = append(parts, span{layer, lo, min(lo+size, n)})
	}
	return parts
}
