package engine

// Thresholds are tried at these many steps: of one stage, and of each of two.
const (
	oneStageBins = 100
	twoStageBins = 50
)

// thirdStageGain is what a third stage must save of the cost to be worth its thresholds.
const thirdStageGain = 0.02

// search looks for the cheapest cascade whose accuracy reaches target.
type search struct {
	trials []*trial
	goals  CascadeGoals
	target float64
	bound  float64 // cost to beat
	best   CascadeSpec
	found  bool
}

func (s *search) run() (CascadeSpec, bool) {
	for point, t := range s.trials {
		if t.accuracy() >= s.target {
			s.bound = min(s.bound, s.goals.Cost(point))
		}
	}
	s.pairs(func(i, j int) { s.tryTwo(i, j) })
	if s.goals.MaxStages == 2 {
		return s.best, s.found
	}
	s.bound *= 1 - thirdStageGain
	s.pairs(func(i, j int) {
		second := s.prepare(i, j)
		for k := range s.trials {
			if s.goals.Cost(k) > s.goals.Cost(j) {
				s.tryThree(second, k)
			}
		}
	})
	return s.best, s.found
}

// pairs visits all pairs of points, the cheaper one first, that could beat the bound.
func (s *search) pairs(visit func(i, j int)) {
	for i := range s.trials {
		for j := range s.trials {
			if s.goals.Cost(i) < s.goals.Cost(j) && s.goals.Cost(i) < s.bound {
				visit(i, j)
			}
		}
	}
}

func (s *search) extra(from, to int) float64 {
	if s.goals.Extra == nil {
		return s.goals.Cost(to)
	}
	return s.goals.Extra(from, to)
}

// tryTwo raises the threshold of stage i until the target is reached; the first
// threshold that does is the cheapest.
func (s *search) tryTwo(i, j int) {
	first, second := s.trials[i], s.trials[j]
	passed, gain := make([]int, oneStageBins+1), make([]int, oneStageBins+1)
	right, n := 0, len(first.right)
	for sample, bin := range first.bins(oneStageBins) {
		passed[bin]++
		gain[bin] += one(second.right[sample]) - one(first.right[sample])
		right += one(first.right[sample])
	}
	on := 0
	for bin := range oneStageBins {
		on, right = on+passed[bin], right+gain[bin]
		reach, accuracy := float64(on)/float64(n), float64(right)/float64(n)
		if cost := s.goals.Cost(i) + reach*s.extra(i, j); cost >= s.bound {
			return
		} else if accuracy >= s.target && on > 0 {
			s.accept(cost, CascadeSpec{
				Stages: []int{i, j}, Thresholds: []float32{first.threshold(bin, oneStageBins)},
				Reach: []float64{1, reach}, Accuracy: accuracy,
			})
			return
		}
	}
}

func (s *search) accept(cost float64, spec CascadeSpec) { s.bound, s.best, s.found = cost, spec, true }

// grid counts something per pair of bins, summed over all lower bins.
type grid [twoStageBins + 1][twoStageBins + 1]int

// accumulate turns counts per bin into counts of all bins up to it.
func (g *grid) accumulate() {
	for a := range g {
		for b := range g[a] {
			if a > 0 {
				g[a][b] += g[a-1][b]
			}
			if b > 0 {
				g[a][b] += g[a][b-1]
			}
			if a > 0 && b > 0 {
				g[a][b] -= g[a-1][b-1]
			}
		}
	}
}

// twoStages is what the first two stages of a cascade of three have in common.
type twoStages struct {
	i, j         int
	first, next  []int // bins per sample
	passed       grid  // samples that run the third stage
	right        grid  // right answers of the second stage among them
	stopped      []int // by bin of the first stage: right answers of the first stage above it
	entered      []int // samples that run the second stage
	enteredRight []int // right answers of the second stage among them
}

func (s *search) prepare(i, j int) *twoStages {
	t := &twoStages{i: i, j: j, first: s.trials[i].bins(twoStageBins), next: s.trials[j].bins(twoStageBins)}
	t.stopped = make([]int, twoStageBins+2)
	for sample, a := range t.first {
		t.passed[a][t.next[sample]]++
		t.right[a][t.next[sample]] += one(s.trials[j].right[sample])
		if a > 0 {
			t.stopped[a-1] += one(s.trials[i].right[sample])
		}
	}
	for a := twoStageBins; a >= 0; a-- {
		t.stopped[a] += t.stopped[a+1]
	}
	t.passed.accumulate()
	t.right.accumulate()
	for a := range t.passed {
		t.entered = append(t.entered, t.passed[a][twoStageBins])
		t.enteredRight = append(t.enteredRight, t.right[a][twoStageBins])
	}
	return t
}

// tryThree tries all pairs of thresholds before a third stage k.
func (s *search) tryThree(t *twoStages, k int) {
	var right grid // of the third stage, among the samples that run it
	for sample, yes := range s.trials[k].right {
		right[t.first[sample]][t.next[sample]] += one(yes)
	}
	right.accumulate()
	n := float64(len(t.first))
	for a := range twoStageBins {
		base := s.goals.Cost(t.i) + float64(t.entered[a])/n*s.extra(t.i, t.j)
		for b := range twoStageBins {
			cost := base + float64(t.passed[a][b])/n*s.extra(t.j, k)
			if cost >= s.bound {
				break // more samples go on at every higher threshold
			}
			correct := t.stopped[a] + t.enteredRight[a] - t.right[a][b] + right[a][b]
			if accuracy := float64(correct) / n; accuracy >= s.target && t.passed[a][b] > 0 {
				s.accept(cost, CascadeSpec{
					Stages:     []int{t.i, t.j, k},
					Thresholds: []float32{s.trials[t.i].threshold(a, twoStageBins), s.trials[t.j].threshold(b, twoStageBins)},
					Reach:      []float64{1, float64(t.entered[a]) / n, float64(t.passed[a][b]) / n},
					Accuracy:   accuracy,
				})
				break
			}
		}
	}
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
