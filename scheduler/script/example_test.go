package script_test

import (
	"fmt"

	"slosim/scheduler"
	"slosim/scheduler/script"
)

func ExampleNew() {
	policy, err := script.New("lcao.star", "testdata", scheduler.NewParams(map[string]any{"headroom": 0.2}))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := policy.(scheduler.Binder).Bind(setting()); err != nil {
		fmt.Println(err)
		return
	}
	plan := &scheduler.Plan{}
	policy.Decide(view(), plan)
	for _, c := range plan.Commands() {
		fmt.Printf("%v query %d on worker %d at point %d: %v\n", c.Kind, c.Query, c.Worker, c.Point, c.Why)
	}
	// Output:
	// start query 7 on worker 0 at point 3: fits
	// start query 8 on worker 1 at point 1: queue
}
