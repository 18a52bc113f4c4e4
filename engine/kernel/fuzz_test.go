package kernel_test

import (
	"math"
	"testing"

	"slosim/engine/kernel"
)

// reader makes shapes, values and ids of the bytes of a fuzz test, and starts again when
// it has used them up.
type reader struct {
	raw []byte
	at  int
}

func (r *reader) byte() int {
	if len(r.raw) == 0 {
		return 0
	}
	r.at++
	return int(r.raw[(r.at-1)%len(r.raw)])
}

// float returns a special value, one of few digits, or any bits. Most of those would be
// so large that any sum of them is right, so they take four bytes out of many.
func (r *reader) float() float32 {
	switch b := r.byte(); {
	case b < len(special):
		return special[b]
	case b < 248:
		return float32(b-128) / 64
	default:
		return r.anyBits()
	}
}

func (r *reader) anyBits() float32 {
	return math.Float32frombits(uint32(r.byte()) | uint32(r.byte())<<8 | uint32(r.byte())<<16 | uint32(r.byte())<<24)
}

func (r *reader) fill(v []float32) []float32 {
	for i := range v {
		v[i] = r.float()
	}
	return v
}

// floats returns n floats at any distance from a boundary.
func (r *reader) floats(n int) []float32 {
	skip := r.byte() % 17
	return r.fill(kernel.Aligned(n + skip)[skip:])
}

func (r *reader) matrix() *kernel.Matrix {
	w := matrixOf(layouts[r.byte()%len(layouts)], r.byte()%20, r.byte()%90)
	for i := range w.Rows {
		r.fill(w.Row(i))
	}
	return w
}

func (r *reader) ids(rows int) []int32 {
	if rows == 0 {
		return nil
	}
	ids := make([]int32, r.byte()%24)
	for i := range ids {
		ids[i] = int32(r.byte() % rows)
	}
	return ids
}

func (r *reader) bias(rows int) []float32 {
	if r.byte()%2 == 0 {
		return nil
	}
	return r.floats(rows)
}

// addSeeds adds shapes with remainders of all kinds: plain values, special ones, any bits.
func addSeeds(f *testing.F) {
	f.Add([]byte{})
	for seed, q := range [][3]byte{{0, 1, 1}, {1, 3, 7}, {2, 4, 8}, {0, 5, 15}, {1, 8, 17}, {2, 9, 33}, {0, 19, 70}, {1, 0, 5}, {2, 5, 0}} {
		d := draws(seed)
		raw := q[:]
		for range 200 {
			raw = append(raw, byte(100+d.intn(60)))
		}
		f.Add(raw)
		spoiled, bits := append([]byte(nil), raw...), append([]byte(nil), raw...)
		for i := 8; i < len(raw); i += 7 {
			spoiled[i], bits[i] = byte(d.intn(len(special))), byte(248+d.intn(8))
		}
		f.Add(spoiled)
		f.Add(bits)
	}
}

func FuzzMatVec(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := &reader{raw: raw}
		w := r.matrix()
		x, b := r.floats(w.Cols), r.bias(w.Rows)
		for _, s := range kernel.All() {
			nodeMajor(t, s, w, nil, x, b)
		}
	})
}

func FuzzGather(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := &reader{raw: raw}
		w := r.matrix()
		ids, x, b := r.ids(w.Rows), r.floats(w.Cols), r.bias(w.Rows)
		for _, s := range kernel.All() {
			nodeMajor(t, s, w, ids, x, b)
		}
	})
}

func FuzzAxpy(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := &reader{raw: raw}
		wt := r.matrix()
		ids, y := r.ids(wt.Rows), r.floats(wt.Cols)
		a := r.floats(len(ids))
		for _, s := range kernel.All() {
			featureMajor(t, s, wt, ids, a, y)
		}
	})
}

func FuzzCompress(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := &reader{raw: raw}
		y := r.floats(r.byte())
		for _, s := range kernel.All() {
			compressed(t, s, y)
		}
	})
}

// FuzzTopKOfAnyBits has scores that may not be numbers, which FuzzTopK leaves out.
func FuzzTopKOfAnyBits(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := &reader{raw: raw}
		scores, k := r.floats(r.byte()), r.byte()-1
		for _, s := range kernel.All() {
			checkAnyTopK(t, s, scores, k)
		}
	})
}
