package policytest

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"slosim/scheduler"
)

// Check drives the world thrice with a fresh policy, twice the same and once with poisoned views, and
// says which rule it broke. It is what [Run] does with each world, for programs that are no test. A
// policy that is an io.Closer is closed after each.
func (w World) Check(fresh func() scheduler.Policy) error {
	first, err := w.driven(fresh)
	if err != nil {
		return err
	}
	if first.Arrived != w.Queries || first.Finished+first.Dropped != w.Queries {
		return fmt.Errorf("conservation: want %d queries, got %d arrived = %d finished + %d dropped", w.Queries, first.Arrived, first.Finished, first.Dropped)
	}
	again, err := w.driven(fresh)
	if err != nil || !slices.EqualFunc(first.Log, again.Log, Entry.equal) {
		return fmt.Errorf("determinism: want the same commands when run again, got others (%v)", err)
	}
	w.Poison = true
	poisoned, err := w.driven(fresh)
	if err != nil || !slices.EqualFunc(first.Log, poisoned.Log, Entry.equal) {
		return fmt.Errorf("retention: want the same commands when the view is spoiled after Decide, got others (%v)", err)
	}
	return nil
}

// driven is Drive for policies that may fail, while they are made too, or hold something.
func (w World) driven(fresh func() scheduler.Policy) (tally Tally, err error) {
	var policy scheduler.Policy
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case *scheduler.Failure:
			err = cause
		default:
			panic(cause)
		}
		if closer, ok := policy.(io.Closer); ok {
			err = errors.Join(err, closer.Close())
		}
	}()
	policy = fresh()
	return w.Drive(policy)
}
