package kernel_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

func TestBF16RoundsToNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := kernel.NewMatrix(1, 1)
		m.Data[0] = math.Float32frombits(rapid.Uint32().Draw(t, "bits"))
		v, w := m.Data[0], kernel.NewBF16(m)
		got := w.Dense().Data[0]
		if v != v {
			if got == got {
				t.Fatalf("not a number became %v", got)
			}
			return
		}
		if math.Abs(float64(v)) > 0x1.fep127 { // beyond the largest
			return
		}
		h := w.Data[0]
		for _, other := range []uint16{h - 1, h + 1} {
			o := float64(math.Float32frombits(uint32(other) << 16))
			mine, its := math.Abs(float64(got)-float64(v)), math.Abs(o-float64(v))
			if its < mine || its == mine && h&1 != 0 {
				t.Fatalf("%v became %v, but %v is as near or nearer", v, got, o)
			}
		}
	})
}

func TestBF16OfSpecialNumbers(t *testing.T) {
	inf := float32(math.Inf(1))
	m := kernel.NewMatrix(1, 6)
	copy(m.Row(0), []float32{inf, -inf, math.MaxFloat32, math.Float32frombits(0x7f800001), math.Float32frombits(0x80000000), 1})
	got := kernel.NewBF16(m).Row(0)
	for i, want := range []uint16{0x7f80, 0xff80, 0x7f80, 0x7fc0, 0x8000, 0x3f80} {
		if got[i] != want {
			t.Errorf("%v: got %#x, want %#x", m.Row(0)[i], got[i], want)
		}
	}
}

func TestNarrowTablesAreAligned(t *testing.T) {
	h, w, q := kernel.NewBF16(kernel.NewMatrix(3, 33)), kernel.NewInt8(kernel.NewMatrix(3, 65)), kernel.NewQuantised(65)
	for i, past := range []uintptr{
		uintptr(unsafe.Pointer(&h.Data[0])) % 64, uintptr(unsafe.Pointer(&w.Data[0])) % 64, uintptr(unsafe.Pointer(&q.Data[0])) % 64,
	} {
		if past != 0 {
			t.Errorf("table %d: %d bytes past a boundary", i, past)
		}
	}
	if h.Stride != 64 || w.Stride != 128 || len(q.Data) != 128 || h.Bytes() != 3*128 || w.Bytes() != 3*128+3*8 {
		t.Errorf("got strides %d and %d, %d inputs, %d and %d bytes", h.Stride, w.Stride, len(q.Data), h.Bytes(), w.Bytes())
	}
}

// Rounding a table that was rounded changes nothing, except that the scale is rounded too.
func TestNarrowTablesOfTheirDenseOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := drawShape(t)
		d := drawsOf(t)
		m := d.matrix(rows, cols)
		h, w := kernel.NewBF16(m), kernel.NewInt8(m)
		sameBits(t, "bf16", kernel.NewBF16(h.Dense()).Dense().Data, h.Dense().Data)
		again := kernel.NewInt8(w.Dense())
		for i := range rows {
			var sum int32
			for j, v := range m.Row(i) {
				sum += int32(w.Row(i)[j])
				if off := math.Abs(float64(v) - float64(w.Dense().Row(i)[j])); off > 0.5001*float64(w.Scale[i]) {
					t.Fatalf("weight %d of row %d is off by %v, scale %v", j, i, off, w.Scale[i])
				}
				if again.Row(i)[j] != w.Row(i)[j] {
					t.Fatalf("weight %d of row %d: got %d, again %d", j, i, w.Row(i)[j], again.Row(i)[j])
				}
			}
			if w.Sum[i] != sum {
				t.Fatalf("row %d: got sum %d, want %d", i, w.Sum[i], sum)
			}
		}
	})
}

func TestNewInt8OfTinyAndLargeWeights(t *testing.T) {
	m := kernel.NewMatrix(4, 2)
	copy(m.Row(1), []float32{math.SmallestNonzeroFloat32, 0})
	copy(m.Row(2), []float32{300 * math.SmallestNonzeroFloat32, -200 * math.SmallestNonzeroFloat32})
	copy(m.Row(3), []float32{math.MaxFloat32, -math.MaxFloat32})
	w := kernel.NewInt8(m)
	if w.Scale[0] != 0 || w.Scale[1] != 0 || w.Row(2)[0] != 127 || w.Row(2)[1] != -100 || w.Row(3)[0] != 127 || w.Row(3)[1] != -127 {
		t.Errorf("got scales %v, integers %v", w.Scale, w.Data)
	}
}

func TestNewInt8Panics(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		m := kernel.NewMatrix(3, 5)
		m.Row(2)[4] = float32(bad)
		mustPanicWith(t, "weight 4 of row 2", func() { kernel.NewInt8(m) })
		mustPanicWith(t, "weight 4 of row 2", func() { kernel.NewBlocksInt8(m) })
	}
	mustPanicWith(t, "at most 131072", func() { kernel.NewInt8(kernel.NewMatrix(1, 1<<17+1)) })
	short := &kernel.Matrix{Rows: 2, Cols: 4, Stride: 4, Data: make([]float32, 7)}
	mustPanicWith(t, "whole rows", func() { kernel.NewInt8(short) })
	mustPanicWith(t, "whole rows", func() { kernel.NewBF16(short) })
	mustPanicWith(t, "whole rows", func() { kernel.NewBlocks(short) })
	mustPanicWith(t, "0 or more", func() { kernel.NewQuantised(-1) })
}

// The largest sums: nothing saturates or overflows on the way.
func TestInt8Extremes(t *testing.T) {
	for _, cols := range []int{1, 63, 64, 65, 1000, 1 << 17} {
		m, x := kernel.NewMatrix(6, cols), make([]float32, cols)
		for j := range cols {
			for i := range 6 {
				m.Row(i)[j] = []float32{127, -127, 127, -127, float32(254*(j&1) - 127), 0}[i]
			}
			x[j] = 127
		}
		w, q := kernel.NewInt8(m), kernel.NewQuantised(cols)
		for _, sign := range []float32{1, -1} {
			x[0] = sign * 127
			want := make([]float32, 6)
			kernel.Pure().Quantise(q, x)
			exact := make([]float32, cols)
			q.Dense(exact)
			kernel.Pure().MatVecInt8(want, w, q, nil)
			near(t, "pure", want, naiveMatVec(w.Dense(), exact, nil), 127*127*float64(cols)/100)
			eachSet(t, func(t *testing.T, s *kernel.Set) {
				got := make([]float32, 6)
				s.MatVecInt8(got, w, q, nil)
				sameBits(t, "MatVecInt8", got, want)
			})
		}
	}
}

// awkward returns n floats of a kind that ranges must cope with.
func awkward(d *draws, n int) []float32 {
	specials := []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)),
		math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, 1e-38, -1e-36}
	v := make([]float32, n)
	kind, scale := d.intn(6), float32(math.Exp(float64(60*d.float())))
	for i := range v {
		switch f := scale * d.float(); {
		case kind == 0:
			v[i] = math.Float32frombits(uint32(d.next()))
		case kind == 1 && d.intn(8) == 0, kind == 2:
			v[i] = specials[d.intn(len(specials))]
		case kind == 3:
			v[i] = max(0, f)
		case kind == 4:
			v[i] = min(0, f)
		default:
			v[i] = f
		}
	}
	return v
}

func TestQuantise(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			d := drawsOf(t)
			checkQuantise(t, s, shifted(d, awkward(d, rapid.IntRange(0, 200).Draw(t, "n"))))
		})
	})
}

// checkQuantise compares with the definition, and with the plain variant to the bit.
func checkQuantise(t rapid.TB, s *kernel.Set, x []float32) {
	t.Helper()
	want, got := kernel.NewQuantised(len(x)), kernel.NewQuantised(len(x))
	kernel.Pure().Quantise(want, x)
	all := guard(len(got.Data), 3, uint8(200))
	clear(all.slice())
	got.Data = all.slice()
	s.Quantise(got, x)
	all.check(t, "Quantise")
	if got.Zero != want.Zero || math.Float32bits(got.Scale) != math.Float32bits(want.Scale) || !bytes.Equal(got.Data, want.Data) {
		t.Fatalf("got scale %v, zero %d, %v, want %v, %d, %v", got.Scale, got.Zero, got.Data, want.Scale, want.Zero, want.Data)
	}
	var lo, hi float64
	for _, v := range x {
		if f := float64(v); !math.IsNaN(f) && !math.IsInf(f, 0) {
			lo, hi = min(lo, f), max(hi, f)
		}
	}
	for i, v := range x {
		stands := float64(got.Scale) * float64(int32(got.Data[i])-got.Zero)
		f := min(max(float64(v), lo), hi) // infinite ones too
		if f != f {
			f = 0
		}
		// A zero that is rounded moves an end of the range by up to half a step.
		if off := math.Abs(f - stands); got.Data[i] > 127 || off > 1.001*max(float64(got.Scale), 1.5e-36) {
			t.Fatalf("element %d, %v: got %d, which stands for %v, scale %v", i, v, got.Data[i], stands, got.Scale)
		}
	}
	for i, v := range got.Data[len(x):] {
		if v != 0 {
			t.Fatalf("padding %d is %d", i, v)
		}
	}
}

func TestQuantiseOfNumbersThatAreNotFinite(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	x := make([]float32, 40)
	copy(x, []float32{-1, 3, inf, -inf, nan, 0, 1})
	copy(x[32:], x[:7])
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		q := kernel.NewQuantised(40)
		s.Quantise(q, x)
		for i, want := range []uint8{0, 127, 127, 0, 32, 32, 64} {
			if q.Data[i] != want || q.Data[32+i] != want {
				t.Errorf("%v: got %d and %d, want %d", x[i], q.Data[i], q.Data[32+i], want)
			}
		}
		none := kernel.NewQuantised(3)
		s.Quantise(none, []float32{inf, -inf, nan})
		if none.Scale != 0 || none.Zero != 0 || none.Data[0] != 0 || none.Data[1] != 0 || none.Data[2] != 0 {
			t.Errorf("no finite number: got %+v, want zeros", none)
		}
	})
}

// The sums are exact, so variants agree to the bit.
func TestInt8HasTheSameBitsInAllVariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := drawShape(t)
		d := drawsOf(t)
		b := drawBias(t, d, rows)
		w := narrowTables(d, rows, cols)[1]
		want, got := make([]float32, rows), make([]float32, rows)
		w.matVec(kernel.Pure(), want, b)
		for _, s := range kernel.All() {
			w.matVec(s, got, b)
			sameBits(t, s.Name, got, want)
		}
	})
}

func FuzzQuantise(f *testing.F) {
	f.Add([]byte{0, 0, 128, 63, 0, 0, 192, 127, 0, 0, 128, 255})
	f.Add(bytes.Repeat([]byte{1, 2, 3, 4}, 40))
	f.Fuzz(func(t *testing.T, data []byte) {
		x := make([]float32, len(data)/4)
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		for _, s := range kernel.All() {
			checkQuantise(t, s, x)
		}
	})
}

// FuzzMatVecInt8 makes tables of bytes.
func FuzzMatVecInt8(f *testing.F) {
	f.Add(uint8(3), []byte{1, 255, 127, 129, 4, 5, 6}, uint64(1))
	f.Add(uint8(1), bytes.Repeat([]byte{127, 129}, 65), uint64(2))
	f.Fuzz(func(t *testing.T, rows uint8, data []byte, seed uint64) {
		d := draws(seed)
		cols := len(data) / max(int(rows), 1)
		m := kernel.NewMatrix(int(rows), cols)
		for i := range m.Rows {
			for j := range m.Row(i) {
				m.Row(i)[j] = float32(int8(data[i*cols+j]))
			}
		}
		w, q := kernel.NewInt8(m), d.quantised(cols)
		ids := d.ids(min(m.Rows, 1)*9, max(m.Rows, 1))
		x := make([]float32, cols)
		q.Dense(x)
		want, some, got := make([]float32, m.Rows), make([]float32, len(ids)), make([]float32, m.Rows)
		kernel.Pure().MatVecInt8(want, w, q, nil)
		near(t, "pure", want, naiveMatVec(w.Dense(), x, nil), 128*float64(cols))
		for _, s := range kernel.All() {
			s.MatVecInt8(got, w, q, nil)
			sameBits(t, s.Name, got, want)
			s.GatherInt8(some, w, ids, q, nil)
			for i, id := range ids {
				sameBits(t, s.Name, some[i:i+1], want[id:id+1])
			}
		}
	})
}

// With a scale of 1, halves are as near to one step as to the other.
func TestTiesGoToEven(t *testing.T) {
	m := kernel.NewMatrix(1, 40)
	copy(m.Row(0), []float32{0.5, 1.5, 2.5, -0.5, -1.5, 3.5, 127})
	w := kernel.NewInt8(m)
	for i, want := range []int8{0, 2, 2, 0, -2, 4, 127} {
		if got := w.Row(0)[i]; got != want {
			t.Errorf("weight %v: got %d, want %d", m.Row(0)[i], got, want)
		}
	}
	x := make([]float32, 40)
	copy(x, []float32{0.5, 1.5, 2.5, 117, -10, -1.5, 4.5})
	copy(x[33:], x[:7]) // at the end, where there is no whole register
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		q := kernel.NewQuantised(40)
		s.Quantise(q, x)
		for i, want := range []uint8{10, 12, 12, 127, 0, 8, 14} {
			if q.Data[i] != want || q.Data[33+i] != want {
				t.Errorf("%v: got %d and %d, want %d", x[i], q.Data[i], q.Data[33+i], want)
			}
		}
	})
}
