package kernel

import (
	"fmt"
	"math"
)

func checkHadamard(v []float32, flips []uint32) {
	if n := len(v); n == 0 || n&(n-1) != 0 || flips != nil && len(flips) < n {
		panic(fmt.Sprintf("kernel: Hadamard of %d numbers with %d flips: want a power of two, and as many flips or nil", n, len(flips)))
	}
}

func checkSigns(dst []uint64, v []float32) {
	if 64*len(dst) < len(v) {
		panic(fmt.Sprintf("kernel: signs of %d numbers into %d words: want a word for each 64", len(v), len(dst)))
	}
}

func checkWiden(dst []float32, src []uint16) {
	if len(dst) < len(src) {
		panic(fmt.Sprintf("kernel: widen %d numbers into %d: want as many", len(src), len(dst)))
	}
}

func checkUnion(dst, ids []int32) {
	if len(dst) < len(ids) {
		panic(fmt.Sprintf("kernel: union of %d ids into %d: want room for all", len(ids), len(dst)))
	}
}

// withHashGo adds the kernels of this file in plain Go.
func withHashGo(s *Set) *Set {
	s.Hadamard, s.Signs, s.Widen, s.Union = hadamardGo, signsGo, widenGo, unionGo
	return s
}

func hadamardGo(v []float32, flips []uint32) {
	checkHadamard(v, flips)
	if flips != nil {
		for i, f := range v {
			v[i] = math.Float32frombits(math.Float32bits(f) ^ flips[i])
		}
	}
	for step := 1; step < len(v); step *= 2 {
		for from := 0; from < len(v); from += 2 * step {
			low, high := v[from:from+step], v[from+step:from+2*step]
			for i, a := range low {
				b := high[i]
				low[i], high[i] = a+b, a-b
			}
		}
	}
}

func signsGo(dst []uint64, v []float32) {
	checkSigns(dst, v)
	for i := 0; i < len(v); i += 64 {
		dst[i/64] = signsOf(v[i:min(i+64, len(v))])
	}
}

// signsOf packs the signs of up to 64 numbers.
func signsOf(v []float32) uint64 {
	word := uint64(0)
	for i, f := range v {
		one := uint64(0) // a form that compiles without a branch, which would be mispredicted
		if f > 0 {
			one = 1
		}
		word |= one << i
	}
	return word
}

func widenGo(dst []float32, src []uint16) {
	checkWiden(dst, src)
	for i, v := range src {
		dst[i] = float32(v)
	}
}

func unionGo(dst []int32, stamps []uint32, stamp uint32, ids []int32) int {
	checkUnion(dst, ids)
	checkIDs(ids, len(stamps))
	n := 0
	for _, id := range ids {
		dst[n] = id
		isNew := 0
		if stamps[id] != stamp {
			isNew = 1
		}
		stamps[id] = stamp
		n += isNew
	}
	return n
}
