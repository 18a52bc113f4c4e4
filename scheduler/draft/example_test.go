package draft_test

import (
	"fmt"

	"slosim/scheduler"
	"slosim/scheduler/draft"
)

func ExampleDraft() {
	var d draft.Draft
	plan := &scheduler.Plan{}
	d.Begin(view(), plan)
	fmt.Println(d.Add(&scheduler.Command{Kind: scheduler.Start, Query: 1, Point: 2}), len(plan.Commands()))
	fmt.Println(d.Check(&scheduler.Command{Kind: scheduler.Start, Worker: 1, Query: 2, Point: 9}))
	// Output:
	// <nil> 1
	// start: point: want 0..3, got 9
}
