package workloads

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat"

	"slosim/workloads/rng"
)

const (
	maxBins       = 1 << 24
	minGaps       = 8    // a bin with fewer takes the trace's pooled dispersion
	minSubBins    = 8    // counts: the same, in rows
	modulateMinCV = 0.1  // floor and cap of a measured CV: beyond them a few
	modulateMaxCV = 30.0 // odd gaps would speak for a whole bin
)

// bin is one bin of a trace: what modulate keeps of it.
type bin struct {
	width float64 // seconds of trace time
	rate  float64 // arrivals a second of trace time
	cv    float64 // of the gaps
}

// modulate draws gamma gaps at the rate of the trace's bins, scaled.
type modulate struct {
	window
	bins  []bin
	width time.Duration // of all bins but the last
	ratio float64       // wanted rate / the trace's mean rate
	speed float64
	end   time.Duration
}

func newModulate(w window, width time.Duration, ratio, speed float64, end time.Duration) *modulate {
	return &modulate{window: w, bins: measureBins(w.trace, width), width: width, ratio: ratio, speed: speed, end: end}
}

func (m *modulate) rate() float64 {
	if m.random {
		return m.trace.Rate() * m.ratio
	}
	expected, left := 0.0, m.length.Seconds()
	for _, b := range m.bins {
		part := min(b.width, left)
		expected += b.rate * part
		left -= part
	}
	return expected / m.length.Seconds() * m.ratio
}

func (m *modulate) caveat() string {
	measured := ""
	if m.trace.Kind == Counts {
		measured = fmt.Sprintf("; the dispersion is that of the trace's counts per %v", m.trace.Bin)
	}
	return fmt.Sprintf("modulate: %s; the rate of each %v of it, times %.4g, with time %g times faster; gamma gaps with each bin's measured dispersion: keeps the shape over minutes, not the very gaps and bursts%s",
		m.describe(), m.width, m.ratio, m.speed, measured)
}

func (m *modulate) start(key rng.Key) Arrivals {
	from := m.from(key, 0)
	source := key.Source(rng.Arrival, 0)
	a := &modulated{modulate: m, source: source, draws: rand.New(source)}
	a.bin = min(int(from/m.width), len(m.bins)-1)
	passed := (from - time.Duration(a.bin)*m.width).Seconds()
	a.enter(m.bins[a.bin].width - passed)
	return a
}

// modulated is one replication.
type modulated struct {
	*modulate
	source rand.Source
	draws  *rand.Rand
	gaps   gammaGaps
	bin    int
	fresh  bool    // no arrival in this bin yet
	leave  float64 // end of the bin, seconds of virtual time
	t      float64
}

// enter begins the bin with what is left of its trace time. Each bin starts as
// a stationary process of its own, so that its expected count is exact.
func (a *modulated) enter(left float64) {
	a.gaps = newGammaGaps(a.draws, a.source, a.bins[a.bin].cv)
	a.fresh = true
	a.leave = a.t + left/a.speed
}

// Err implements Failing.
func (a *modulated) Err() error { return a.trace.rows.err() }

// Next implements Arrivals.
func (a *modulated) Next() (time.Duration, bool) {
	end := a.end.Seconds()
	for a.t < end {
		if at := a.t + a.gap(); at < a.leave {
			a.t = at
			return seconds(at), at < end
		}
		a.t = a.leave
		a.bin = (a.bin + 1) % len(a.bins)
		a.enter(a.bins[a.bin].width)
	}
	return 0, false
}

// gap draws the time to the next arrival at the bin's rate, seconds of virtual time.
func (a *modulated) gap() float64 {
	rate := a.bins[a.bin].rate * a.ratio
	if rate == 0 {
		return math.Inf(1)
	}
	if a.fresh {
		a.fresh = false
		return a.gaps.first() / rate
	}
	return a.gaps.next() / rate
}

// measureBins cuts a trace into bins. The dispersion of a bin is the CV of the
// gaps inside it (Events) or the square root of the index of dispersion of its
// rows (Counts), which a gamma process of that CV tends to. A bin with too
// little data takes the pooled one of the others, or 1 (Poisson) if there is none.
func measureBins(trace *Trace, width time.Duration) []bin {
	n := int((trace.Span + width - 1) / width)
	bins := make([]bin, n)
	pooled, weight := 0.0, 0.0
	row := 0
	var p piece
	for i := range bins {
		from := time.Duration(i) * width
		to := min(from+width, trace.Span)
		end := row
		for end < trace.rows.n && (trace.rows.instant(&p, end) < to || i == n-1) {
			end++
		}
		arrivals, cv, gaps := measureBin(trace, &p, row, end, from, to)
		bins[i] = bin{width: (to - from).Seconds(), rate: arrivals / (to - from).Seconds(), cv: cv}
		if gaps > 0 {
			pooled += gaps * cv * cv
			weight += gaps
		}
		row = end
	}
	fillDispersion(bins, pooled, weight)
	return bins
}

// fillDispersion sets the bins without a measured CV, and applies floor and cap.
func fillDispersion(bins []bin, pooled, weight float64) {
	missing := 1.0
	if weight > 0 {
		missing = math.Sqrt(pooled / weight)
	}
	for i := range bins {
		if math.IsNaN(bins[i].cv) {
			bins[i].cv = missing
		}
		bins[i].cv = min(max(bins[i].cv, modulateMinCV), modulateMaxCV)
	}
}

// measureBin returns the arrivals of the rows from first up to last, the CV of
// their gaps and how many gaps (or rows) that rests on; NaN and 0 if too few.
func measureBin(trace *Trace, p *piece, first, last int, from, to time.Duration) (arrivals, cv, weight float64) {
	if trace.Kind == Counts {
		return measureCounts(trace, p, first, last, from, to)
	}
	arrivals = float64(last - first)
	if last-first <= minGaps {
		return arrivals, math.NaN(), 0
	}
	gaps := make([]float64, 0, last-first-1)
	before := trace.rows.instant(p, first)
	for i := first + 1; i < last; i++ {
		at := trace.rows.instant(p, i)
		gaps = append(gaps, (at - before).Seconds())
		before = at
	}
	mean, deviation := stat.MeanStdDev(gaps, nil)
	if mean == 0 {
		return arrivals, math.NaN(), 0
	}
	return arrivals, deviation / mean, float64(len(gaps))
}

// measureCounts is measureBin for counts; bins of the trace that are left out are zeros.
func measureCounts(trace *Trace, p *piece, first, last int, from, to time.Duration) (arrivals, cv, weight float64) {
	squares := 0.0
	for row := first; row < last; row++ {
		count := float64(trace.rows.count(p, row))
		arrivals += count
		squares += count * count
	}
	rows := float64((to - from) / trace.Bin)
	if rows < minSubBins || arrivals == 0 {
		return arrivals, math.NaN(), 0
	}
	mean := arrivals / rows
	variance := (squares - arrivals*mean) / (rows - 1)
	return arrivals, math.Sqrt(max(variance, 0) / mean), rows
}
