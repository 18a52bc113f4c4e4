package virtual_test

import (
	"context"
	"fmt"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
	"slosim/workloads"
)

// printed writes one line a query.
type printed struct{}

func (printed) Record(r *sim.Record) {
	fmt.Printf("query %d: response time %v, right %v, in time %v\n", r.Query.ID, r.FinishAt-r.Query.ArriveAt, r.Right, r.Met())
}

// Two queries of 4 ms on one worker, which a neighbour slows down to half its speed
// from 6 ms on.
func ExampleRun() {
	half := profile.Half{
		Samples: 1, Outcomes: []profile.Outcome{{Right: true}},
		Execute: [][][]profile.Dist{{{{4_000_000}}, {{8_000_000}}}}, // point 0, levels 0 and 1, work class 0
	}
	stats, err := virtual.Run(context.Background(), &virtual.Config{
		Set:      &profile.Set{Points: []profile.Point{{Name: "dense"}}, Calibration: half, Truth: half},
		Levels:   []profile.Level{{Slowdown: 1}, {Slowdown: 2}},
		Timeline: []virtual.Interval{{From: 6 * time.Millisecond, To: time.Second, Level: 1, Worker: 0}},
		Classes:  []workloads.Class{{Name: "interactive", Share: 1, Target: workloads.Target{Latency: 10 * time.Millisecond}}},
		Workers:  1, Duration: time.Second,
		Stream: &listed{at: []time.Duration{0, time.Millisecond}, samples: 1},
		Policy: decide(func(v *scheduler.View, p *scheduler.Plan) {
			if len(v.Waiting) > 0 && !v.Workers[0].Busy {
				p.Start(0, v.Waiting[0].Ref, 0, scheduler.Fixed)
			}
		}),
	}, printed{})
	fmt.Println(stats.Finished, "finished by", stats.EndAt, err)
	// Output:
	// query 0: response time 4ms, right true, in time true
	// query 1: response time 9ms, right true, in time true
	// 2 finished by 10ms <nil>
}
