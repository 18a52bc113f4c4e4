package kernel

import (
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"
)

// DenseForm is a way through all rows of a table. Results have the same bits in each.
type DenseForm uint8

// The dense forms. A row of a table in memory is best read after the one before it,
// because adjacent rows side by side fall into the same banks; in a cache that depends on
// the length of the rows and on the processor.
const (
	SideBySide  DenseForm = iota // four rows at a time
	InTurn                       // one after another
	InTurnAhead                  // likewise, and memory is asked for 4 KiB ahead

	denseForms = 3
)

// String describes the form in a few words.
func (f DenseForm) String() string {
	return [denseForms]string{"side by side", "in turn", "in turn, ahead"}[f]
}

// PickedForm is a way through chosen rows. Results have the same bits in each.
type PickedForm uint8

// The forms for chosen rows. The hardware cannot guess which row comes next; asking for
// it early pays where rows end before the hardware has noticed that they are read in
// order, and costs where they are long.
const (
	AsTheyCome PickedForm = iota // four at a time
	AskNear                      // likewise, and rows are asked for 16 before, into the L1 cache
	AskFar                       // and 32 before, into the L2 cache

	pickedForms = 3
)

// String describes the form in a few words.
func (f PickedForm) String() string {
	return [pickedForms]string{"as they come", "ask 16 ahead (L1)", "ask 32 ahead (L2)"}[f]
}

// Forms are the forms that serve tables of one shape best.
type Forms struct {
	Dense  DenseForm
	Picked PickedForm
	// BreakEven is the share of rows above which it is faster to compute all of them and
	// pick results than to pick rows; 1 if it never is.
	BreakEven float64
	Measured  bool // by Tune; otherwise expected, by the size of the table
}

// Table is a table whose rows are multiplied: *Matrix, *BF16 or *Int8.
type Table interface {
	shape() shape
	memory() (from *byte, bytes int)
}

// shape tells apart tables that Tune measures apart.
type shape struct{ rows, rowBytes, elementBytes int }

func (w *Matrix) shape() shape { return shape{w.Rows, 4 * w.Stride, 4} }
func (w *BF16) shape() shape   { return shape{w.Rows, 2 * w.Stride, 2} }
func (w *Int8) shape() shape   { return shape{w.Rows, w.Stride, 1} }

func (w *Matrix) memory() (from *byte, bytes int) { return memoryOf(w.Data) }
func (w *BF16) memory() (from *byte, bytes int)   { return memoryOf(w.Data) }
func (w *Int8) memory() (from *byte, bytes int)   { return memoryOf(w.Data) }

func memoryOf[T any](data []T) (from *byte, bytes int) {
	return (*byte)(unsafe.Pointer(unsafe.SliceData(data))), len(data) * int(unsafe.Sizeof(*new(T)))
}

// tuned holds what was measured, for a few shapes: a network has as many as it has
// layers. Readers take no lock.
type tuned struct {
	mu   sync.Mutex // of writers
	list atomic.Pointer[[]tunedShape]
}

type tunedShape struct {
	shape
	Forms
}

// of returns the forms measured for a shape, or else those expected. It is called for
// every product, so it copies nothing.
func (t *tuned) of(want shape) *Forms {
	if list := t.list.Load(); list != nil {
		for i := range *list {
			if s := &(*list)[i]; s.shape == want {
				return &s.Forms
			}
		}
	}
	return expected(want)
}

// Sizes of tables and rows, in bytes, at which another form is expected to be best:
// measured on Zen 4, whose L2 has 1 MiB and whose L3 has 32 MiB.
const (
	smallTable = 512 << 10
	largeTable = 32 << 20
	shortRow   = 1 << 10
)

// Forms that were best for tables of some size where they were measured; never changed.
var (
	ofSmall     = Forms{BreakEven: 1}
	ofLongRows  = Forms{Dense: InTurn, BreakEven: 0.95}
	ofShortRows = Forms{Dense: InTurn, Picked: AskNear, BreakEven: 0.7}
	ofLarge     = Forms{Dense: InTurnAhead, Picked: AskFar, BreakEven: 0.5}
)

func expected(s shape) *Forms {
	switch size, short := s.rows*s.rowBytes, s.rowBytes <= shortRow; {
	case size <= smallTable:
		return &ofSmall
	case !short:
		return &ofLongRows
	case size <= largeTable:
		return &ofShortRows
	}
	return &ofLarge
}

// onlyForms are those of the plain variant.
var onlyForms = Forms{Dense: InTurn, Picked: AsTheyCome, BreakEven: 1}

// add keeps what was measured for a shape.
func (t *tuned) add(s shape, f Forms) {
	var list []tunedShape
	if old := t.list.Load(); old != nil {
		list = append(list, *old...)
	}
	list = append(list, tunedShape{s, f})
	t.list.Store(&list)
}

// Forms returns what the kernels use for tables of this shape.
func (s *Set) Forms(w Table) Forms {
	f := *s.forms.of(w.shape())
	if s.run == nil {
		f = onlyForms
	}
	return f
}

// PickMatVec computes what GatherMatVec does, but lets a dense pass take over above the
// break-even density of the table: all, w.Rows long, then receives every row's result. all
// and y must not overlap.
func (s *Set) PickMatVec(y, all []float32, w *Matrix, ids []int32, x, b []float32) {
	checkGather(y, w, ids, x, b)
	if !s.denser(w, y, all, w.Rows, ids) {
		s.GatherMatVec(y, w, ids, x, b)
		return
	}
	checkIDs(ids, w.Rows)
	s.MatVec(all, w, x, b)
	pick(y, all, ids)
}

// PickBF16 is PickMatVec for bfloat16 tables.
func (s *Set) PickBF16(y, all []float32, w *BF16, ids []int32, x, b []float32) {
	w.size().checkProduct(len(y), len(ids), len(x), b)
	if !s.denser(w, y, all, w.Rows, ids) {
		s.GatherBF16(y, w, ids, x, b)
		return
	}
	checkIDs(ids, w.Rows)
	s.MatVecBF16(all, w, x, b)
	pick(y, all, ids)
}

// PickInt8 is PickMatVec for int8 tables.
func (s *Set) PickInt8(y, all []float32, w *Int8, ids []int32, x *Quantised, b []float32) {
	checkInt8(y, len(ids), w, x, b)
	if !s.denser(w, y, all, w.Rows, ids) {
		s.GatherInt8(y, w, ids, x, b)
		return
	}
	checkIDs(ids, w.Rows)
	s.MatVecInt8(all, w, x, b)
	pick(y, all, ids)
}

// denser says whether ids are so many that all rows had better be computed. It checks
// what that takes whatever the answer, or a mistake would show on some machines only. Ids
// are checked by whoever reads them.
func (s *Set) denser(w Table, y, all []float32, rows int, ids []int32) bool {
	if len(all) < rows || overlap(y[:len(ids)], all[:rows]) {
		panic(fmt.Sprintf("kernel: scratch of %d for a table of %d rows and %d outputs: want as many as rows, apart from the outputs", len(all), rows, len(y)))
	}
	return float64(len(ids)) > s.forms.of(w.shape()).BreakEven*float64(rows)
}

// overlap says whether two slices share memory.
func overlap(a, b []float32) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	from, to := uintptr(unsafe.Pointer(&a[0])), uintptr(unsafe.Pointer(&b[0]))
	return from < to+uintptr(4*len(b)) && to < from+uintptr(4*len(a))
}

func pick(y, all []float32, ids []int32) {
	for i, id := range ids {
		y[i] = all[id]
	}
}

// ReadRows loads the rows of ids as GatherMatVec does, but does nothing with them, and
// leaves something or other in y, which is as long as ids. It takes the time that
// GatherMatVec would take if its arithmetic cost nothing. In Go there is no such thing:
// there it is GatherMatVec.
func (s *Set) ReadRows(y []float32, w *Matrix, ids []int32, x []float32) {
	if s.bare == nil {
		s.GatherMatVec(y, w, ids, x, nil)
		return
	}
	s.bare(y, w, ids, x)
}
