package scheduler_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
)

func TestSlackFitAgreesWithExhaustiveSearch(t *testing.T) {
	models := []*profile.Belief{policytest.Belief(false, cascadeFront()...)}
	policy := mustNew(t, "slackfit", map[string]any{"buckets": int64(1000)})
	bind(t, policy, models, 1)
	rapid.Check(t, func(t *rapid.T) {
		v := drawView(t, models, 1)
		slack := v.Waiting[0].Slack(v.Now)
		got := decideOnce(policy, v)[0].Point
		most := v.Quantile(0, 0, 3, 0.5)
		want := exhaustive(len(models[0].Points()), func(p int) float64 {
			latency := v.Quantile(0, 0, p, 0.5)
			if latency <= slack {
				return 1 + models[0].Accuracy(p)
			}
			return -float64(latency)
		})
		near := v.Quantile(0, 0, want, 0.5) > slack-most/500 // within a bucket's width
		if got != want && !near {
			t.Fatalf("slack %v: want point %d, got %d", slack, want, got)
		}
		if v.Quantile(0, 0, got, 0.5) > slack && models[0].Accuracy(got) > models[0].Accuracy(want) {
			t.Fatalf("slack %v: point %d does not fit", slack, got)
		}
	})
}

func TestALERTLearnsTheSlowdown(t *testing.T) {
	models := frontModels()
	policy := mustNew(t, "alert", nil)
	bind(t, policy, models, 1)
	name := func() string {
		v := view(models, 1) // believed slow-down 1: it must not matter
		v.Waiting = []scheduler.Waiting{{Deadline: 2500 * time.Microsecond}}
		return models[0].Points()[decideOnce(policy, v)[0].Point].Name
	}
	observe := func(slowdown float64) {
		r := rand.New(rand.NewPCG(1, 2))
		for range 50 {
			noise := 0.95 + 0.1*r.Float64()
			policy.(scheduler.Observer).Observe(scheduler.Completion{Point: 1, FinishAt: time.Duration(250e3 * slowdown * noise)})
		}
	}
	for _, c := range []struct {
		slowdown float64
		want     string
	}{{1, "100%"}, {3, "60%"}, {8, "30%"}, {1, "100%"}} {
		observe(c.slowdown)
		if got := name(); got != c.want {
			t.Errorf("after completions %v times as slow: want %s, got %s", c.slowdown, c.want, got)
		}
	}
}

// A burst is drained by the largest batch that the head's slack allows, at the best point for it;
// a query alone gets the most accurate point.
func TestSlackFitBatchesBursts(t *testing.T) {
	models := []*profile.Belief{policytest.BatchedBelief(0.25, false, policytest.Front()...)}
	policy := mustNew(t, "slackfit", map[string]any{"batch": int64(8)})
	bind(t, policy, models, 1)
	decide := func(waiting int, slack time.Duration) (count int, point string) {
		v := view(models, 1)
		for i := range waiting {
			v.Waiting = append(v.Waiting, scheduler.Waiting{Ref: scheduler.QueryRef(i + 1), Deadline: slack, Left: 1})
		}
		c := decideOnce(policy, v)[0]
		return max(1, len(c.Batch)), models[0].Points()[c.Point].Name
	}
	for _, c := range []struct {
		waiting int
		slack   time.Duration
		count   int
		point   string
	}{
		{1, 10 * time.Millisecond, 1, "100%"},
		{20, 10 * time.Millisecond, 8, "100%"},
		{20, 900 * time.Microsecond, 8, "30%"},
		{20, 400 * time.Microsecond, 8, "10%"},
		{20, time.Microsecond, 1, "10%"},
	} {
		if count, point := decide(c.waiting, c.slack); count != c.count || point != c.point {
			t.Errorf("%d waiting, slack %v: want %d at %s, got %d at %s", c.waiting, c.slack, c.count, c.point, count, point)
		}
	}
}
