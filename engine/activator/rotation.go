package activator

import (
	"fmt"
	"math/bits"
	"math/rand/v2"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// rotationRounds of sign flips and transforms are as good as independent normal planes
// in practice (Andoni et al., "Practical and Optimal LSH for Angular Distance", 2015).
const rotationRounds = 3

// Rotation hashes dense inputs by the coordinates of a pseudo-random rotation: rounds of
// random sign flips and a fast Walsh-Hadamard transform (after Ailon and Chazelle, 2006).
// The signs of the first ones are those of planes whose normals are all but independent,
// at n log n operations for as many as n of them.
type Rotation struct {
	Inputs int
	Flips  [][]uint32 // [round][coordinate]: the sign bit, set or not; a power of two long
	Offset []float32  // per plane: minus the rotated mean of the inputs
}

// NewRotation draws a rotation for as many planes. The key fixes it.
func NewRotation(inputs, planes int, key rng.Key) *Rotation {
	size := 1 << bits.Len(uint(max(inputs, planes, 64)-1))
	r := &Rotation{Inputs: inputs, Offset: make([]float32, planes)}
	for round := range rotationRounds {
		random := rand.New(key.Source(rng.Hashing, uint64(round)))
		flips := make([]uint32, size)
		for i := range flips {
			flips[i] = uint32(random.Uint64()>>32) & (1 << 31)
		}
		r.Flips = append(r.Flips, flips)
	}
	return r
}

// Size returns the length of the scratch that Project needs.
func (r *Rotation) Size() int { return len(r.Flips[0]) }

// centre makes the planes go through the mean of the inputs.
func (r *Rotation) centre(set *kernel.Set, mean []float32) {
	clear(r.Offset)
	scratch := kernel.Aligned(r.Size())
	r.Project(set, scratch, mean)
	for i := range r.Offset {
		r.Offset[i] = -scratch[i]
	}
}

// Project leaves the distances of x from the planes, times a factor that all have in
// common, in the first elements of dst. It allocates nothing.
func (r *Rotation) Project(set *kernel.Set, dst, x []float32) {
	n := copy(dst[:r.Size()], x[:r.Inputs])
	clear(dst[n:r.Size()])
	for _, flips := range r.Flips {
		set.Hadamard(dst[:r.Size()], flips)
	}
	for i, offset := range r.Offset {
		dst[i] += offset
	}
}

// ops returns the additions of a projection.
func (r *Rotation) ops() int64 {
	return int64(len(r.Flips)) * int64(r.Size()) * int64(bits.Len(uint(r.Size()))-1)
}

func (r *Rotation) validate(inputs, planes int) error {
	if r.Inputs != inputs || len(r.Offset) != planes || len(r.Flips) == 0 {
		return fmt.Errorf("rotation: want %d inputs, %d planes and a round, got %d, %d, %d", inputs, planes, r.Inputs, len(r.Offset), len(r.Flips))
	}
	size := r.Size()
	if size < 64 || size&(size-1) != 0 || size < inputs || size < planes {
		return fmt.Errorf("rotation: want a power of two, at least 64 and %d and %d, got %d", inputs, planes, size)
	}
	for i, flips := range r.Flips {
		if len(flips) != size {
			return fmt.Errorf("rotation: round %d: want %d flips, got %d", i, size, len(flips))
		}
	}
	return nil
}

// SparseHasher hashes sparse inputs: a row of its table holds what one input adds to the
// distances from all planes, so that only the inputs that are not zero are read.
type SparseHasher struct {
	Bits, Tables int
	Planes       *kernel.Matrix // inputs x (Tables*Bits)
	set          *kernel.Set
}

// NewSparseHasher draws normal planes through the origin. The key fixes them.
func NewSparseHasher(set *kernel.Set, inputs int, size LSHSize, key rng.Key) *SparseHasher {
	planes := randomPlanes(size.Bits*size.Tables, inputs, key)
	return &SparseHasher{Bits: size.Bits, Tables: size.Tables, Planes: planes.Transposed(), set: set}
}

// Hash writes the bucket of each table to buckets. projected and words are scratch, a
// float for each plane and a word for each 64 of them.
func (h *SparseHasher) Hash(buckets []int32, projected []float32, words []uint64, ids []int32, values []float32) {
	clear(projected)
	h.set.Axpy(projected, h.Planes, ids, values)
	bucketsOf(h.set, buckets, words, projected[:h.Bits*h.Tables], h.Bits)
}

// bucketsOf numbers the buckets of tables by the signs of bits planes each, the first
// plane being the highest bit.
func bucketsOf(set *kernel.Set, buckets []int32, words []uint64, projected []float32, width int) {
	set.Signs(words, projected)
	for table := range buckets {
		at := table * width
		field := words[at/64] >> (at % 64)
		if at%64+width > 64 {
			field |= words[at/64+1] << (64 - at%64)
		}
		buckets[table] = int32(bits.Reverse32(uint32(field)) >> (32 - width))
	}
}
