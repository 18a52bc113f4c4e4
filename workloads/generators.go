package workloads

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"slosim/workloads/rng"
)

// generator checks a process without a trace, and makes it.
func (c *checker) generator() starter {
	s := c.spec
	of := fmt.Sprintf("kind = %q", s.Kind)
	mean := "arrivals have no correlation and no daily shape; real traffic is burstier"
	switch s.Kind {
	case "poisson", "mlperf-server":
		c.unused(of)
		return c.made(&generator{wanted: s.Rate, about: "poisson: " + mean, begin: beginGamma(s, 1)})
	case "constant":
		c.unused(of)
		return c.made(&generator{wanted: s.Rate, about: "constant: evenly spaced arrivals, the kindest traffic there is", begin: beginConstant(s)})
	case "gamma":
		c.unused(of, "cv")
		c.within("cv", s.CV, minCV, maxCV)
		about := fmt.Sprintf("gamma: independent gaps with CV %g; the rate does not move over minutes as real traffic's does", s.CV)
		return c.made(&generator{wanted: s.Rate, about: about, begin: beginGamma(s, s.CV)})
	case "mmpp":
		return c.mmpp(of)
	case "spike":
		return c.spike(of)
	case "diurnal":
		return c.diurnal(of)
	case "closed", "mlperf-single-stream", "mlperf-multi-stream":
		return c.closed(of)
	case "mlperf-offline":
		return c.offline(of)
	}
	c.fail("kind", "one of "+strings.Join(Kinds(), ", "), fmt.Sprintf("%q", s.Kind))
	return nil
}

// made returns no starter while something is wrong or the rate is unknown.
func (c *checker) made(g *generator) starter {
	if !c.rateKnown() {
		return nil
	}
	return g
}

func (c *checker) mmpp(of string) starter {
	c.unused(of, "factor", "busy_share", "busy_length")
	s := c.spec
	c.within("factor", s.Factor, 1, 1e6)
	c.within("busy_share", s.BusyShare, 1e-6, 1-1e-6)
	if s.BusyLength <= 0 {
		c.fail("busy_length", "above 0", s.BusyLength)
	}
	quiet := s.Rate / (1 + s.BusyShare*(s.Factor-1))
	about := fmt.Sprintf("mmpp: two states, %.4g and %.4g queries/s, busy for %v at a time and %g of the time; real traffic has more than two", quiet, quiet*s.Factor, s.BusyLength, s.BusyShare)
	return c.made(&generator{wanted: s.Rate, about: about, begin: beginMMPP(s, quiet)})
}

func (c *checker) spike(of string) starter {
	c.unused(of, "factor", "from", "to")
	s := c.spec
	c.within("factor", s.Factor, 1, 1e6)
	if s.From < 0 || s.To <= s.From || s.To > s.Duration {
		c.fail("to", fmt.Sprintf("0 <= from < to <= duration (%v)", s.Duration), fmt.Sprintf("from = %v, to = %v", s.From, s.To))
	}
	share := (s.To - s.From).Seconds() / s.Duration.Seconds()
	rate := func(t float64) float64 {
		if t >= s.From.Seconds() && t < s.To.Seconds() {
			return s.Rate * s.Factor
		}
		return s.Rate
	}
	about := fmt.Sprintf("spike: poisson, %g times the rate from %v to %v; rate is the one outside of the spike", s.Factor, s.From, s.To)
	return c.made(&generator{wanted: s.Rate * (1 + share*(s.Factor-1)), about: about, begin: beginVarying(s, s.Rate*s.Factor, rate)})
}

func (c *checker) diurnal(of string) starter {
	c.unused(of, "amplitude", "period")
	s := c.spec
	c.within("amplitude", s.Amplitude, 1e-6, 1)
	if s.Period <= 0 {
		c.fail("period", "above 0", s.Period)
	}
	turn := 2 * math.Pi / s.Period.Seconds()
	rate := func(t float64) float64 { return s.Rate * (1 - s.Amplitude*math.Cos(turn*t)) }
	total := s.Duration.Seconds() * turn
	mean := s.Rate * (1 - s.Amplitude*math.Sin(total)/total)
	about := "diurnal: poisson with a sine for a day, from the quietest hour on; rate is the mean of whole periods"
	return c.made(&generator{wanted: mean, about: about, begin: beginVarying(s, s.Rate*(1+s.Amplitude), rate)})
}

// generator is an arrival process without a trace.
type generator struct {
	wanted float64
	about  string
	begin  func(draws *rand.Rand, source rand.Source) Arrivals
}

func (g *generator) rate() float64  { return g.wanted }
func (g *generator) caveat() string { return g.about }

func (g *generator) start(key rng.Key) Arrivals {
	source := key.Source(rng.Arrival, 0)
	return g.begin(rand.New(source), source)
}

// gammaGaps draws gaps of mean 1 with a given coefficient of variation.
type gammaGaps struct {
	draws *rand.Rand
	gap   distuv.Gamma
}

func newGammaGaps(draws *rand.Rand, source rand.Source, cv float64) gammaGaps {
	shape := 1 / (cv * cv)
	return gammaGaps{draws: draws, gap: distuv.Gamma{Alpha: shape, Beta: shape, Src: source}}
}

// next returns a gap. Shape 1 is the exponential: the same draws as Rand's, without its
// test of the shape and its generator made anew each time.
func (g *gammaGaps) next() float64 {
	if g.gap.Alpha == 1 {
		return g.draws.ExpFloat64()
	}
	return g.gap.Rand()
}

// first returns the time from an arbitrary instant to the next arrival: a
// uniform part of a gap drawn with a chance proportional to its length (Cox,
// Renewal Theory, section 5.1). It makes the process stationary, so that the
// expected count over any time is exactly the time.
func (g *gammaGaps) first() float64 {
	biased := g.gap
	biased.Alpha++
	return g.draws.Float64() * biased.Rand()
}

// renewal has independent gaps of mean 1/rate.
type renewal struct {
	gaps      gammaGaps
	t         float64 // of the next arrival, seconds
	rate, end float64
}

func beginGamma(s ArrivalSpec, cv float64) func(*rand.Rand, rand.Source) Arrivals {
	return func(draws *rand.Rand, source rand.Source) Arrivals {
		gaps := newGammaGaps(draws, source, cv)
		return &renewal{gaps: gaps, t: gaps.first() / s.Rate, rate: s.Rate, end: s.Duration.Seconds()}
	}
}

// Next implements Arrivals.
func (r *renewal) Next() (time.Duration, bool) {
	at := r.t
	if at >= r.end {
		return 0, false
	}
	r.t += r.gaps.next() / r.rate
	return seconds(at), true
}

// constant has gaps of exactly 1/rate, from a random phase.
type constant struct {
	phase, rate, end float64
	n                uint64
}

func beginConstant(s ArrivalSpec) func(*rand.Rand, rand.Source) Arrivals {
	return func(draws *rand.Rand, _ rand.Source) Arrivals {
		return &constant{phase: draws.Float64(), rate: s.Rate, end: s.Duration.Seconds()}
	}
}

// Next implements Arrivals.
func (c *constant) Next() (time.Duration, bool) {
	at := (c.phase + float64(c.n)) / c.rate
	if at >= c.end {
		return 0, false
	}
	c.n++
	return seconds(at), true
}

// mmpp is a Markov-modulated Poisson process of two states.
type mmpp struct {
	draws  *rand.Rand
	t, end float64
	leave  float64 // when the state changes
	busy   int     // 0 or 1
	rates  [2]float64
	stays  [2]float64 // mean length of a stay, seconds
}

func beginMMPP(s ArrivalSpec, quiet float64) func(*rand.Rand, rand.Source) Arrivals {
	stay := s.BusyLength.Seconds()
	return func(draws *rand.Rand, _ rand.Source) Arrivals {
		m := &mmpp{draws: draws, end: s.Duration.Seconds()}
		m.rates = [2]float64{quiet, quiet * s.Factor}
		m.stays = [2]float64{stay * (1 - s.BusyShare) / s.BusyShare, stay}
		if draws.Float64() < s.BusyShare {
			m.busy = 1
		}
		m.leave = draws.ExpFloat64() * m.stays[m.busy]
		return m
	}
}

// Next implements Arrivals.
func (m *mmpp) Next() (time.Duration, bool) {
	for m.t < m.end {
		at := m.t + m.draws.ExpFloat64()/m.rates[m.busy]
		if at < m.leave {
			m.t = at
			return seconds(at), at < m.end
		}
		// The exponential has no memory: the gap is drawn anew at the new rate.
		m.t = m.leave
		m.busy = 1 - m.busy
		m.leave += m.draws.ExpFloat64() * m.stays[m.busy]
	}
	return 0, false
}

// varying is a Poisson process whose rate is a function of time, by thinning
// (Lewis and Shedler 1979).
type varying struct {
	draws        *rand.Rand
	t, end, peak float64
	rate         func(t float64) float64 // at most peak
}

func beginVarying(s ArrivalSpec, peak float64, rate func(t float64) float64) func(*rand.Rand, rand.Source) Arrivals {
	return func(draws *rand.Rand, _ rand.Source) Arrivals {
		return &varying{draws: draws, end: s.Duration.Seconds(), peak: peak, rate: rate}
	}
}

// Next implements Arrivals.
func (v *varying) Next() (time.Duration, bool) {
	for v.t < v.end {
		v.t += v.draws.ExpFloat64() / v.peak
		if v.t < v.end && v.draws.Float64()*v.peak < v.rate(v.t) {
			return seconds(v.t), true
		}
	}
	return 0, false
}
