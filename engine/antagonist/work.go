package antagonist

import (
	"time"

	"slosim/engine/kernel"
)

// work is a piece of disturbance that lasts some ten microseconds.
type work func()

// works maps each kind to the constructor of its work. Constructors allocate what
// they walk over.
func works() map[string]func() work {
	return map[string]func() work{"cpu": spin, "memory": stream, "cache": scatter, Sibling: infer}
}

// infer runs a dense network of 784-1024-1024 nodes, as a busy worker does.
func infer() work {
	set := kernel.Best()
	first, second := kernel.NewMatrix(1024, 784), kernel.NewMatrix(1024, 1024)
	for _, m := range []*kernel.Matrix{first, second} {
		for i := range m.Data {
			m.Data[i] = float32(i%7) / 7
		}
	}
	x, hidden, y := kernel.Aligned(784), kernel.Aligned(1024), kernel.Aligned(1024)
	for i := range x {
		x[i] = float32(i%5) / 5
	}
	return func() {
		set.MatVec(hidden, first, x, nil)
		set.MatVec(y, second, hidden, nil)
	}
}

// spin computes and touches no memory.
func spin() work {
	x := uint64(1)
	return func() {
		for range 20000 {
			x = x*6364136223846793005 + 1442695040888963407
		}
	}
}

// streamBytes is far above any last-level cache share, so that every line comes
// from and goes to DRAM.
const streamBytes = 256 << 20

// stream reads and writes a large buffer line after line.
func stream() work {
	buffer := make([]uint64, streamBytes/8)
	at := 0
	return func() {
		const words = 64 << 10 / 8
		piece := buffer[at : at+words]
		for i := range piece {
			piece[i]++
		}
		at = (at + words) % len(buffer)
	}
}

// scatterBytes is of the order of a shared last-level cache: what the antagonist
// keeps there, the worker has to fetch again.
const scatterBytes = 32 << 20

// scatter writes lines of a cache-sized buffer in random order.
func scatter() work {
	buffer := make([]uint64, scatterBytes/8)
	x := uint64(1)
	return func() {
		for range 1000 {
			x = x*6364136223846793005 + 1442695040888963407
			buffer[(x>>33)%uint64(len(buffer))]++
		}
	}
}

// disturb runs the work for intensity of each period until stop is closed.
func disturb(w work, intensity float64, stop <-chan struct{}) {
	active := time.Duration(intensity * float64(Period))
	start := time.Now()
	for cycle := time.Duration(1); ; cycle++ {
		begin := start.Add((cycle - 1) * Period)
		for time.Since(begin) < active {
			w()
			select {
			case <-stop:
				return
			default:
			}
		}
		if pause := time.Until(start.Add(cycle * Period)); pause > 0 {
			time.Sleep(pause)
		}
	}
}
