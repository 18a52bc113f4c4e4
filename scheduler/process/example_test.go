//go:build unix

package process_test

import (
	"context"
	"fmt"
	"io"

	"slosim/scheduler"
	"slosim/scheduler/process"
)

// A program runs from Bind to Close.
func ExampleNew() {
	policy, err := process.New(context.Background(), "python3 head.py", "testdata", scheduler.NewParams(nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer policy.(io.Closer).Close()
	if err := policy.(scheduler.Binder).Bind(setting()); err != nil {
		fmt.Println(err)
		return
	}
	plan := &scheduler.Plan{}
	policy.Decide(view(), plan)
	fmt.Println(plan.Commands())
}
