package reports

import (
	"math"
	"slices"
	"strings"
	"time"

	"slosim/reports/result"
	"slosim/workloads/rng"
)

// The fixture is a made-up but complete run: five contenders, two classes, six
// replications of a small queue with interference in the middle. Its server is
// ten lines of arithmetic: what is tested here is the report, not the world.

type fixturePoint struct{ density, us, accuracy float64 }

var fixtureDense = fixturePoint{1, 9100, 0.898}

var fixtureLadder = []fixturePoint{{0.05, 950, 0.861}, {0.1, 1480, 0.882}, {0.25, 2900, 0.893}, {0.5, 5400, 0.897}, fixtureDense}

var fixtureZoo = []fixturePoint{{0.06, 700, 0.848}, {0.12, 1300, 0.873}, {0.25, 2500, 0.887}, {0.5, 4700, 0.892}, fixtureDense}

type fixtureContender struct {
	name, technique, policy string
	choose                  func(backlog, slack time.Duration, slowdown float64) (fixturePoint, bool)
}

func fixtureContenders() []fixtureContender {
	fit := func(points []fixturePoint, margin float64) func(time.Duration, time.Duration, float64) (fixturePoint, bool) {
		return func(backlog, slack time.Duration, slowdown float64) (fixturePoint, bool) {
			for _, p := range slices.Backward(points) {
				if backlog+time.Duration(p.us*1e3*slowdown*margin) <= slack {
					return p, true
				}
			}
			return points[0], true
		}
	}
	full := func(time.Duration, time.Duration, float64) (fixturePoint, bool) { return fixtureDense, true }
	shed := func(backlog, slack time.Duration, slowdown float64) (fixturePoint, bool) {
		return fixtureDense, backlog+time.Duration(fixtureDense.us*1e3*slowdown) <= slack
	}
	return []fixtureContender{
		{"dense/full", "dense", "full", full},
		{"dense/shed", "dense", "shed", shed},
		{"zoo/lcao", "zoo", "lcao", fit(fixtureZoo, 1.3)},
		{"slo-nn/lcao", "slo-nn", "lcao", fit(fixtureLadder, 1.4)},
		{"slo-nn/clairvoyant-greedy", "slo-nn", "clairvoyant-greedy", fit(fixtureLadder, 1.5)},
	}
}

func fixtureConfig(replication int) TallyConfig {
	return TallyConfig{Replication: replication, Classes: []string{"interactive", "batch"}, Workers: 1,
		WarmUp: 5 * time.Second, Duration: 60 * time.Second, Bin: time.Second, Samples: 2000, Objectives: []float64{0.98, 0.95},
		Interference: []Span{{20 * time.Second, 40 * time.Second}}}
}

// fixtureTally runs one replication of one contender.
func fixtureTally(c *fixtureContender, replication int) *Tally {
	t := NewTally(fixtureConfig(replication))
	fixtureQueries(c, replication, t.Add)
	return t
}

// fixtureBatches runs replication 0 of a contender in batches.
func fixtureBatches(contender int) *Batches {
	b := NewBatches(fixtureConfig(0))
	fixtureQueries(&fixtureContenders()[contender], 0, b.Add)
	return b
}

// fixtureQueries is one replication of one contender.
func fixtureQueries(c *fixtureContender, replication int, add func(*Observation)) {
	t := NewTally(fixtureConfig(replication)) // for its configuration
	key := rng.Key{Seed: 7, Replication: uint32(replication)}
	exponential := func(cause rng.Cause, id uint64) float64 { return -math.Log(1 - key.Float(cause, id)) }
	var at, free time.Duration
	believed := 1.0
	var waiting []time.Duration // starts of queries not started yet
	for id := uint64(0); ; id++ {
		rate := 75 * (1 + 0.3*math.Sin(2*math.Pi*at.Seconds()/25))
		at += time.Duration(exponential(rng.Arrival, id) / rate * 1e9)
		if at >= t.config.Duration {
			return
		}
		slowdown := 1.0
		if t.windowOf(at) == interference {
			slowdown = 1.9
		}
		believed += 0.05 * (slowdown*(1+0.1*(key.Float(rng.SensorNoise, id)-0.5)) - believed)
		class, latency, target := uint16(0), 30*time.Millisecond, 0.86
		if key.Float(rng.ClassOf, id) > 0.7 {
			class, latency, target = 1, 120*time.Millisecond, 0.88
		}
		backlog := max(0, free-at)
		point, ok := c.choose(backlog, latency, believed)
		waiting = slices.DeleteFunc(waiting, func(s time.Duration) bool { return s <= at })
		o := Observation{Class: class, Sample: uint32(key.Index(rng.SampleOf, id, 2000)), Queue: int32(len(waiting)),
			ArriveAt: at, StartAt: -1, FinishAt: -1, Deadline: at + latency, Accuracy: target,
			Density: point.density, Slowdown: slowdown, Believed: believed}
		if ok {
			o.Busy = time.Duration(point.us * 1e3 * slowdown * (0.92 + 0.1*exponential(rng.Service, id)))
			o.StartAt = max(at, free)
			o.FinishAt = o.StartAt + o.Busy
			free = o.FinishAt
			o.Right = key.Float(rng.Training, uint64(o.Sample)) < point.accuracy
			waiting = append(waiting, o.StartAt)
		}
		add(&o)
	}
}

func fixtureTallies(replications int) []Contender {
	var contenders []Contender
	for _, c := range fixtureContenders() {
		run := Contender{Name: c.name, Technique: c.technique, Policy: c.policy}
		for r := range replications {
			run.Tallies = append(run.Tallies, fixtureTally(&c, r))
		}
		contenders = append(contenders, run)
	}
	return contenders
}

func fixtureFront(technique string, points []fixturePoint, overhead float64) result.Front {
	front := result.Front{Technique: technique}
	for i, p := range points {
		us := p.us + overhead
		half := 1.96 * math.Sqrt(p.accuracy*(1-p.accuracy)/10000)
		front.Points = append(front.Points, result.FrontPoint{
			Name: "k=" + result.FormatFloat(p.density), Density: p.density, MeanUS: us, MeanLo: us * 0.98, MeanHi: us * 1.02,
			P99US: us * 1.8, Accuracy: p.accuracy, AccuracyLo: p.accuracy - half, AccuracyHi: p.accuracy + half,
			Calibrated: p.accuracy + 0.002, Cascade: technique == "slo-nn" && i == 2, Speedup: fixtureDense.us / us})
	}
	return front
}

func fixtureFigures(contenders []Contender) (result.Figures, error) {
	lines, cdfs, err := DrawnSeries(contenders)
	return result.Figures{Schema: result.Schema, Timeline: lines, CDFs: cdfs, WarmUp: 5, Duration: 60, Alerts: Alerts(55 * time.Second),
		Fronts:      []result.Front{fixtureFront("dense", []fixturePoint{fixtureDense}, 0), fixtureFront("zoo", fixtureZoo, 30), fixtureFront("slo-nn", fixtureLadder, 60)},
		Reliability: []result.Reliability{fixtureReliability("k=0.2", 0.97), fixtureReliability("k=1", 1)},
		Shaded:      []result.Interval{{FromS: 20, ToS: 40, Kind: "memory", Degree: 1}},
		Classes: []result.SLO{{Name: "interactive", Share: 0.7, LatencyMS: 30, Accuracy: 0.86, Objective: 0.98},
			{Name: "batch", Share: 0.3, LatencyMS: 120, Accuracy: 0.88, Objective: 0.95}},
		Campaign: result.Campaign{Machine: map[string]string{"CPU": "AMD EPYC 9R14", "L2": "1 MiB", "L3": "32 MiB"},
			Levels: []result.CampaignLevel{{Name: "alone", Slowdown: 1, Kept: 24960},
				{Name: "memory 1.0", Slowdown: 1.92, Kept: 10240, Discarded: 384, Share: 0.97}},
			ReferenceUS: 9084, Drift: 0.021, Blocks: 780, BlockSize: 32, Seconds: 214,
			Warnings: []string{"level \"memory 1.0\": 384 of 10,624 samples discarded, the antagonist's CPU share was off"}},
	}, err
}

// fixtureReliability answers right less often than its confidence says, by a factor.
func fixtureReliability(point string, factor float64) result.Reliability {
	r := result.Reliability{Technique: "slo-nn", Point: point, Images: 10000, ECE: (1 - factor) * 0.8, ECEChance: 0.0104}
	for i := range 10 {
		c := 0.55 + 0.045*float64(i)
		right := c * factor
		half := 1.96 * math.Sqrt(right*(1-right)/1000)
		r.Bins = append(r.Bins, result.ReliabilityBin{Images: 1000, From: c - 0.02, To: c + 0.02, Confidence: c,
			Right: right, RightLo: right - half, RightHi: right + half})
	}
	return r
}

func fixtureBounds() []result.Bound {
	known := func(mean, lo, hi float64) result.Metric { return result.Metric{Mean: &mean, Lo: &lo, Hi: &hi} }
	return []result.Bound{
		{Technique: "zoo", Images: 10000, Right: known(0.942, 0.9373, 0.9464), ServiceUS: known(1802.4, 1790.1, 1814.7)},
		{Technique: "slo-nn", Images: 10000, Right: known(0.9391, 0.9342, 0.9436), ServiceUS: result.Metric{Missing: result.Few}},
	}
}

func fixtureManifest() result.Manifest {
	return result.Manifest{Schema: result.Schema, Version: "0.1.0", Commit: "0123456789ab", Go: "go1.26.8", CPU: "AMD EPYC 9R14",
		Cores: 2, Kernel: "avx512", Command: "slosim run noisy-neighbour.toml -o result", Scenario: "noisy-neighbour.toml",
		ScenarioHash: strings.Repeat("5f3a", 16), ProfileHash: strings.Repeat("c07e", 16), ProfileOrigin: "cache", Seed: 7,
		ScenarioText: "schema = 1\ntitle = \"A noisy neighbour\"\n", StartedAt: "2026-01-02T03:04:05Z",
		WallSeconds: 1.5, QueriesPerSecond: 1.2e6, Warnings: []string{}}
}

// fixtureRun is the whole of what a run hands to the report.
func fixtureRun(replications int) (result.Manifest, result.Summary, result.Figures, error) {
	contenders := fixtureTallies(replications)
	s, err := Summarise(Heading{Title: "A noisy neighbour slows the memory", Notes: []string{"trace scaled by modulate: keeps the shape over minutes"}, Bounds: fixtureBounds()}, contenders)
	if err != nil {
		return result.Manifest{}, s, result.Figures{}, err
	}
	f, err := fixtureFigures(contenders)
	return fixtureManifest(), s, f, err
}
