package kernel

import (
	"math/rand/v2"
	"slices"
	"time"
)

// How Tune measures: in rounds, every form once in each, so that a clock that changes or
// a neighbour that comes by meets all of them; the lower quartiles are compared, which
// a neighbour moves least.
const (
	tuneRounds = 25
	tuneLeast  = 5                      // rounds, and more only as long as
	tuneBudget = 200 * time.Millisecond // is not spent
	tuneSample = 20 * time.Microsecond  // shorter calls are repeated up to this
	tuneShare  = 0.1                    // of the rows, for the form that picks them
	tuneHalf   = 0.5                    // likewise, for the break-even density
	tuneGain   = 0.96                   // of the expected form's time that another must reach
)

// Tune measures which forms are best for tables of w's shape, once per shape and Set, and
// makes the kernels use them. It reads w, about two hundred times if that is small: 10 ms
// for 4 MB. Results keep their bits, whatever it finds. Tables of at most 512 KiB are not
// measured: they are read from the L2 cache, where there is nothing to choose; nor are any
// with the plain variant, which has one form and is bound by its arithmetic.
func (s *Set) Tune(w Table) Forms {
	s.forms.mu.Lock()
	defer s.forms.mu.Unlock()
	f, shape := s.Forms(w), w.shape()
	if s.run == nil || f.Measured || shape.rows*shape.rowBytes <= smallTable {
		return f
	}
	f = newTuning(s, w).measure(f)
	s.forms.add(shape, f)
	return f
}

// measure starts from the expected forms.
func (t *tuning) measure(f Forms) Forms {
	f.Dense = DenseForm(t.best(int(f.Dense), denseForms, func(form int) { t.dense(DenseForm(form)) }))
	f.Picked = PickedForm(t.best(int(f.Picked), pickedForms, func(form int) { t.picked(PickedForm(form), t.some(tuneShare)) }))
	f.BreakEven, f.Measured = t.breakEven(f), true
	return f
}

// runner runs the products of a table in any of their forms.
type runner struct {
	dense  func(f DenseForm)
	picked func(f PickedForm, ids []int32)
}

// tuning is the memory of measurements on one table.
type tuning struct {
	runner
	now    func() time.Duration // a clock
	order  []int32              // all rows, shuffled: pieces of it are sets of chosen rows
	offset int
}

func newTuning(s *Set, w Table) *tuning {
	start := time.Now()
	t := &tuning{runner: s.run(w), now: func() time.Duration { return time.Since(start) }}
	for _, id := range rand.New(rand.NewPCG(1, 1)).Perm(w.shape().rows) {
		t.order = append(t.order, int32(id))
	}
	return t
}

// some returns a share of the rows, others than the last time.
func (t *tuning) some(share float64) []int32 {
	n := max(1, int(share*float64(len(t.order))))
	if t.offset+n > len(t.order) {
		t.offset = 0
	}
	t.offset += n
	return t.order[t.offset-n : t.offset]
}

// best returns the form whose calls take the least time: another than the expected one
// only if it is clearly faster, so that chance does not choose.
func (t *tuning) best(expected, forms int, call func(form int)) int {
	times := t.interleave(forms, call)
	best := expected
	for form, d := range times {
		if d < times[best] && float64(d) < tuneGain*float64(times[expected]) {
			best = form
		}
	}
	return best
}

// breakEven compares a pass over all rows with one over half of them, in random order,
// whose time grows with the number of rows.
func (t *tuning) breakEven(f Forms) float64 {
	times := t.interleave(2, func(which int) {
		if which == 0 {
			t.dense(f.Dense)
		} else {
			t.picked(f.Picked, t.some(tuneHalf))
		}
	})
	return min(1, tuneHalf*float64(times[0])/float64(times[1]))
}

// interleave returns the lower quartile of the times of each kind of call.
func (t *tuning) interleave(kinds int, call func(kind int)) []time.Duration {
	samples, repeat := make([][]time.Duration, kinds), make([]int, kinds)
	begin := t.now()
	for kind := range kinds { // warms up and tells how often to repeat
		start := t.now()
		call(kind)
		repeat[kind] = max(1, int(tuneSample/max(t.now()-start, 1)))
	}
	once := t.now() - begin
	for range min(tuneRounds, max(tuneLeast, int(tuneBudget/max(once, tuneSample)))) {
		for kind := range kinds {
			start := t.now()
			for range repeat[kind] {
				call(kind)
			}
			samples[kind] = append(samples[kind], (t.now()-start)/time.Duration(repeat[kind]))
		}
	}
	quartiles := make([]time.Duration, kinds)
	for kind, s := range samples {
		slices.Sort(s)
		quartiles[kind] = s[len(s)/4]
	}
	return quartiles
}
