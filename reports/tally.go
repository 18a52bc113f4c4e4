package reports

import (
	"fmt"
	"slices"
	"time"
)

// Span is a piece of virtual time, From included, To not.
type Span struct{ From, To time.Duration }

// TallyConfig describes the replication that a Tally listens to. Tallies of one
// scenario have equal configurations but for Replication.
type TallyConfig struct {
	Replication  int
	Classes      []string      // names; Observation.Class is an index
	Workers      int           // capacity, for utilisation
	WarmUp       time.Duration // arrivals before it are in the timeline only
	Duration     time.Duration // the measured window is [WarmUp, Duration)
	Interference []Span        // disturbed virtual time, in order, without overlap
	Bin          time.Duration // width of the timeline's bins; 0: no timeline
	Objectives   []float64     // per class, share of queries to be answered in time, above 0 and below 1; nil: no error budgets
	Samples      int           // images of the data set, for intervals clustered by image; 0: not clustered
}

// Observation is what a Tally needs to know of one query, once its fate is known.
// Times are virtual time since the run began.
type Observation struct {
	Class    uint16        // index into TallyConfig.Classes
	Sample   uint32        // image of the data set that was served, after the replication's resampling
	Queue    int32         // queries waiting when it arrived
	Right    bool          // answered right; meant only when it finished
	ArriveAt time.Duration // intended arrival
	StartAt  time.Duration // of its service; negative: never
	FinishAt time.Duration // negative: dropped, or unfinished when the run ended
	Deadline time.Duration // instant
	Busy     time.Duration // worker time that it took, all of it (probe, switch, load, service, stalls)
	Accuracy float64       // its accuracy target, 0 to 1
	Density  float64       // of its operating point
	Slowdown float64       // true, at its arrival
	Believed float64       // by the sensor, at its arrival
}

// finished says whether the query was answered at all.
func (o *Observation) finished() bool { return o.FinishAt >= 0 }

// met says whether it was answered by its deadline.
func (o *Observation) met() bool { return o.FinishAt >= 0 && o.FinishAt <= o.Deadline }

// The windows of a tally. All is the sum of the two.
const (
	quiet = iota
	interference
	windows
)

// service returns when a worker was busy with the query. One that was probed and
// then dropped has no start: its arrival stands for it.
func (o *Observation) service() Span {
	switch {
	case o.finished():
		return Span{o.FinishAt - o.Busy, o.FinishAt}
	case o.StartAt >= 0:
		return Span{o.StartAt, o.StartAt + o.Busy}
	}
	return Span{o.ArriveAt, o.ArriveAt + o.Busy}
}

// Tally adds up one contender's queries over one replication: per class and
// window the counts, sums and response times that the statistics need, and the
// bins of the timeline. Adding a query allocates nothing.
//
// A query belongs to the window interference when it arrived while interference
// was on. One that arrived just before and suffered is counted as quiet: where
// a query belongs must not depend on what the contender did with it, or the
// contenders' windows would hold different queries.
type Tally struct {
	config TallyConfig
	cells  [][windows]counts          // per class
	images [][windows][fates][]uint32 // per class, of each image: what became of the queries about it
	busy   [windows]time.Duration     // clipped to the measured window
	done   []([windows]int64)         // completions inside the window, per class, whenever they arrived
	bins   []bin
	length [windows]time.Duration // of the measured window

	bin     int           // that was used last
	binFrom time.Duration // its beginning

	disturbed spans
	trail     trail // with a timeline

	burns         [][]burnBin // per class, with objectives and a timeline
	burnBinsPerNS float64
}

// counts is what is kept per class and window.
type counts struct {
	arrived, finished, met, right, rightMet int64
	density, waiting, target                float64 // sums over finished queries
	latency                                 latencies
}

// The fates of a query. They are counted apart, one array each, because nearly all
// queries share one: what is touched for every query then stays in a near cache.
const (
	lost = iota // never answered
	lateWrong
	lateRight
	metWrong
	metRight
	fates
)

func fateOf(o *Observation) int {
	switch {
	case !o.finished():
		return lost
	case o.met() && o.Right:
		return metRight
	case o.met():
		return metWrong
	case o.Right:
		return lateRight
	}
	return lateWrong
}

// bin is one bin of the timeline.
type bin struct {
	arrived, met, finished             int64
	density, slowdown, believed, queue float64 // sums
}

// NewTally returns an empty tally. It panics on a configuration that no checked
// scenario can have.
func NewTally(config TallyConfig) *Tally {
	if len(config.Objectives) > 0 && len(config.Objectives) != len(config.Classes) {
		panic(fmt.Sprintf("reports: bad tally: %d objectives of %d classes", len(config.Objectives), len(config.Classes)))
	}
	if config.Duration <= config.WarmUp || config.WarmUp < 0 || config.Workers < 1 || len(config.Classes) == 0 {
		panic(fmt.Sprintf("reports: bad tally: classes %q, workers %d, warm-up %v, duration %v",
			config.Classes, config.Workers, config.WarmUp, config.Duration))
	}
	classes := len(config.Classes)
	t := &Tally{config: config, cells: make([][windows]counts, classes),
		images: make([][windows][fates][]uint32, classes), done: make([][windows]int64, classes),
		disturbed: newSpans(config.Interference)}
	for c := range classes {
		for w := range windows {
			t.cells[c][w].latency = newLatencies()
			for f := range fates {
				t.images[c][w][f] = make([]uint32, config.Samples)
			}
		}
	}
	if config.Bin > 0 {
		t.bins = make([]bin, (config.Duration+config.Bin-1)/config.Bin)
		t.trail = newTrail(config.Duration)
	}
	t.length[quiet], t.length[interference] = t.split(t.measured())
	t.burns, t.burnBinsPerNS = newBurns(&config), budgetBins/float64(config.Duration-config.WarmUp)
	return t
}

func (t *Tally) measured() Span { return Span{t.config.WarmUp, t.config.Duration} }

// split divides a piece of measured time between the windows.
func (t *Tally) split(s Span) (calm, disturbed time.Duration) {
	s = Span{max(s.From, t.config.WarmUp), min(s.To, t.config.Duration)}
	if s.From >= s.To {
		return 0, 0
	}
	disturbed = t.disturbed.within(s)
	return s.To - s.From - disturbed, disturbed
}

func (t *Tally) windowOf(at time.Duration) int {
	if t.disturbed.on(at) {
		return interference
	}
	return quiet
}

// Add counts one query, in any order. Queries of the warm-up must be added too:
// they keep workers busy inside the measured window.
func (t *Tally) Add(o *Observation) {
	t.addBin(o)
	t.addService(o)
	if o.ArriveAt < t.config.WarmUp || o.ArriveAt >= t.config.Duration {
		return
	}
	w := t.windowOf(o.ArriveAt)
	t.cells[o.Class][w].add(o)
	t.addBurn(o)
	if t.config.Samples > 0 {
		t.images[o.Class][w][fateOf(o)][o.Sample]++
	}
}

func (c *counts) add(o *Observation) {
	c.arrived++
	if !o.finished() {
		c.latency.addLost()
		return
	}
	c.finished++
	c.density += o.Density
	c.target += o.Accuracy
	c.waiting += float64(o.StartAt - o.ArriveAt)
	c.latency.add(int64(o.FinishAt - o.ArriveAt))
	if o.Right {
		c.right++
	}
	if o.met() {
		c.met++
		if o.Right {
			c.rightMet++
		}
	}
}

// addService counts what happened inside the measured window, whenever the
// query arrived: completions, and the worker's time. The latter is taken as one
// piece that ends with the query, which is exact but for a probe some time
// before the start.
func (t *Tally) addService(o *Observation) {
	if o.Busy > 0 {
		calm, disturbed := t.split(o.service())
		t.busy[quiet] += calm
		t.busy[interference] += disturbed
	}
	if o.finished() && o.FinishAt >= t.config.WarmUp && o.FinishAt < t.config.Duration {
		t.done[o.Class][t.windowOf(o.FinishAt)]++
	}
}

func (t *Tally) addBin(o *Observation) {
	if t.config.Bin <= 0 || o.ArriveAt < 0 || o.ArriveAt >= t.config.Duration {
		return
	}
	t.trail.add(o)
	b := t.binOf(o.ArriveAt)
	b.arrived++
	b.slowdown += o.Slowdown
	b.believed += o.Believed
	b.queue += float64(o.Queue)
	if o.finished() {
		b.finished++
		b.density += o.Density
	}
	if o.met() {
		b.met++
	}
}

// binOf returns the bin of an instant, most often that of the last one: a division by a
// number that the compiler does not know costs as much as all else in addBin.
func (t *Tally) binOf(at time.Duration) *bin {
	if at < t.binFrom || at >= t.binFrom+t.config.Bin {
		t.bin = int(at / t.config.Bin)
		t.binFrom = time.Duration(t.bin) * t.config.Bin
	}
	return &t.bins[t.bin]
}

// Arrived returns the queries that arrived in the measured window so far.
func (t *Tally) Arrived() int64 {
	var n int64
	for c := range t.cells {
		n += t.cells[c][quiet].arrived + t.cells[c][interference].arrived
	}
	return n
}

// merge adds another part of the same replication or class.
func (c *counts) merge(other *counts) {
	c.arrived += other.arrived
	c.finished += other.finished
	c.met += other.met
	c.right += other.right
	c.rightMet += other.rightMet
	c.density += other.density
	c.waiting += other.waiting
	c.target += other.target
	c.latency.merge(&other.latency)
}

// sameRun says whether two tallies watched the same scenario.
func (t *Tally) sameRun(other *Tally) bool {
	a, b := t.config, other.config
	return slices.Equal(a.Classes, b.Classes) && slices.Equal(a.Interference, b.Interference) && slices.Equal(a.Objectives, b.Objectives) &&
		a.Workers == b.Workers && a.WarmUp == b.WarmUp && a.Duration == b.Duration && a.Bin == b.Bin && a.Samples == b.Samples
}
