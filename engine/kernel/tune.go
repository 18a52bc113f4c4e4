package kernel

import (
	"math/rand/v2"
	"slices"
	"time"
)

// How Tune measures: in rounds, every form once in each, so that a clock that changes or
// a neighbour that comes by meets all of them; the medians are compared.
const (
	tuneRounds = 9
	tuneSample = 20 * time.Microsecond // shorter calls are repeated up to this
	tuneShare  = 0.1                   // of the rows, for the form that picks them
	tuneHalf   = 0.5                   // likewise, for the break-even density
	tuneGain   = 0.97                  // of the expected form's time that another must reach
)

// Tune measures which forms are best for tables of w's shape, once per shape and Set, and
// makes the kernels use them. It reads w, about a hundred times if that is small: 5 ms
// for 4 MB. Results keep their bits, whatever it finds. Tables that fit half of an L2
// cache of 1 MiB are not measured: there is nothing to choose.
func (s *Set) Tune(w *Matrix) Forms {
	s.forms.mu.Lock()
	defer s.forms.mu.Unlock()
	f := s.Forms(w)
	if f.Measured || len(w.Data) <= smallTable || !holds(w) {
		return f
	}
	t := newTuning(s, w)
	if s.dense != nil {
		f.Dense = DenseForm(t.best(int(f.Dense), denseForms, t.denseCall))
		f.Picked = PickedForm(t.best(int(f.Picked), pickedForms, t.pickedCall))
	}
	f.BreakEven, f.Measured = t.breakEven(f), true
	s.forms.add(shape{w.Rows, w.Stride}, f)
	return f
}

// tuning is the memory of measurements on one table.
type tuning struct {
	set    *Set
	w      *Matrix
	x, y   []float32
	order  []int32 // all rows, shuffled: pieces of it are sets of chosen rows
	offset int
}

func newTuning(s *Set, w *Matrix) *tuning {
	t := &tuning{set: s, w: w, x: Aligned(w.Cols), y: Aligned(w.Rows)}
	for _, id := range rand.New(rand.NewPCG(1, 1)).Perm(w.Rows) {
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

func (t *tuning) denseCall(form int) {
	t.set.dense(DenseForm(form), t.y, t.w, t.x, nil)
}

func (t *tuning) pickedCall(form int) {
	t.set.picked(PickedForm(form), t.y, t.w, t.some(tuneShare), t.x, nil)
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
			t.set.MatVec(t.y, t.w, t.x, nil)
		} else {
			t.set.GatherMatVec(t.y, t.w, t.some(tuneHalf), t.x, nil)
		}
	})
	return min(1, tuneHalf*float64(times[0])/float64(times[1]))
}

// interleave returns the median time of each kind of call.
func (t *tuning) interleave(kinds int, call func(kind int)) []time.Duration {
	samples, repeat := make([][]time.Duration, kinds), make([]int, kinds)
	for round := range tuneRounds + 1 { // the first warms up and tells how often to repeat
		for kind := range kinds {
			calls := max(1, repeat[kind])
			start := time.Now()
			for range calls {
				call(kind)
			}
			took := time.Since(start) / time.Duration(calls)
			if round == 0 {
				repeat[kind] = int(tuneSample / max(took, 1))
				continue
			}
			samples[kind] = append(samples[kind], took)
		}
	}
	medians := make([]time.Duration, kinds)
	for kind, s := range samples {
		slices.Sort(s)
		medians[kind] = s[len(s)/2]
	}
	return medians
}
