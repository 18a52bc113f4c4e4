package kernel

import "unsafe"

//go:generate go run -C gen . -isa avx2 -part hash -out ../hash_avx2_amd64.s -stubs ../hash_avx2_amd64.go -pkg kernel
//go:generate go run -C gen . -isa avx512 -part hash -out ../hash_avx512_amd64.s -stubs ../hash_avx512_amd64.go -pkg kernel

// hashAssembly wraps functions that trust their arguments in ones that check them.
type hashAssembly struct {
	lanes    int
	hadamard func(v *float32, n int, flips *uint32)
	signs    func(dst *uint64, v *float32, words int)
	widen    func(dst []float32, src []uint16)
	union    func(dst *int32, stamps *uint32, stamp uint32, ids *int32, n int) int
	checkIDs func(ids []int32, rows int)
}

func withHashAVX2(s *Set, a *assembly) {
	(&hashAssembly{8, hadamardAVX2, signsAVX2, widenAVX2, unionAVX2, a.checkIDs}).add(s)
}

func withHashAVX512(s *Set, a *assembly) {
	(&hashAssembly{16, hadamardAVX512, signsAVX512, widenAVX512, unionAVX512, a.checkIDs}).add(s)
}

func (a *hashAssembly) add(s *Set) {
	s.Hadamard, s.Signs, s.Widen, s.Union = a.checkedHadamard, a.checkedSigns, a.checkedWiden, a.checkedUnion
}

func (a *hashAssembly) checkedHadamard(v []float32, flips []uint32) {
	checkHadamard(v, flips)
	if len(v) < a.lanes {
		hadamardGo(v, flips)
		return
	}
	a.hadamard(unsafe.SliceData(v), len(v), unsafe.SliceData(flips))
}

func (a *hashAssembly) checkedSigns(dst []uint64, v []float32) {
	checkSigns(dst, v)
	words := len(v) / 64
	a.signs(unsafe.SliceData(dst), unsafe.SliceData(v), words)
	if words*64 < len(v) {
		dst[words] = signsOf(v[64*words:])
	}
}

func (a *hashAssembly) checkedWiden(dst []float32, src []uint16) {
	checkWiden(dst, src)
	a.widen(dst, src)
}

func (a *hashAssembly) checkedUnion(dst []int32, stamps []uint32, stamp uint32, ids []int32) int {
	checkUnion(dst, ids)
	a.checkIDs(ids, len(stamps))
	return a.union(unsafe.SliceData(dst), unsafe.SliceData(stamps), stamp, unsafe.SliceData(ids), len(ids))
}
