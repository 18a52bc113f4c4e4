package scheduler

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Idle workers are listed least slowed first, of equals the lower number, and no fewer than there is
// something to do for.
func TestFindIdle(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		v := &View{Workers: make([]Worker, 1+random.IntN(40)), Waiting: make([]Waiting, 1+random.IntN(20))}
		var want []int
		for w := range v.Workers {
			v.Workers[w] = Worker{Busy: random.IntN(3) == 0, Slowdown: 1 + float64(random.IntN(6))/4}
			if !v.Workers[w].Busy {
				want = append(want, w)
			}
		}
		slices.SortStableFunc(want, func(a, b int) int {
			return int(4*v.Workers[a].Slowdown) - int(4*v.Workers[b].Slowdown)
		})
		if random.IntN(2) == 0 {
			v.Waiting[0].Queue = 1
		} else if len(v.Workers) > fewWorkers && len(v.Waiting) <= fewWorkers {
			want = want[:min(len(want), len(v.Waiting))]
		}
		d := &dispatcher{}
		d.findIdle(v)
		if !slices.Equal(d.idle, want) && len(d.idle)+len(want) > 0 {
			t.Fatalf("%d workers, %d waiting: want %v, got %v", len(v.Workers), len(v.Waiting), want, d.idle)
		}
	}
}
