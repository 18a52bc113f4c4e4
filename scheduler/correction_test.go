package scheduler_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
)

// learner feeds a correction with queries that take stale times as long as the belief says.
type learner struct {
	*scheduler.Correction
	belief *profile.Belief
	draws  *rand.Rand
}

func newLearner(specs ...policytest.Spec) *learner {
	belief := policytest.Belief(false, specs...)
	return &learner{scheduler.NewCorrection([]*profile.Belief{belief, nil}, 2), belief, rand.New(rand.NewPCG(1, 1))}
}

// run observes n queries on worker 0, at all points and two slow-downs.
func (l *learner) run(stale float64, n int) {
	for i := range n {
		point, slowdown := i%len(l.belief.Points()), 1+float64(i/50%2)
		service := stale * float64(l.belief.Quantile(point, l.draws.Float64(), slowdown))
		l.Observe(scheduler.Completion{Point: point, FinishAt: time.Duration(service)}, slowdown)
	}
}

// techniques have times that spread a little, not at all, or over two work classes.
func techniques() map[string][]policytest.Spec {
	const us = time.Microsecond
	return map[string][]policytest.Spec{
		"narrow":   policytest.Front(),
		"constant": {{Name: "a", Accuracy: 1, Mean: 300 * us}},
		"wide":     {{Name: "a", Accuracy: 0.9, Mean: 300 * us, Spread: 0.9}, {Name: "b", Accuracy: 0.8, Mean: 100 * us, Spread: 0.3}},
		"cascade":  cascadeFront(),
		"tail":     {{Name: "a", Accuracy: 0.9, Mean: 300 * us, Spread: 0.2, Tail: 40}},
	}
}

// A ratio of 1, of a right profile, is among those found: cutting long times must not bias it.
func TestCorrectionFindsAConstantRatio(t *testing.T) {
	for name, specs := range techniques() {
		for _, want := range []float64{0.5, 1, 1.5, 8} {
			l := newLearner(specs...)
			l.run(want, 1000)
			got, deviation := l.Factor(0)
			if math.Abs(got/want-1) > 0.06 || !(deviation > 0 && deviation < 0.1*want) {
				t.Errorf("%s, ratio %g: want it found, got %g ± %g", name, want, got, deviation)
			}
			if other, _ := l.Factor(1); other != 1 {
				t.Errorf("%s: a worker without queries: want 1, got %g", name, other)
			}
		}
	}
}

// How long a stall lasts does not matter, and it is forgotten like any slow query.
func TestCorrectionOutlivesAStall(t *testing.T) {
	l, same := newLearner(policytest.Front()...), newLearner(policytest.Front()...)
	l.run(1, 500)
	same.run(1, 500)
	before, _ := l.Factor(0)
	l.Observe(scheduler.Completion{FinishAt: time.Second}, 1)
	same.Observe(scheduler.Completion{FinishAt: time.Millisecond}, 1)
	after, _ := l.Factor(0)
	if other, _ := same.Factor(0); math.Abs(after-other) > 1e-12 || after < before || after > 1.06*before {
		t.Errorf("after a stall: want a step of at most 6 %% from %g, as after a shorter one (%g), got %g", before, other, after)
	}
	l.run(1, 200)
	if later, _ := l.Factor(0); math.Abs(later-1) > 0.05 {
		t.Errorf("200 queries later: want about 1, got %g", later)
	}
}

// A change is followed up and down.
func TestCorrectionFollowsAChange(t *testing.T) {
	l := newLearner(policytest.Front()...)
	for _, want := range []float64{1, 1.5, 4, 1} {
		l.run(want, 300)
		if got, _ := l.Factor(0); math.Abs(got/want-1) > 0.06 {
			t.Errorf("300 queries after a change to %g: got %g", want, got)
		}
	}
}

func TestCorrectionIgnoresWhatIsNotExpected(t *testing.T) {
	l := newLearner(policytest.Front()...)
	l.Observe(scheduler.Completion{}, 1)
	l.Observe(scheduler.Completion{StartAt: 2, FinishAt: 1}, 1)
	l.Observe(scheduler.Completion{Model: 1, FinishAt: time.Hour}, 1) // nobody knows it
	if got, _ := l.Factor(0); got != 1 {
		t.Errorf("want nothing learned, got %g", got)
	}
	for range 10000 {
		l.Observe(scheduler.Completion{FinishAt: time.Hour}, 1)
	}
	if got, _ := l.Factor(0); !(got > 100 && got <= 1000) {
		t.Errorf("want a bound, got %g", got)
	}
}

func TestViewCorrectsItsTimes(t *testing.T) {
	v := view(frontModels(), 3)
	v.Workers[1].Correction, v.Workers[2].Correction = 1, 1.5
	mean, quantile := v.Mean(0, 0, 2), v.Quantile(0, 0, 2, 0.9)
	if v.Mean(1, 0, 2) != mean || v.Quantile(1, 0, 2, 0.9) != quantile {
		t.Error("a correction of 1: want none")
	}
	if got, want := v.Mean(2, 0, 2), mean*3/2; (got - want).Abs() > 1 {
		t.Errorf("mean: want %v, got %v", want, got)
	}
	got := v.Quantile(2, 0, 2, 0.9)
	if want := quantile * 3 / 2; (got - want).Abs() > 1 {
		t.Errorf("quantile: want %v, got %v", want, got)
	}
	if share := v.Within(2, 0, 2, got); math.Abs(share-0.9) > 1e-3 {
		t.Errorf("within the corrected 0.9-quantile: want 0.9, got %g", share)
	}
}

func TestCorrectionAllocatesNothing(t *testing.T) {
	l := newLearner(policytest.Front()...)
	if n := testing.AllocsPerRun(100, func() { l.run(1.2, 100) }); n != 0 {
		t.Errorf("want no allocation, got %g", n)
	}
}

func BenchmarkCorrection(b *testing.B) {
	l := newLearner(policytest.Front()...)
	b.ReportAllocs()
	for b.Loop() {
		l.Observe(scheduler.Completion{Point: 1, FinishAt: 250 * time.Microsecond}, 1)
	}
}
