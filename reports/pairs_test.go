package reports

import (
	"math/rand/v2"
	"testing"
	"time"
)

// pairedTallies returns the tallies of two contenders that answer the same queries, about
// images of which the first is right on 90 % and the second, mostly the same ones, on 87 %.
func pairedTallies(source *rand.Rand, replications, images, queries int) (a, b Contender) {
	a, b = Contender{Name: "a"}, Contender{Name: "b"}
	right := make([][2]bool, images)
	for i := range right {
		u := source.Float64()
		right[i] = [2]bool{u < 0.90, u < 0.86 || u > 0.99}
	}
	for r := range replications {
		config := TallyConfig{Replication: r, Classes: []string{"a"}, Workers: 1, Duration: 10 * time.Second, Samples: images}
		first, second := NewTally(config), NewTally(config)
		for i := range queries {
			at := 9 * float64(i) / float64(queries)
			o := answered(at, at, at+0.001)
			o.Sample = uint32(source.IntN(images))
			o.Right = right[o.Sample][0]
			first.Add(&o)
			o.Right = right[o.Sample][1]
			second.Add(&o)
		}
		a.Tallies, b.Tallies = append(a.Tallies, first), append(b.Tallies, second)
	}
	return a, b
}

// TestPairedCoverage: a 95 % interval of the difference of two accuracies must hold the
// truth, 0.03 over all images there could be, in 92 to 98 % of 500 experiments. With the
// replications alone, which all draw from the same images, it would be far fewer.
func TestPairedCoverage(t *testing.T) {
	const experiments, truth = 500, 0.03
	source := rand.New(rand.NewPCG(3, 4))
	for _, replications := range []int{2, 8} {
		held, alone := 0, 0
		for range experiments {
			a, b := pairedTallies(source, replications, 400, 600)
			s := summarise(t, a, b)
			got := s.Cells[0].Versus["b accuracy"]
			if *got.Lo <= truth && truth <= *got.Hi {
				held++
			}
			var differences []float64
			for r := range replications {
				group := cellGroups(a.Tallies[0])[0]
				first, second := a.Tallies[r].part(group), b.Tallies[r].part(group)
				differences = append(differences, ratio(first.right, first.finished)-ratio(second.right, second.finished))
			}
			if e := studentT(differences); e.lo() <= truth && truth <= e.hi() {
				alone++
			}
		}
		t.Logf("%d replications: %d of %d held the truth, %d with Student's t alone", replications, held, experiments, alone)
		if share := float64(held) / experiments; share < 0.92 || share > 0.98 {
			t.Errorf("%d replications: want the truth in 92 to 98 %% of the intervals, got %.1f %%", replications, 100*share)
		}
	}
}
