package scheduler_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"slosim/scheduler"
)

// table is a truth from two tables.
type table struct {
	right  []bool
	finish []time.Duration
}

func (tb *table) Right(_ scheduler.QueryRef, point int) bool              { return tb.right[point] }
func (tb *table) Finish(_ scheduler.QueryRef, _, point int) time.Duration { return tb.finish[point] }

func TestClairvoyantAgreesWithExhaustiveSearch(t *testing.T) {
	models := frontModels()
	n := len(models[0].Points())
	for _, drop := range []string{"expired", "never"} {
		policy := mustNew(t, "clairvoyant-greedy", map[string]any{"drop": drop})
		rapid.Check(t, func(t *rapid.T) {
			truth := &table{right: make([]bool, n), finish: make([]time.Duration, n)}
			for p := range n {
				truth.right[p] = rapid.Bool().Draw(t, "right")
				truth.finish[p] = time.Duration(rapid.IntRange(1, 1000).Draw(t, "finish"))
			}
			policy.(scheduler.TruthUser).SetTruth(truth)
			v := view(models, 1)
			v.Waiting = []scheduler.Waiting{{Deadline: 600}}
			got := decideOnce(policy, v)[0]
			good := func(p int) bool { return truth.right[p] && truth.finish[p] <= 600 }
			want := exhaustive(n, func(p int) float64 {
				if good(p) {
					return 1e6 - float64(truth.finish[p])
				}
				return -float64(truth.finish[p])
			})
			switch {
			case !good(want) && drop == "expired":
				if got.Kind != scheduler.Drop {
					t.Fatalf("want a drop, got %v", got.Kind)
				}
			case got.Kind != scheduler.Start || got.Point != want:
				t.Fatalf("want point %d, got %v at %d", want, got.Kind, got.Point)
			}
		})
	}
}
