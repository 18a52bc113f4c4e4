package kernel_test

import (
	"sync"
	"testing"

	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

// eachForm calls f after making s use each pair of forms for w. The plain variant has one.
func eachForm(s *kernel.Set, w kernel.Table, f func()) {
	if s.Name == "go" {
		f()
		return
	}
	for i := range max(kernel.DenseForms, kernel.PickedForms) {
		kernel.SetForms(s, w, kernel.Forms{
			Dense: kernel.DenseForm(i % kernel.DenseForms), Picked: kernel.PickedForm(i % kernel.PickedForms), BreakEven: 1,
		})
		f()
	}
}

// Which form is used is a question of time: nothing else may tell.
func TestFormsHaveTheSameBits(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			rows, cols := drawShape(t)
			d := drawsOf(t)
			w, x, b := d.matrix(rows, cols), offset(d, cols), drawBias(t, d, rows)
			ids := d.ids(rapid.IntRange(0, 60).Draw(t, "ids"), rows)
			var all, some []float32
			eachForm(s, w, func() {
				y, z := make([]float32, rows), make([]float32, len(ids))
				s.MatVec(y, w, x, b)
				s.GatherMatVec(z, w, ids, x, b)
				s.ReadRows(make([]float32, len(ids)), w, ids, x)
				if all == nil {
					all, some = y, z
				}
				sameBits(t, "MatVec", y, all)
				sameBits(t, "GatherMatVec", z, some)
			})
		})
	})
}

func TestNarrowFormsHaveTheSameBits(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			rows, cols := drawShape(t)
			d := drawsOf(t)
			b, ids := drawBias(t, d, rows), d.ids(rapid.IntRange(0, 60).Draw(t, "ids"), rows)
			for _, w := range narrowTables(d, rows, cols) {
				var all, some []float32
				eachForm(s, w.table, func() {
					y, z := make([]float32, rows), make([]float32, len(ids))
					w.matVec(s, y, b)
					w.gather(s, z, ids, b)
					if all == nil {
						all, some = y, z
					}
					sameBits(t, w.kind, y, all)
					sameBits(t, w.kind, z, some)
				})
			}
		})
	})
}

// A dense pass takes over above the break-even density and changes nothing.
func TestPickMatVec(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			rows, cols := drawShape(t)
			d := drawsOf(t)
			w, x, b := d.matrix(rows, cols), offset(d, cols), drawBias(t, d, rows)
			ids := d.ids(rapid.IntRange(0, 60).Draw(t, "ids"), rows)
			want := make([]float32, len(ids))
			s.GatherMatVec(want, w, ids, x, b)
			for _, breakEven := range []float64{0, 0.5, 1} {
				kernel.SetForms(s, w, kernel.Forms{BreakEven: breakEven})
				got, all := guard(len(ids), d.intn(5), float32(7)), guard(rows, d.intn(5), float32(7))
				s.PickMatVec(got.slice(), all.slice(), w, ids, x, b)
				sameBits(t, "PickMatVec", got.slice(), want)
				got.check(t, "PickMatVec")
				all.check(t, "PickMatVec's scratch")
				took := all.slice()[0] != 7
				if density := float64(len(ids)) / float64(rows); took != (density > breakEven) {
					t.Fatalf("density %v, break-even %v: a dense pass took over: %v", density, breakEven, took)
				}
			}
		})
		w, x := kernel.NewMatrix(8, 70), kernel.Aligned(70)
		for _, breakEven := range []float64{0, 1} { // whichever kernel would run
			kernel.SetForms(s, w, kernel.Forms{BreakEven: breakEven})
			mustPanic(t, func() { s.PickMatVec(make([]float32, 1), make([]float32, 7), w, []int32{1}, x, nil) })
			mustPanic(t, func() { s.PickMatVec(make([]float32, 1), nil, w, []int32{1}, x, nil) })
			mustPanic(t, func() { s.PickMatVec(make([]float32, 1), make([]float32, 8), w, []int32{8}, x, nil) })
			mustPanic(t, func() { s.PickMatVec(make([]float32, 0), make([]float32, 8), w, []int32{1}, x, nil) })
			same := make([]float32, 9)
			mustPanic(t, func() { s.PickMatVec(same[8:], same[1:], w, []int32{1}, x, nil) })
			s.PickMatVec(same[8:], same[:8], w, []int32{1}, x, nil)
		}
	})
}

func TestPickOfNarrowTables(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			rows, cols := drawShape(t)
			d := drawsOf(t)
			half, bytes, x, q := kernel.NewBF16(d.matrix(rows, cols)), kernel.NewInt8(d.matrix(rows, cols)), offset(d, cols), d.quantised(cols)
			b, ids := drawBias(t, d, rows), d.ids(rapid.IntRange(0, 60).Draw(t, "ids"), rows)
			want, got, all := make([]float32, len(ids)), make([]float32, len(ids)), make([]float32, rows)
			for _, breakEven := range []float64{0, 0.5, 1} {
				kernel.SetForms(s, half, kernel.Forms{BreakEven: breakEven})
				s.GatherBF16(want, half, ids, x, b)
				s.PickBF16(got, all, half, ids, x, b)
				sameBits(t, "PickBF16", got, want)
				kernel.SetForms(s, bytes, kernel.Forms{BreakEven: breakEven})
				s.GatherInt8(want, bytes, ids, q, b)
				s.PickInt8(got, all, bytes, ids, q, b)
				sameBits(t, "PickInt8", got, want)
			}
		})
	})
}

func TestTuneMeasuresEachShapeOnce(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		d := draws(1)
		large := d.matrix(300, 500)
		tables := []kernel.Table{large, kernel.NewBF16(d.matrix(700, 500)), kernel.NewInt8(d.matrix(1400, 500))}
		for _, w := range tables {
			if f := s.Forms(w); f.Measured {
				t.Fatalf("%T: measured before Tune: %+v", w, f)
			}
			first := s.Tune(w)
			if s.Name == "go" {
				if first.Measured || first.BreakEven != 1 {
					t.Errorf("%T: got %+v", w, first)
				}
				continue
			}
			if !first.Measured || !(first.BreakEven > 0 && first.BreakEven <= 1) {
				t.Errorf("%T: got %+v", w, first)
			}
			if second := s.Tune(w); second != first || s.Forms(w) != first {
				t.Errorf("%T: got %+v, then %+v", w, first, second)
			}
		}
		if f := s.Tune(d.matrix(30, 500)); f.Measured {
			t.Errorf("a small table was measured: %+v", f)
		}
	})
}

// Run it under the race detector: readers take no lock.
func TestTuneWhileOthersMultiply(t *testing.T) {
	s := kernel.Best()
	d := draws(2)
	x := d.fill(kernel.Aligned(500))
	w := d.matrix(400, 500)
	want := make([]float32, 400)
	s.MatVec(want, w, x, nil)
	stop, running := make(chan struct{}), make(chan struct{}, 3)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			y := make([]float32, 400)
			for n := 0; ; n++ {
				s.MatVec(y, w, x, nil)
				sameBits(t, "MatVec", y, want)
				if n == 0 {
					running <- struct{}{}
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for range 3 {
		<-running
	}
	for i := range 4 { // several shapes, so that the list is replaced while it is read
		s.Tune(d.matrix(400+i, 500))
	}
	close(stop)
	group.Wait()
}

func TestNamesOfForms(t *testing.T) {
	seen := map[string]bool{}
	for i := range kernel.DenseForms {
		seen[kernel.DenseForm(i).String()] = true
	}
	for i := range kernel.PickedForms {
		seen[kernel.PickedForm(i).String()] = true
	}
	if len(seen) != kernel.DenseForms+kernel.PickedForms || seen[""] {
		t.Errorf("got %v", seen)
	}
}

func TestLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a large buffer")
	}
	list := kernel.Limits()
	if len(list) != 4 || list[0].Level != "L2" || list[3].Level != "DRAM" {
		t.Fatalf("got %+v", list)
	}
	for i, l := range list {
		if !(l.Lo > 0 && l.Lo <= l.PerSecond && l.PerSecond <= l.Hi) || l.Rounds < 5 || i > 0 && l.Bytes <= list[i-1].Bytes {
			t.Errorf("got %+v", l)
		}
	}
	if again := kernel.Limits(); &again[0] != &list[0] {
		t.Error("measured again")
	}
}

func TestReader(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for bytes, want := range map[int]int{1: 4096, 4096: 4096, 100_000: 98304} {
			r := s.NewReader(bytes)
			r.Read()
			if r.Bytes() != want {
				t.Errorf("of %d bytes: got %d, want %d", bytes, r.Bytes(), want)
			}
		}
		m := kernel.NewMatrix(30, 100) // 112 floats a row
		for _, w := range []struct {
			kernel.Table
			want int
		}{{m, 12288}, {kernel.NewBF16(m), 4096}} {
			r := s.NewTableReader(w.Table)
			if r.Read(); r.Bytes() != w.want {
				t.Errorf("of %T: got %d bytes, want %d", w.Table, r.Bytes(), w.want)
			}
		}
		mustPanic(t, func() { s.NewTableReader(kernel.NewInt8(m)) })
	})
}
