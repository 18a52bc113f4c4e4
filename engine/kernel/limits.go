package kernel

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"
	"unsafe"
)

// Limit is the rate at which one core reads a buffer that stays in one level of the
// memory. No kernel reads its tables faster, so this is what it is judged by.
type Limit struct {
	Level string `json:"level"` // "L2", "L3" or "DRAM"
	Bytes int    `json:"bytes"` // size of the buffer
	// Median of the rates of Rounds rounds in the best way of reading, in bytes a second,
	// and the range within which the median lies in 96 % of cases.
	PerSecond float64 `json:"per_second"`
	Lo        float64 `json:"lo"`
	Hi        float64 `json:"hi"`
	Rounds    int     `json:"rounds"`
}

// Limits measures this machine once in a process, with the best variant, which takes a
// few hundred milliseconds: L2 by half of that cache, L3 by a quarter and by half of it,
// and DRAM by four times as much as L3 holds. A machine that does not say how large its
// caches are is taken to have 1 and 32 MiB.
func Limits() []Limit { return limits() }

// limits is measured on first use and never changes then.
var limits = sync.OnceValue(func() []Limit {
	sizes := limitSizes(cmp.Or(CacheBytes(2), 1<<20), cmp.Or(CacheBytes(3), 32<<20))
	r := Best().newReader(sizes[len(sizes)-1].Bytes)
	for i, at := range sizes {
		sizes[i] = r.limit(at.Level, at.Bytes)
	}
	return sizes
})

// limitSizes returns the buffers to read, given the caches' sizes.
func limitSizes(l2, l3 int) []Limit {
	l3 = max(l3, 4*l2)
	dram := min(max(4*l3, 64<<20), 512<<20)
	return []Limit{{Level: "L2", Bytes: l2 / 2}, {Level: "L3", Bytes: l3 / 4}, {Level: "L3", Bytes: l3 / 2}, {Level: "DRAM", Bytes: dram}}
}

const (
	limitRounds = 6 // the extremes of six hold the median in all but 2 of 64 cases
	limitSample = time.Millisecond
	readStep    = 4096
)

// Reader reads a buffer in the ways that may be fastest.
type Reader struct {
	ways []func(p *byte, bytes int)
	way  int                  // the best one that was found
	from *byte                // the buffer
	size int                  // bytes of it that Read reads
	now  func() time.Duration // a clock
}

// NewReader returns a reader of a buffer of its own, of that many bytes, rounded down to
// 4 KiB but not to nothing. It finds the fastest way of reading, which takes some twenty
// passes.
func (s *Set) NewReader(bytes int) *Reader {
	r := s.newReader(bytes)
	r.choose()
	return r
}

func (s *Set) newReader(bytes int) *Reader {
	buf := Aligned(max(bytes/readStep, 1) * readStep / 4)
	for i := range buf {
		buf[i] = 1 // pages that were never written to share one page of zeros
	}
	return s.reader((*byte)(unsafe.Pointer(unsafe.SliceData(buf))), 4*len(buf))
}

// NewTableReader returns a reader of a table itself, rounded down to 4 KiB: where its
// pages happen to lie then plays no part in a comparison. It panics if the table is
// smaller than that.
func (s *Set) NewTableReader(w Table) *Reader {
	from, bytes := w.memory()
	if bytes < readStep {
		panic(fmt.Sprintf("kernel: reader of a table of %d bytes: want at least %d", bytes, readStep))
	}
	r := s.reader(from, bytes/readStep*readStep)
	r.choose()
	return r
}

func (s *Set) reader(from *byte, bytes int) *Reader {
	start := time.Now()
	return &Reader{ways: s.read, from: from, size: bytes, now: func() time.Duration { return time.Since(start) }}
}

// Bytes returns how much Read reads.
func (r *Reader) Bytes() int { return r.size }

// Read reads the buffer once.
func (r *Reader) Read() { r.ways[r.way](r.from, r.size) }

// choose finds the best way and returns its times, ascending.
func (r *Reader) choose() []time.Duration {
	best := []time.Duration(nil)
	samples := make([][]time.Duration, len(r.ways))
	for range limitRounds {
		for way := range r.ways {
			samples[way] = append(samples[way], r.sample(way))
		}
	}
	for way, s := range samples {
		slices.Sort(s)
		if best == nil || s[len(s)/2] < best[len(best)/2] {
			best, r.way = s, way
		}
	}
	return best
}

// sample returns the time of one pass, of as many as fill a sample.
func (r *Reader) sample(way int) time.Duration {
	r.way = way
	r.Read()
	start, passes := r.now(), 0
	for r.now()-start < limitSample || passes == 0 {
		r.Read()
		passes++
	}
	return (r.now() - start) / time.Duration(passes)
}

func (r *Reader) limit(level string, bytes int) Limit {
	r.size = max(bytes/readStep, 1) * readStep
	times := r.choose()
	rate := func(t time.Duration) float64 { return float64(r.size) / t.Seconds() }
	n := len(times)
	return Limit{
		Level: level, Bytes: r.size, Rounds: n,
		PerSecond: (rate(times[n/2]) + rate(times[(n-1)/2])) / 2, Lo: rate(times[n-1]), Hi: rate(times[0]),
	}
}

// readGo reads words; it adds them up so that the compiler leaves the loads in.
func readGo(p *byte, bytes int) {
	words := unsafe.Slice((*uint64)(unsafe.Pointer(p)), bytes/8)
	var s0, s1, s2, s3 uint64
	for ; len(words) >= 8; words = words[8:] {
		s0 += words[0] + words[4]
		s1 += words[1] + words[5]
		s2 += words[2] + words[6]
		s3 += words[3] + words[7]
	}
	sink(s0 + s1 + s2 + s3)
}

//go:noinline
func sink(uint64) {}
