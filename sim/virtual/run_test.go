package virtual_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
	"slosim/workloads"
)

// TestConfigErrors: every contradiction is refused, by name.
func TestConfigErrors(t *testing.T) {
	for want, change := range map[string]func(c *virtual.Config){
		"want a set":               func(c *virtual.Config) { c.Set = nil },
		"warm-up < duration":       func(c *virtual.Config) { c.Warmup = c.Duration },
		"sensor":                   func(c *virtual.Config) { c.Sensor.Noise = math.NaN() },
		"memory: want at least":    func(c *virtual.Config) { c.Memory = -1 },
		"quiet level":              func(c *virtual.Config) { c.Quiet = 2 },
		"from < to":                func(c *virtual.Config) { c.Timeline = []virtual.Interval{{From: 2, To: 2}} },
		"interval 0: level":        func(c *virtual.Config) { c.Timeline = []virtual.Interval{{To: 2, Level: 2}} },
		"interval 0: worker":       func(c *virtual.Config) { c.Timeline = []virtual.Interval{{To: 2, Worker: 1}} },
		"interval 0: factor":       func(c *virtual.Config) { c.Timeline = []virtual.Interval{{To: 2, Factor: -1}} },
		"interval 1: overlaps":     func(c *virtual.Config) { c.Timeline = []virtual.Interval{{To: 9}, {From: 8, To: 10, Worker: -1}} },
		"truth: want outcomes":     func(c *virtual.Config) { c.Truth = &profile.Half{} },
		"times at 2 levels":        func(c *virtual.Config) { h := newHalf([]time.Duration{1}); c.Truth = &h },
		"activation: want 2":       func(c *virtual.Config) { c.Set.Activates = true },
		"want at most 5 bytes":     func(c *virtual.Config) { c.Memory, c.Set.Groups[0].Bytes = 5, 6 },
		"load was not measured":    func(c *virtual.Config) { c.Memory, c.Set.Groups = 9, []profile.Group{{Bytes: 5}, {Bytes: 5}} },
		"switch to \"b\" was not":  func(c *virtual.Config) { c.Set.Groups = []profile.Group{{Name: "a"}, {Name: "b"}} },
		"level 1: profile: stall":  func(c *virtual.Config) { c.Stalls = [][]profile.Stall{nil, {{Gap: -1}}} },
		"wants the truth":          func(c *virtual.Config) { c.Policy = &anything{} },
		"workers: want at least 1": func(c *virtual.Config) { c.Workers = 0 },
		"policy: want one":         func(c *virtual.Config) { c.Policy = nil },
	} {
		c := newConfig(newSet(newHalf([]time.Duration{1, 1})), 1, 2)
		c.Stream = &listed{at: []time.Duration{0}, samples: 4}
		change(c)
		if _, err := virtual.Run(context.Background(), c, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// queries is a stream of queries given whole.
type queries []workloads.Query

func (q *queries) Next(one *workloads.Query) bool {
	if len(*q) == 0 {
		return false
	}
	*one, *q = (*q)[0], (*q)[1:]
	return true
}

func TestStreamErrors(t *testing.T) {
	for want, stream := range map[string]queries{
		"want an arrival at 5ns":  {{ArriveAt: 5}, {ID: 1, ArriveAt: 4}},
		"want class 0..0":         {{Class: 1}},
		"and model 0":             {{Model: 1}},
		"want sample 0..3, got 4": {{}, {Sample: 4}},
	} {
		c := newConfig(newSet(newHalf([]time.Duration{1})), 1)
		c.Stream = &stream
		if _, err := virtual.Run(context.Background(), c, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// TestRuleErrorPasses: the contender's breach comes out as what it is.
func TestRuleErrorPasses(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{1})), 1)
	c.Stream = &listed{at: []time.Duration{7 * ms}, samples: 4}
	c.Policy = fixed(1)
	_, err := virtual.Run(context.Background(), c, nil)
	var rule *sim.RuleError
	if !errors.As(err, &rule) || rule.At != 7*ms {
		t.Errorf("want a rule error at 7ms, got %v", err)
	}
}

// TestNothingArrives: an empty run ends at once, sensor or not.
func TestNothingArrives(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{1})), 1)
	c.Stream = &listed{}
	c.Sensor.Period = ms
	if _, stats := run(t, c); stats.Arrived != 0 || stats.EndAt != 0 {
		t.Errorf("want nothing, got %+v", stats)
	}
}

// learning sees completions.
type learning struct {
	decide
	labelled, right, seen int
}

func (l *learning) Observe(c scheduler.Completion) {
	l.seen++
	if c.HasCorrect {
		l.labelled++
	}
	if c.Correct {
		l.right++
	}
}

// TestFeedbackShare: half of the completions tell whether the answer was right, and
// half of the answers are.
func TestFeedbackShare(t *testing.T) {
	set := newSet(newHalf([]time.Duration{10}))
	set.Truth.Outcomes[1].Right, set.Truth.Outcomes[3].Right = false, false
	c := newConfig(set, 1)
	const n = 4000
	c.Duration = n * ms
	var arrivals []time.Duration
	for i := range time.Duration(n) {
		arrivals = append(arrivals, i*ms)
	}
	for _, feedback := range []sim.Feedback{{Granted: true}, {Granted: true, Share: 0.5}, {Granted: true, Share: 1}, {Share: 1}} {
		policy := &learning{decide: fixed(0)}
		c = clone(c, &listed{at: arrivals, samples: 4}, policy)
		c.Feedback = feedback
		run(t, c)
		seen, labelled := n, feedback.Share*n
		if !feedback.Granted {
			seen, labelled = 0, 0
		}
		near := func(got int, want float64) bool { return math.Abs(float64(got)-want) < 150 }
		if policy.seen != seen || !near(policy.labelled, labelled) || !near(policy.right, labelled/2) {
			t.Errorf("%+v: want %d seen, about %v labelled and half of them right, got %+v", feedback, seen, labelled, policy)
		}
	}
}

// TestCancelled: a cancelled run stops with the context's error.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c := newConfig(newSet(newHalf([]time.Duration{10})), 1)
	c.Duration = 1000 * time.Hour
	c.Stream = &poisson{key: c.Key, mean: ms, samples: 4, classes: 1}
	c.Policy = decide(func(v *scheduler.View, p *scheduler.Plan) {
		if v.Arrived == 10_000 {
			cancel()
		}
		fixed(0)(v, p)
	})
	if _, err := virtual.Run(ctx, c, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("want %v, got %v", context.Canceled, err)
	}
}

func TestRunAll(t *testing.T) {
	failed := errors.New("failed")
	for _, jobs := range []int{-1, 1, 3, 100} {
		results := make([]int, 50)
		errs := virtual.RunAll(context.Background(), jobs, len(results), func(i int) error {
			results[i] += i * i
			if i == 7 {
				return failed
			}
			return nil
		})
		for i := range results {
			if results[i] != i*i || (errs[i] != nil) != (i == 7) {
				t.Errorf("%d jobs: index %d: want %d, got %d; %v", jobs, i, i*i, results[i], errs[i])
			}
		}
	}
	if errs := virtual.RunAll(context.Background(), 4, 0, nil); len(errs) != 0 {
		t.Errorf("nothing to do: got %v", errs)
	}
}

// TestRunAllStops: after a cancel nothing new begins, and what did not run says so.
func TestRunAllStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var ran atomic.Int64
	errs := virtual.RunAll(ctx, 2, 1000, func(i int) error {
		if ran.Add(1) == 10 {
			cancel()
		}
		return nil
	})
	if n := ran.Load(); n < 10 || n > 11 {
		t.Errorf("want 10 or 11 runs, got %d", n)
	}
	if !slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, context.Canceled) }) {
		t.Error("want the context's error for what did not run")
	}
}

// choosy takes the most accurate point whose 0.9-quantile meets the deadline, after a
// probe if the technique has confidences: everything that a policy may ask.
func choosy(v *scheduler.View, p *scheduler.Plan) {
	if len(v.Waiting) == 0 || v.Workers[0].Busy {
		return
	}
	w := &v.Waiting[0]
	if !w.Probed && v.Arrived%3 == 0 {
		p.Probe(0, w.Ref)
		return
	}
	best, most := 0, -1.0
	for point := range v.Models[0].Points() {
		worth := v.Models[0].Accuracy(point)
		if c, ok := v.Confidence(w.Ref, point); ok {
			worth = c
		}
		if v.Quantile(0, 0, point, 0.9) <= w.Slack(v.Now) && worth > most {
			best, most = point, worth
		}
	}
	p.Start(0, w.Ref, best, scheduler.Fits)
}

// confidentSet has two points; the dear one is right more often, and the confidence
// of both tells something.
func confidentSet() *profile.Set {
	half := newHalf([]time.Duration{2 * ms, 4 * ms}, []time.Duration{5 * ms, 10 * ms})
	half.Samples, half.Outcomes = 100, nil
	for point := range 2 {
		for i := range half.Samples {
			right := i%4 > 1-point
			half.Outcomes = append(half.Outcomes, profile.Outcome{Right: right, Confidence: float32((i*7+point)%20) + float32(i%4)})
		}
	}
	half.Activate = []profile.Dist{constant(ms / 2), constant(ms)}
	set := newSet(half)
	set.HasConfidence = true
	return set
}

// TestPolicySeesNoTruth: the views of a run, shown again to the same policy over a
// profile whose truth is spoiled in times and answers, give the same plans.
func TestPolicySeesNoTruth(t *testing.T) {
	build := func(spoil bool) *virtual.Config {
		set := confidentSet()
		if spoil {
			set.Truth = newHalf([]time.Duration{ms, 900 * ms}, []time.Duration{3, 3})
			set.Truth.Activate = []profile.Dist{constant(1), constant(1)}
			set.Truth.Outcomes[0].Right = false
		}
		c := newConfig(set, 1, 2)
		belief, err := profile.NewBelief(set, c.Levels)
		if err != nil {
			t.Fatal(err)
		}
		c.Belief = belief
		c.Classes[0].Latency = 12 * ms
		c.Timeline = []virtual.Interval{{From: 300 * ms, To: 700 * ms, Level: 1}}
		c.Sensor = virtual.Sensor{Period: 20 * ms, Lag: 10 * ms, Noise: 0.1}
		return c
	}
	honest, spoiled := build(false), build(true)
	seen := &watched{policy: decide(choosy)}
	c := clone(honest, &poisson{key: honest.Key, mean: 6 * ms, samples: 100, classes: 1}, seen)
	kept, _ := run(t, c)
	points := map[int]int{}
	for i := range kept {
		points[kept[i].Point]++
	}
	if points[0] < 10 || points[1] < 10 {
		t.Fatalf("a policy that chooses is wanted, got points %v", points)
	}
	probed := 0
	for i := range seen.sights {
		recorded := &seen.sights[i]
		if len(recorded.view.Waiting) > 0 && recorded.view.Waiting[0].Probed {
			probed++
		}
		var plan scheduler.Plan
		choosy(recorded.over([]*profile.Belief{spoiled.Belief}), &plan)
		if diff := cmp.Diff(recorded.plan, plan.Commands(), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("decision %d at %v depends on the truth:\n%s", i, recorded.view.Now, diff)
		}
	}
	if probed < 10 {
		t.Errorf("want decisions with confidences among them, got %d", probed)
	}
}
