package train

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// bucketRoom is how many classes a bucket holds: the last that came, as in SLIDE.
const bucketRoom = 128

// lshSampler is [LSHSampler]: hash tables of the outputs' weights and biases, which hidden
// vectors look their likeliest classes up in. The hash is SimHash (Charikar, STOC 2002): on
// which side of random planes a vector lies; one with a large product is likely on the same
// side of many. The planes are drawn anew each time that the tables are built.
type lshSampler struct {
	f       *wideFitting
	key     rng.Key
	plan    schedule
	least   int // active classes
	built   uint32
	planes  *kernel.Matrix // one a bit of each table
	tilt    []float32      // the planes' last element, that for the bias
	codes   []uint16       // of class c: tables numbers from c*tables on
	order   []int32        // classes as they come into the tables
	buckets []hashTable
}

// hashTable is one table: the bucket of code c is ids[starts[c]:starts[c+1]].
type hashTable struct{ starts, ids []int32 }

func (t *hashTable) bucket(code uint16) []int32 { return t.ids[t.starts[code]:t.starts[int(code)+1]] }

func newLSHSampler(f *wideFitting, key rng.Key) *lshSampler {
	a, classes := f.hyper.Adaptive, f.data.Classes
	s := &lshSampler{
		f: f, key: key, plan: newSchedule(a), least: f.hyper.Samples,
		planes: kernel.NewMatrix(a.Bits*a.Tables, f.net.Out.Cols), tilt: make([]float32, a.Bits*a.Tables),
		codes: make([]uint16, classes*a.Tables), order: make([]int32, classes), buckets: make([]hashTable, a.Tables),
	}
	for i, class := range rand.New(key.Source(rng.Hashing, 0)).Perm(classes) {
		s.order[i] = int32(class)
	}
	return s
}

func (s *lshSampler) refresh(step int) {
	if s.plan.due(step) {
		s.built = uint32(s.plan.count)
		s.drawPlanes()
		s.hash()
		s.fill()
	}
}

// drawPlanes draws the planes of the tables that are being built.
func (s *lshSampler) drawPlanes() {
	key := s.key.Child(rng.Hashing, uint64(s.built))
	for i := range s.planes.Rows {
		source := rand.New(key.Source(rng.Hashing, uint64(i)))
		for j, row := 0, s.planes.Row(i); j < len(row); j++ {
			row[j] = float32(source.NormFloat64())
		}
		s.tilt[i] = float32(source.NormFloat64())
	}
}

// hash computes the codes of all classes. What all outputs have in common, which would send
// all of them to the same buckets, is left out.
func (s *lshSampler) hash() {
	net, set := s.f.net, s.f.set
	mean, bias := s.f.outputMean()
	common := make([]float32, len(s.tilt)) // minus the mean's products
	set.MatVec(common, s.planes, mean, nil)
	for i := range common {
		common[i] = -common[i] - s.tilt[i]*bias
	}
	tables := len(s.buckets)
	s.f.each(net.Out.Rows, func(_ *wideScratch, lo, hi int) {
		sides := make([]float32, len(common))
		for class := lo; class < hi; class++ {
			set.MatVec(sides, s.planes, net.Out.Row(class), common)
			for i, t := range s.tilt {
				sides[i] += float32(t * net.OutBias[class])
			}
			encode(s.codes[class*tables:][:tables], sides)
		}
	})
}

// encode turns products with planes into a code a table.
func encode(codes []uint16, sides []float32) {
	bits := len(sides) / len(codes)
	for t := range codes {
		code := uint16(0)
		for _, v := range sides[t*bits:][:bits] {
			code <<= 1
			if v > 0 {
				code |= 1
			}
		}
		codes[t] = code
	}
}

// fill puts the classes into the tables by their codes.
func (s *lshSampler) fill() {
	parallel(len(s.buckets), len(s.f.scratch), func(table, _ int) { s.fillTable(table) })
}

// fillTable fills one table. Classes come in the random order, but in each table from
// another place on, so that no class is always among those that full buckets drop.
func (s *lshSampler) fillTable(table int) {
	tables, classes := len(s.buckets), len(s.order)
	t := &s.buckets[table]
	t.starts = make([]int32, 1<<s.f.hyper.Adaptive.Bits+1)
	for class := range classes {
		t.starts[int(s.codes[class*tables+table])+1]++
	}
	for code := range len(t.starts) - 1 {
		t.starts[code+1] = t.starts[code] + min(bucketRoom, t.starts[code+1])
	}
	t.ids = make([]int32, t.starts[len(t.starts)-1])
	filled := make([]int32, len(t.starts))
	for i := range classes { // from the last that came, so that these stay
		class := s.order[(table*classes/tables+classes-1-i)%classes]
		code := s.codes[int(class)*tables+table]
		if at := t.starts[code] + filled[code]; at < t.starts[int(code)+1] {
			t.ids[at] = class
			filled[code]++
		}
	}
}

// keep returns the codes: they are of weights that have changed since.
func (s *lshSampler) keep() []byte {
	kept := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+2*len(s.codes)), s.built)
	for _, code := range s.codes {
		kept = binary.LittleEndian.AppendUint16(kept, code)
	}
	return kept
}

func (s *lshSampler) restore(kept []byte) error {
	if want := 4 + 2*len(s.codes); len(kept) != want {
		return fmt.Errorf("%w: sampler %s: want %d bytes, got %d", ErrCheckpoint, LSHSampler, want, len(kept))
	}
	s.built = binary.LittleEndian.Uint32(kept)
	for i := range s.codes {
		s.codes[i] = binary.LittleEndian.Uint16(kept[4+2*i:])
		if s.codes[i]>>s.f.hyper.Adaptive.Bits != 0 {
			return fmt.Errorf("%w: sampler %s: want codes of %d bits, got %d", ErrCheckpoint, LSHSampler, s.f.hyper.Adaptive.Bits, s.codes[i])
		}
	}
	s.drawPlanes()
	s.fill()
	return nil
}

// lshFinder looks hidden vectors up.
type lshFinder struct {
	s      *lshSampler
	sides  []float32
	codes  []uint16
	stamps []uint32 // by class: the last lookup that had it
	stamp  uint32
}

func (s *lshSampler) finder() finder {
	return &lshFinder{
		s: s, sides: make([]float32, len(s.tilt)), codes: make([]uint16, len(s.buckets)), stamps: make([]uint32, len(s.order)),
	}
}

// find appends the union of the hidden vector's buckets and then, if these are less than
// the least number of active classes, others from a random place of the random order on.
func (f *lshFinder) find(c *candidates, h []float32, draws rng.Draws) {
	s := f.s
	f.stamp++
	for _, label := range c.ids {
		f.stamps[label] = f.stamp
	}
	s.f.set.MatVec(f.sides, s.planes, h, s.tilt)
	encode(f.codes, f.sides)
	for table, code := range f.codes {
		f.add(c, s.buckets[table].bucket(code))
	}
	at := draws.Index(0, uint64(len(s.order)))
	for len(c.ids) < s.least {
		f.add(c, s.order[at:at+1])
		at = (at + 1) % uint64(len(s.order))
	}
	for len(c.shift) < len(c.ids) {
		c.shift = append(c.shift, 0)
	}
}

// add appends those of ids that are not there yet.
func (f *lshFinder) add(c *candidates, ids []int32) {
	for _, id := range ids {
		if f.stamps[id] != f.stamp {
			f.stamps[id] = f.stamp
			c.ids = append(c.ids, id)
		}
	}
}
