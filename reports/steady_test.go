package reports

import (
	"math"
	"strings"
	"testing"
	"time"

	"slosim/workloads/rng"
)

// The dumb version: the definition, computed anew for each cut.
func TestMSERIsItsDefinition(t *testing.T) {
	for seed := range uint64(50) {
		var y []float64
		for i := range 100 {
			y = append(y, 3*math.Exp(-float64(i)/float64(1+seed))+rng.Key{Seed: seed}.Float(1, uint64(i)))
		}
		best, least := 0, math.Inf(1)
		for d := 0; d <= len(y)-5; d++ {
			n, mean, s := float64(len(y)-d), 0.0, 0.0
			for _, v := range y[d:] {
				mean += v / n
			}
			for _, v := range y[d:] {
				s += (v - mean) * (v - mean)
			}
			if s /= n * n; s < least*(1-1e-12) {
				best, least = d, s
			}
		}
		if got, ok := mser(y); got != best || ok != (best <= 50) {
			t.Errorf("seed %d: want a cut of %d, got %d, %v", seed, best, got, ok)
		}
	}
}

// settling is a contender whose response times fall to their level with a time constant.
func settling(warmUp, constant time.Duration, seed uint64) *Contender {
	config := TallyConfig{Classes: []string{"a"}, Workers: 1, WarmUp: warmUp, Duration: 100 * time.Second, Bin: time.Second}
	tally := NewTally(config)
	for i := range 20_000 {
		at := 0.005 * float64(i)
		extra := 0.0
		if constant > 0 {
			extra = 0.02 * math.Exp(-at/constant.Seconds())
		}
		o := answered(at, at, at+extra-0.01*math.Log1p(-rng.Key{Seed: seed}.Float(1, uint64(i))))
		tally.Add(&o)
	}
	return &Contender{Name: "x", Tallies: []*Tally{tally}}
}

func TestWarmUpNotes(t *testing.T) {
	short := warmUpNotes([]Contender{*settling(time.Second, 5*time.Second, 1)})
	if len(short) != 1 || !strings.Contains(short[0], "x: response times are steady from ") || !strings.Contains(short[0], "but are measured from 1s") {
		t.Errorf("want a warning of a short warm-up, got %q", short)
	}
	from, late := steadyFrom(settling(time.Second, 5*time.Second, 1))
	if !late || from < 8*time.Second || from > 40*time.Second {
		t.Errorf("want a cut 1.6 to 8 time constants from the start, got %v, %v", from, late)
	}
	if enough := warmUpNotes([]Contender{*settling(from, 5*time.Second, 1)}); len(enough) > 0 {
		t.Errorf("want no warning with a warm-up of %v, got %q", from, enough)
	}
	for seed := range uint64(200) {
		if got := warmUpNotes([]Contender{*settling(time.Second, 0, seed)}); len(got) > 0 {
			t.Errorf("seed %d: want no warning where all is steady, got %q", seed, got)
		}
	}
}
