package des_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"slosim/sim/des"
)

const (
	departs uint8 = iota
	arrives
)

// station is a queue with some servers, first come, first served, written on
// nothing but the event list.
type station struct {
	list     des.List
	gap      func() time.Duration
	service  func() time.Duration
	idle     int
	waiting  []time.Duration // arrival instants, a ring
	head, n  int
	customer int
	waited   func(time.Duration)
}

func newStation(servers int, gap, service func() time.Duration, waited func(time.Duration)) *station {
	s := &station{gap: gap, service: service, idle: servers, waited: waited, waiting: make([]time.Duration, 1<<16)}
	s.list.Hold(gap(), arrives, 0)
	return s
}

// run takes events until so many customers have started.
func (s *station) run(customers int) {
	for s.customer < customers {
		e, _ := s.list.Next()
		switch e.Kind() {
		case arrives:
			s.waiting[(s.head+s.n)&(len(s.waiting)-1)] = e.At()
			s.n++
			s.list.Hold(e.At()+s.gap(), arrives, 0)
		case departs:
			s.idle++
		}
		if s.n > 0 && s.idle > 0 {
			s.start(e.At())
		}
	}
}

func (s *station) start(at time.Duration) {
	arrived := s.waiting[s.head]
	s.head = (s.head + 1) & (len(s.waiting) - 1)
	s.n--
	s.idle--
	s.customer++
	s.waited(at - arrived)
	s.list.Push(at+s.service(), departs, 0)
}

func exponential(src *rand.Rand, mean time.Duration) func() time.Duration {
	return func() time.Duration { return time.Duration(src.ExpFloat64() * float64(mean)) }
}

// batchMeans returns the mean of a correlated series and the half-width of its
// interval: 20 batches, Student's t with 19 degrees of freedom at 99.9 %.
func batchMeans(series []float64) (mean, half float64) {
	const batches, t = 20, 3.883
	size := len(series) / batches
	var means [batches]float64
	for i := range means {
		for _, x := range series[i*size : (i+1)*size] {
			means[i] += x / float64(size)
		}
		mean += means[i] / batches
	}
	sum := 0.0
	for _, m := range means {
		sum += (m - mean) * (m - mean)
	}
	return mean, t * math.Sqrt(sum/(batches-1)/batches)
}

// TestWaitingTimes compares with Pollaczek and Khinchine: W = rho/(1-rho) x (1+C^2)/2
// x mean service, C = 1 for exponential and 0 for constant service.
func TestWaitingTimes(t *testing.T) {
	const customers = 2_000_000
	mean := time.Millisecond
	for name, test := range map[string]struct {
		rho, squaredCV float64
	}{
		"M/M/1 at 0.5": {0.5, 1},
		"M/M/1 at 0.8": {0.8, 1},
		"M/D/1 at 0.5": {0.5, 0},
		"M/D/1 at 0.8": {0.8, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := rand.New(rand.NewPCG(7, 11))
			service := exponential(src, mean)
			if test.squaredCV == 0 {
				service = func() time.Duration { return mean }
			}
			waits := make([]float64, 0, customers)
			s := newStation(1, exponential(src, time.Duration(float64(mean)/test.rho)), service,
				func(w time.Duration) { waits = append(waits, float64(w)) })
			s.run(customers)
			got, half := batchMeans(waits)
			want := test.rho / (1 - test.rho) * (1 + test.squaredCV) / 2 * float64(mean)
			if math.Abs(got-want) > half || half > 0.05*want {
				t.Errorf("mean waiting time: want %.0f ns within an interval of at most 5 %%, got %.0f +- %.0f", want, got, half)
			}
		})
	}
}
