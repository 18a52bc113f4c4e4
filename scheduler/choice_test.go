package scheduler_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
)

// cascadeFront is a front whose cascade has a lower mean and a worse tail than its neighbours.
func cascadeFront() []policytest.Spec {
	return append(policytest.Front(), policytest.Spec{Name: "cascade", Density: 0.2, Accuracy: 0.89, Mean: 200 * time.Microsecond, Spread: 0.1, Tail: 9})
}

// drawView draws a queue and a slow-down.
func drawView(t *rapid.T, models []*profile.Belief, workers int) *scheduler.View {
	v := view(models, workers)
	v.Now = time.Second
	for w := range v.Workers {
		v.Workers[w].Slowdown = rapid.Float64Range(0.5, 4).Draw(t, "slow-down")
	}
	for i := range rapid.IntRange(1, 12).Draw(t, "waiting") {
		slack := time.Duration(rapid.IntRange(1, 6000).Draw(t, "slack")) * time.Microsecond
		v.Waiting = append(v.Waiting, scheduler.Waiting{
			Ref: scheduler.QueryRef(i), Deadline: v.Now + slack, Accuracy: rapid.Float64Range(0.5, 1).Draw(t, "target"),
		})
	}
	return v
}

func decideOnce(policy scheduler.Policy, v *scheduler.View) []scheduler.Command {
	plan := &scheduler.Plan{}
	policy.Decide(v, plan)
	return plan.Commands()
}

// exhaustive returns the point with the highest score, the first of equals.
func exhaustive(points int, score func(point int) float64) int {
	best := 0
	for p := range points {
		if score(p) > score(best) {
			best = p
		}
	}
	return best
}

func TestACLOAgreesWithExhaustiveSearch(t *testing.T) {
	models := []*profile.Belief{policytest.Belief(false, cascadeFront()...)}
	policy := mustNew(t, "aclo", nil)
	rapid.Check(t, func(t *rapid.T) {
		v := drawView(t, models, 1)
		got := decideOnce(policy, v)[0]
		want := exhaustive(len(models[0].Points()), func(p int) float64 {
			accuracy := models[0].Accuracy(p)
			if accuracy >= v.Waiting[0].Accuracy {
				return 1e12 - float64(v.Mean(0, 0, p))
			}
			return accuracy
		})
		if got.Point != want {
			t.Fatalf("target %v: want point %d, got %d", v.Waiting[0].Accuracy, want, got.Point)
		}
		if met := models[0].Accuracy(want) >= v.Waiting[0].Accuracy; met != (got.Why == scheduler.Accurate) {
			t.Fatalf("why: got %v", got.Why)
		}
	})
}

func TestACLOProbesAndUsesTheConfidence(t *testing.T) {
	world := policytest.Worlds()[7]
	if world.Name != "confidences" {
		t.Fatal("want the world with confidences")
	}
	plain, err := world.Drive(mustNew(t, "aclo", nil))
	if err != nil {
		t.Fatal(err)
	}
	probing, err := world.Drive(mustNew(t, "aclo", map[string]any{"probe": true}))
	if err != nil {
		t.Fatal(err)
	}
	count := func(tally policytest.Tally, kind scheduler.Kind) (n int) {
		for _, e := range tally.Log {
			if e.Command.Kind == kind {
				n++
			}
		}
		return n
	}
	if got, want := count(probing, scheduler.Probe), count(probing, scheduler.Start); got < want {
		t.Errorf("want each query probed, got %d probes for %d starts", got, want)
	}
	if count(plain, scheduler.Probe) != 0 {
		t.Error("want no probes without the parameter")
	}
	// Synthetic confidences tell each query's hardness: whatever can be answered right is.
	if probing.Right <= plain.Right {
		t.Errorf("want more right answers with confidences, got %d after %d", probing.Right, plain.Right)
	}
}

// dumbLCAO tests every point against every query, in the words of the policy's comment.
func dumbLCAO(v *scheduler.View, q, headroom float64) int {
	model := v.Models[0]
	cheapest := exhaustive(len(model.Points()), func(p int) float64 { return -float64(v.Mean(0, 0, p)) })
	return exhaustive(len(model.Points()), func(p int) float64 {
		if p != cheapest && !dumbFits(v, p, cheapest, q, headroom) {
			return -1
		}
		return model.Accuracy(p)
	})
}

func dumbFits(v *scheduler.View, p, cheapest int, q, headroom float64) bool {
	before, workers, fits := 0.0, float64(len(v.Workers)), true
	for i := range v.Waiting {
		slack := v.Waiting[i].Slack(v.Now)
		chance := v.Within(0, 0, cheapest, slack-time.Duration(before*float64(v.Mean(0, 0, cheapest))))
		if chance == 0 && i > 0 {
			continue
		}
		if chance == 0 {
			return false
		}
		left := slack - time.Duration(before/(1-headroom)*float64(v.Mean(0, 0, p)))
		fits = fits && (v.Quantile(0, 0, p, q) <= left || v.Within(0, 0, p, left) >= q*chance)
		if i == 0 && workers > 1 {
			before = 1
		} else {
			before += 1 / workers
		}
	}
	return fits
}

func TestLCAOAgreesWithExhaustiveSearch(t *testing.T) {
	models := []*profile.Belief{policytest.Belief(false, cascadeFront()...)}
	for _, params := range []map[string]any{nil, {"headroom": 0.0, "quantile": 0.9}} {
		policy := mustNew(t, "lcao", params)
		q, headroom := 0.99, 0.5
		if params != nil {
			q, headroom = 0.9, 0
		}
		bind(t, policy, models, 1)
		rapid.Check(t, func(t *rapid.T) {
			v := drawView(t, models, rapid.IntRange(1, 3).Draw(t, "workers"))
			for w := 1; w < len(v.Workers); w++ {
				v.Workers[w].Busy = true
			}
			got, want := decideOnce(policy, v)[0].Point, dumbLCAO(v, q, headroom)
			if got != want {
				t.Fatalf("want point %d, got %d", want, got)
			}
		})
	}
}

// TestMoreSlackNeverLowersAccuracy holds while no query is lost: a query that becomes
// worth saving may cost the others accuracy.
func TestMoreSlackNeverLowersAccuracy(t *testing.T) {
	models := []*profile.Belief{policytest.Belief(false, policytest.Front()...)}
	policy := mustNew(t, "lcao", nil)
	bind(t, policy, models, 1)
	rapid.Check(t, func(t *rapid.T) {
		v := drawView(t, models, 1)
		for i := range v.Waiting {
			v.Waiting[i].Deadline += v.Quantile(0, 0, 0, 1) * time.Duration(i+1)
		}
		before := models[0].Accuracy(decideOnce(policy, v)[0].Point)
		i := rapid.IntRange(0, len(v.Waiting)-1).Draw(t, "which")
		v.Waiting[i].Deadline += time.Duration(rapid.IntRange(1, 5000).Draw(t, "more")) * time.Microsecond
		if after := models[0].Accuracy(decideOnce(policy, v)[0].Point); after < before {
			t.Fatalf("want at least %v, got %v", before, after)
		}
	})
}

func TestLCAOReasons(t *testing.T) {
	models := []*profile.Belief{policytest.Belief(false, policytest.Front()...)}
	policy := mustNew(t, "lcao", map[string]any{"utilisation": 0.9, "window": "10ms"})
	bind(t, policy, models, 1)
	cases := []struct {
		name    string
		slacks  []time.Duration
		arrived uint64
		point   string
		why     scheduler.Reason
	}{
		{"all the time", []time.Duration{time.Second}, 0, "100%", scheduler.Fits},
		{"little time", []time.Duration{400 * time.Microsecond}, 0, "30%", scheduler.Fits},
		{"no time", []time.Duration{50 * time.Microsecond}, 0, "10%", scheduler.Cheapest},
		{"queue", []time.Duration{time.Second, 900 * time.Microsecond}, 0, "30%", scheduler.Queue},
		{"load", []time.Duration{time.Second}, 15, "60%", scheduler.LoadRule},
	}
	for i, c := range cases {
		v := view(models, 1)
		v.Now = time.Duration(i+1)*time.Second - 10*time.Millisecond
		policy.Decide(v, &scheduler.Plan{}) // the window starts
		v.Now, v.Arrived = v.Now+10*time.Millisecond, c.arrived
		for ref, slack := range c.slacks {
			v.Waiting = append(v.Waiting, scheduler.Waiting{Ref: scheduler.QueryRef(ref), Deadline: v.Now + slack})
		}
		got := decideOnce(policy, v)[0]
		if name := models[0].Points()[got.Point].Name; name != c.point || got.Why != c.why {
			t.Errorf("%s: want %s because %v, got %s because %v", c.name, c.point, c.why, name, got.Why)
		}
	}
}
