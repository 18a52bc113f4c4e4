package scenarios

import (
	"context"
	"math"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/reports"
	"slosim/scheduler"
	"slosim/sim/virtual"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// coverage is a small experiment whose truth has a closed form: M/M/1, first come,
// first served, one operating point that answers a share of all images right, whenever
// it answers. An experiment measures some images of its own, so that its interval has
// to allow for the luck of the test set.
type coverage struct {
	replications int
	duration     time.Duration
	images       int
	service      time.Duration // mean, exponential
	latency      time.Duration
	accuracy     float64 // of all images there could be
}

// coverageRate is arrivals a second, and coverageWarmup the head that is not measured.
const (
	coverageRate   = 500
	coverageWarmup = 200 * time.Millisecond
)

// stretches is how many independent parts each replication is cut into.
func (c coverage) stretches() int {
	if c.replications == 1 {
		return 20
	}
	return 1
}

// truths are closed forms: the response time of M/M/1 is exponential with rate mu - lambda.
func (c coverage) truths() map[string]float64 {
	slack := 1/c.service.Seconds() - coverageRate
	attainment := 1 - math.Exp(-slack*c.latency.Seconds())
	all := map[string]float64{
		"attainment":         attainment,
		"accuracy":           c.accuracy,
		"effective_accuracy": attainment * c.accuracy,
	}
	if (c.duration-coverageWarmup).Seconds()*coverageRate > 2200*float64(c.stretches()) { // in each replication, or there is no interval
		all["p99_ms"] = 1e3 * math.Log(100) / slack
	}
	return all
}

// contest makes the experiment of a seed, as Run would of a scenario and a profile.
func (c coverage) contest(seed int64, service profile.Dist) *contest {
	half := profile.Half{Samples: c.images, Execute: [][][]profile.Dist{{{service}}}}
	key := rng.Key{Seed: uint64(seed)}
	for i := range c.images {
		half.Outcomes = append(half.Outcomes, profile.Outcome{Right: key.Float(rng.Campaign, uint64(i)) < c.accuracy})
	}
	set := profile.Set{Technique: "x", Points: []profile.Point{{Name: "a", Density: 1}}, Groups: []profile.Group{{Name: "a"}}, Truth: half}
	p := &profile.Profile{Levels: []profile.Level{{Slowdown: 1}}, Sets: []profile.Set{set}}
	s := &Scenario{
		Seed: seed, Replications: c.replications, Duration: Duration(c.duration), Warmup: Duration(coverageWarmup),
		Arrivals: Arrivals{Kind: "poisson", Rate: coverageRate}, Machines: []Machine{{Workers: 1}},
		Classes: []Class{{Name: "only", Objective: defaultObjective}},
	}
	return &contest{
		scenario: s, policies: makers{scheduler.Registry{"fifo": func(*scheduler.Params) scheduler.Policy { return fifo{} }}},
		profile:  measured{Profile: p},
		entrants: []entrant{{Contender: Contender{Name: "x", Policy: "fifo"}, set: &p.Sets[0]}},
		classes:  []workloads.Class{{Name: "only", Share: 1, Target: workloads.Target{Latency: c.latency}}},
		samples:  c.images,
	}
}

// fifo serves the head at the only point.
type fifo struct{}

func (fifo) Decide(v *scheduler.View, p *scheduler.Plan) {
	if len(v.Waiting) > 0 && !v.Workers[0].Busy {
		p.Start(0, v.Waiting[0].Ref, 0, scheduler.Fixed)
	}
}

// exponentialTimes are the quantiles of an exponential distribution at the middles of n equal shares.
func exponentialTimes(n int, mean time.Duration) profile.Dist {
	d := make(profile.Dist, n)
	for i := range d {
		d[i] = uint32(-math.Log1p(-(float64(i)+0.5)/float64(n)) * float64(mean))
	}
	return d
}

// intervals runs an experiment the way that Run does and returns the cell of all queries.
func (c coverage) intervals(seed int64, service profile.Dist) (map[string][2]float64, error) {
	made := c.contest(seed, service)
	if err := made.arrive(); err != nil {
		return nil, err
	}
	contender := reports.Contender{Name: "x"}
	for replication := range c.replications {
		out := made.run(context.Background(), made.entrants[0], replication, false, nil)
		if out.err != nil {
			return nil, out.err
		}
		contender.Tallies = append(contender.Tallies, out.tally)
		contender.Batches = out.batches
	}
	summary, err := reports.Summarise(reports.Heading{}, []reports.Contender{contender})
	if err != nil {
		return nil, err
	}
	ends := map[string][2]float64{}
	for name, m := range summary.Cells[0].Metrics {
		if m.Lo != nil && m.Hi != nil {
			ends[name] = [2]float64{*m.Lo, *m.Hi}
		}
	}
	return ends, nil
}

// TestIntervalCoverage runs 1,000 small experiments from arrivals to the summary: a 95 %
// interval must hold the truth in 92 to 98 % of them. 1,000 experiments know a share of
// 95 % within one standard error of 0.7 %.
func TestIntervalCoverage(t *testing.T) {
	if testing.Short() {
		t.Skip("5,000 experiments take most of a minute")
	}
	const experiments = 1000
	for name, c := range map[string]coverage{
		"5 replications":                {replications: 5, duration: 5 * time.Second, images: 1000, service: time.Millisecond, latency: 4 * time.Millisecond, accuracy: 0.9},
		"2 replications":                {replications: 2, duration: 4800 * time.Millisecond, images: 3000, service: time.Millisecond, latency: 6 * time.Millisecond, accuracy: 0.8},
		"10 replications of few images": {replications: 10, duration: 1200 * time.Millisecond, images: 200, service: time.Millisecond, latency: 6 * time.Millisecond, accuracy: 0.9},
		"one run in batches":            {replications: 1, duration: 45200 * time.Millisecond, images: 3000, service: time.Millisecond, latency: 6 * time.Millisecond, accuracy: 0.9},
		"a low load":                    {replications: 5, duration: 4800 * time.Millisecond, images: 3000, service: 500 * time.Microsecond, latency: 3 * time.Millisecond, accuracy: 0.9},
	} {
		t.Run(name, func(t *testing.T) {
			service := exponentialTimes(2000, c.service)
			results := make([]map[string][2]float64, experiments)
			for _, err := range virtual.RunAll(context.Background(), 2, experiments, func(i int) (err error) {
				results[i], err = c.intervals(int64(i+1), service)
				return err
			}) {
				if err != nil {
					t.Fatal(err)
				}
			}
			for metric, truth := range c.truths() {
				share, below, width := covered(t, results, metric, truth)
				t.Logf("%-18s truth %.4f, mean half-width %.4f, covered %.3f, below %.3f", metric, truth, width, share, below)
				if share < 0.92 || share > 0.98 {
					t.Errorf("%s: want the truth in 92 to 98 %% of the intervals, got %.1f %%", metric, 100*share)
				}
			}
		})
	}
}

// covered returns which share of the intervals hold the truth, which lie below it, and
// their mean half-width.
func covered(t *testing.T, results []map[string][2]float64, metric string, truth float64) (share, below, width float64) {
	t.Helper()
	n := float64(len(results))
	for _, ends := range results {
		e, ok := ends[metric]
		if !ok {
			t.Fatalf("%s: want an interval in every experiment", metric)
		}
		width += (e[1] - e[0]) / 2 / n
		switch {
		case e[1] < truth:
			below += 1 / n
		case e[0] <= truth:
			share += 1 / n
		}
	}
	return share, below, width
}
