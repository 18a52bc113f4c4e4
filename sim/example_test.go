package sim_test

import (
	"fmt"
	"time"

	"slosim/scheduler"
	"slosim/sim"
	"slosim/workloads"
)

// fastest takes the first waiting query to the first worker at point 0.
type fastest struct{}

func (fastest) Decide(v *scheduler.View, p *scheduler.Plan) {
	if len(v.Waiting) > 0 && !v.Workers[0].Busy {
		p.Start(0, v.Waiting[0].Ref, 0, scheduler.Cheapest)
	}
}

// printer writes one line a query.
type printer struct{}

func (printer) Record(r *sim.Record) {
	fmt.Printf("query %d: waited %v, took %v, in time: %v\n", r.Query.ID, r.StartAt-r.Query.ArriveAt, r.Busy, r.Met())
}

// The caller is the driver: it says what happened and carries out the commands.
func Example() {
	system, err := sim.New(sim.Config{
		Classes: []workloads.Class{{Name: "interactive", Share: 1, Target: workloads.Target{Latency: 5 * time.Millisecond}}},
		Models:  []sim.Model{{Points: 1}}, Workers: 1, Policy: fastest{}, Recorder: printer{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	system.Arrive(&workloads.Query{ID: 0}, 0)
	system.Arrive(&workloads.Query{ID: 1}, 0)
	for at := time.Duration(0); system.Counts().Waiting > 0; at += 3 * time.Millisecond {
		commands, err := system.Step(at)
		if err != nil {
			fmt.Println(err)
			return
		}
		system.Finish(commands[0].Worker, at+3*time.Millisecond, sim.Outcome{Right: true, Slowdown: 1})
	}
	// Output:
	// query 0: waited 0s, took 3ms, in time: true
	// query 1: waited 3ms, took 3ms, in time: false
}
