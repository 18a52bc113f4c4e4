package workloads

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

const (
	memoryRows = 1 << 20 // of a trace; the rows of a longer one lie on disk
	blockRows  = 512     // of a trace on disk, read together
)

// table holds the rows of a trace in order: in memory while they are few, else in a
// temporary file, of which it remembers where each block begins. So memory does not grow
// with the length of a trace, but for 1/64 byte a row.
type table struct {
	counts bool
	limit  int // rows in memory
	n      int
	total  uint64          // arrivals
	at     []time.Duration // [row]; on disk [block], of its first row
	sums   []uint64        // arrivals before those; in memory one more: all. nil without counts

	disk *disk         // nil: in memory
	last time.Duration // instant of the last row

	failed atomic.Pointer[error] // the first error of the disk
}

// disk is the temporary file. Rows lie in it as differences: of instants, then, if there
// are counts, the count.
type disk struct {
	file    *os.File
	out     *bufio.Writer // nil once all is written
	bytes   []byte        // of the block that is being written
	offsets []int64       // [block], and the end
}

// piece is a run of neighbouring rows in memory. Each reader has its own.
type piece struct {
	from  int // number of the first
	at    []time.Duration
	sums  []uint64 // arrivals before each, and before the row behind; nil without counts
	bytes []byte   // scratch
}

// newTable returns an empty table that keeps up to limit rows in memory.
func newTable(counts bool, limit int) *table { return &table{counts: counts, limit: limit} }

// add appends a row, which is not before the last one.
func (t *table) add(at time.Duration, count uint64) error {
	if t.n == t.limit {
		if err := t.spill(); err != nil {
			return fmt.Errorf("cannot keep more than %d rows in %s: %w", t.n, os.TempDir(), err)
		}
	}
	if t.disk != nil {
		if err := t.write(at, count); err != nil {
			return fmt.Errorf("cannot write to %s: %w", t.disk.file.Name(), err)
		}
	} else {
		t.index(at)
	}
	t.n, t.last, t.total = t.n+1, at, t.total+count
	return nil
}

// index appends to what is kept in memory.
func (t *table) index(at time.Duration) {
	t.at = append(t.at, at)
	if t.counts {
		t.sums = append(t.sums, t.total)
	}
}

// spill moves all rows to a temporary file.
func (t *table) spill() error {
	file, err := os.CreateTemp("", "slosim-trace-*")
	if err != nil {
		return err
	}
	// The file lives until it is closed. Where an open one cannot be removed it stays.
	_ = os.Remove(file.Name())
	at, sums := t.at, append(t.sums, t.total)
	t.disk = &disk{file: file, out: bufio.NewWriterSize(file, 1<<16)}
	t.n, t.total, t.at, t.sums = 0, 0, nil, nil
	for i := range at {
		count := uint64(1)
		if t.counts {
			count = sums[i+1] - sums[i]
		}
		if err := t.write(at[i], count); err != nil {
			return err
		}
		t.n, t.last, t.total = t.n+1, at[i], t.total+count
	}
	return nil
}

// write appends a row to the file's last block.
func (t *table) write(at time.Duration, count uint64) error {
	d := t.disk
	if t.n%blockRows == 0 {
		if err := d.flush(); err != nil {
			return err
		}
		t.index(at)
		t.last = at
	}
	d.bytes = binary.AppendUvarint(d.bytes, uint64(at-t.last))
	if t.counts {
		d.bytes = binary.AppendUvarint(d.bytes, count)
	}
	return nil
}

// flush writes the block before the one that begins.
func (d *disk) flush() error {
	end := int64(0)
	if n := len(d.offsets); n > 0 {
		end = d.offsets[n-1] + int64(len(d.bytes))
	}
	d.offsets = append(d.offsets, end)
	_, err := d.out.Write(d.bytes)
	d.bytes = d.bytes[:0]
	return err
}

// finish ends the writing.
func (t *table) finish() error {
	if t.disk == nil {
		if t.counts {
			t.sums = append(t.sums, t.total)
		}
		return nil
	}
	err := t.disk.flush()
	if err == nil {
		err = t.disk.out.Flush()
	}
	t.disk.out = nil
	if err != nil {
		return fmt.Errorf("cannot write to %s: %w", t.disk.file.Name(), err)
	}
	return nil
}

// load makes p a piece that holds a row. An error of the disk ends up in err; p then holds
// the row as never.
func (t *table) load(p *piece, row int) {
	if t.disk == nil {
		p.from, p.at, p.sums = 0, t.at, t.sums
		return
	}
	block := row / blockRows
	p.from = block * blockRows
	if err := t.read(p, block); err != nil {
		err = fmt.Errorf("%s: cannot read the trace's rows: %w", t.disk.file.Name(), err)
		t.failed.CompareAndSwap(nil, &err)
		p.from, p.at, p.sums = row, []time.Duration{never}, []uint64{t.total, t.total}
	}
}

// read decodes a block.
func (t *table) read(p *piece, block int) error {
	d := t.disk
	size := int(d.offsets[block+1] - d.offsets[block])
	p.bytes = slices.Grow(p.bytes[:0], size)[:size]
	if _, err := d.file.ReadAt(p.bytes, d.offsets[block]); err != nil {
		return err
	}
	at, left := t.at[block], p.bytes
	p.at, p.sums = p.at[:0], p.sums[:0]
	if t.counts {
		p.sums = append(p.sums, t.sums[block])
	}
	for range min(blockRows, t.n-p.from) {
		difference, n := binary.Uvarint(left)
		left = left[max(n, 0):]
		at += time.Duration(difference)
		p.at = append(p.at, at)
		if t.counts {
			count, n := binary.Uvarint(left)
			left = left[max(n, 0):]
			p.sums = append(p.sums, p.sums[len(p.sums)-1]+count)
		}
	}
	return nil
}

// err returns the first error of the disk.
func (t *table) err() error {
	if err := t.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// instant returns the instant of a row.
func (t *table) instant(p *piece, row int) time.Duration {
	if uint(row-p.from) >= uint(len(p.at)) {
		t.load(p, row)
	}
	return p.at[row-p.from]
}

// before returns the arrivals before a row, which may be the one behind the last.
func (t *table) before(p *piece, row int) uint64 {
	switch {
	case !t.counts:
		return uint64(row)
	case row == t.n:
		return t.total
	}
	t.instant(p, row)
	return p.sums[row-p.from]
}

// count returns the arrivals of a row.
func (t *table) count(p *piece, row int) uint64 {
	if !t.counts {
		return 1
	}
	t.instant(p, row)
	return p.sums[row-p.from+1] - p.sums[row-p.from]
}

// search returns the first row at or after an instant, n if there is none.
func (t *table) search(p *piece, at time.Duration) int {
	i, _ := slices.BinarySearch(t.at, at)
	if t.disk == nil || i == 0 {
		return i
	}
	t.load(p, (i-1)*blockRows) // the block before the first that begins at or after it
	inside, _ := slices.BinarySearch(p.at, at)
	return p.from + inside
}
