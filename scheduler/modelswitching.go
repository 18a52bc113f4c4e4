package scheduler

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"slosim/engine/profile"
	"slosim/workloads"
)

// modelSwitching picks the point by the measured load alone (Zhang et al.,
// "Model-Switching: Dealing with Fluctuating Workloads in MLaaS Systems", HotCloud
// 2020): offline, for each load, the point with the highest effective accuracy, that
// is accuracy x P(response within the latency target); online, the arrival rate of a
// sliding window looks the point up.
//
// The table is computed when the policy is bound: a queue with Poisson arrivals and
// calibrated service times, undisturbed, by Lindley's recursion (Kiefer and Wolfowitz's
// for several workers). Several classes count by their share, at their first target.
// Of several models each is treated as if all arrivals were its own.
//
// Ours: with aware = true (the default) the measured load is multiplied by the believed
// slow-down, so that the rival is at its best under interference; false is the rule as
// published. And hysteresis: a costlier point must still be the best at a load that is
// higher by that share.
//
// Parameters: window ("200ms"), aware (true), hysteresis (0.1), drop.
type modelSwitching struct {
	dispatcher
	meter
	aware      bool
	hysteresis float64

	tables  []loadTable // [model]
	current []int       // [model] point
}

func newModelSwitching(p *Params) Policy {
	return &modelSwitching{
		dispatcher: newDispatcher(p),
		meter:      meter{window: p.Duration("window", 200*time.Millisecond, time.Millisecond, time.Hour)},
		aware:      p.Bool("aware", true),
		hysteresis: p.Float("hysteresis", 0.1, 0, 1),
	}
}

// Bind computes the tables.
func (m *modelSwitching) Bind(s Setting) error {
	m.tables, m.current = m.tables[:0], m.current[:0]
	for _, model := range s.Models {
		table := newLoadTable(model, s.Classes, s.Workers)
		m.tables = append(m.tables, table)
		m.current = append(m.current, table.best[0])
	}
	return nil
}

// Decide measures the load, switches, and starts queries in order.
func (m *modelSwitching) Decide(v *View, p *Plan) {
	load := m.rate(v.Now, v.Arrived)
	if m.aware {
		load *= meanSlowdown(v)
	}
	for i, model := range v.Models {
		m.current[i] = m.switchTo(i, model, load)
	}
	m.run(v, p, m)
}

func (m *modelSwitching) choose(t *turn) choice { return start(m.current[t.query().Model], LoadRule) }

// switchTo returns the point for a load: down at once, up only with some reserve.
func (m *modelSwitching) switchTo(i int, model *profile.Belief, load float64) int {
	now := m.current[i]
	want := m.tables[i].at(load)
	if model.Mean(want, 1) <= model.Mean(now, 1) {
		return want
	}
	cautious := m.tables[i].at(load * (1 + m.hysteresis))
	if model.Mean(cautious, 1) > model.Mean(now, 1) {
		return cautious
	}
	return now
}

// loadTable is the best point for each of a grid of loads.
type loadTable struct {
	loads []float64 // queries per second, ascending
	best  []int
}

// at returns the best point at the lowest load of the grid that is not below the
// given one; beyond the grid that of the highest.
func (t *loadTable) at(load float64) int {
	i, _ := slices.BinarySearch(t.loads, load)
	return t.best[min(i, len(t.best)-1)]
}

// Size of the offline computation: loads in geometric steps from a twentieth of what
// the slowest point can carry to a quarter more than the fastest can.
const (
	tableLoads   = 64
	tableQueries = 2000
	tableSeed    = 0x51057ab1e
)

// newLoadTable simulates each point at each load under common random numbers.
func newLoadTable(model *profile.Belief, classes []workloads.Class, workers int) loadTable {
	s := newLindley(model, classes, workers)
	least, most := s.capacities()
	low, high := least/20, most*1.25
	t := loadTable{}
	for i := range tableLoads {
		load := low * math.Pow(high/low, float64(i)/(tableLoads-1))
		t.loads = append(t.loads, load)
		t.best = append(t.best, s.best(load))
	}
	return t
}

// lindley simulates a first come, first served queue at one load and point.
type lindley struct {
	model   *profile.Belief
	classes []workloads.Class
	workers int
	gaps    [tableQueries]float64 // exponential, mean 1
	draws   [tableQueries]float64 // uniform
	free    []time.Duration       // per worker: when it is free
}

func newLindley(model *profile.Belief, classes []workloads.Class, workers int) *lindley {
	s := &lindley{model: model, classes: classes, workers: max(1, workers)}
	s.free = make([]time.Duration, s.workers)
	r := rand.New(rand.NewPCG(tableSeed, 0))
	for i := range tableQueries {
		s.gaps[i], s.draws[i] = r.ExpFloat64(), r.Float64()
	}
	return s
}

// capacities returns the highest load of the slowest and of the fastest point.
func (s *lindley) capacities() (least, most float64) {
	least = math.Inf(1)
	for p := range s.model.Points() {
		capacity := float64(s.workers) / max(1e-9, s.model.Mean(p, 1).Seconds())
		least, most = min(least, capacity), max(most, capacity)
	}
	return least, most
}

// best returns the point with the highest effective accuracy; of equals the cheaper.
func (s *lindley) best(load float64) int {
	best, bestValue, bestMean := 0, -1.0, time.Duration(0)
	for p := range s.model.Points() {
		value, mean := s.model.Accuracy(p)*s.inTime(p, load), s.model.Mean(p, 1)
		if value > bestValue || (value == bestValue && mean < bestMean) {
			best, bestValue, bestMean = p, value, mean
		}
	}
	return best
}

// inTime returns the share of queries answered within their latency target.
func (s *lindley) inTime(point int, load float64) float64 {
	clear(s.free)
	at, sum := time.Duration(0), 0.0
	for i := range tableQueries {
		at += time.Duration(s.gaps[i] / load * float64(time.Second))
		w := s.earliest()
		s.free[w] = max(s.free[w], at) + s.model.Quantile(point, s.draws[i], 1)
		sum += s.shareMet(s.free[w] - at)
	}
	return sum / tableQueries
}

func (s *lindley) earliest() int {
	first := 0
	for w, at := range s.free {
		if at < s.free[first] {
			first = w
		}
	}
	return first
}

// shareMet returns the share of arrivals whose class allows the response time.
func (s *lindley) shareMet(response time.Duration) float64 {
	met := 0.0
	for i := range s.classes {
		if response <= s.classes[i].Latency {
			met += s.classes[i].Share
		}
	}
	return met
}
