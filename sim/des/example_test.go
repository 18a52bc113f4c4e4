package des_test

import (
	"fmt"
	"time"

	"slosim/sim/des"
)

// A stream of arrivals is held beside the heap, one event at a time.
func Example() {
	const (
		departure uint8 = iota
		arrival
	)
	gaps := []time.Duration{1 * time.Second, 2 * time.Second}
	var list des.List
	list.Hold(gaps[0], arrival, 0)
	for e, ok := list.Next(); ok; e, ok = list.Next() {
		switch e.Kind() {
		case arrival:
			fmt.Println(e.At(), "arrival", e.Data())
			list.Push(e.At()+3*time.Second, departure, e.Data())
			if next := e.Data() + 1; next < uint64(len(gaps)) {
				list.Hold(e.At()+gaps[next], arrival, next)
			}
		case departure:
			fmt.Println(e.At(), "departure", e.Data())
		}
	}
	// Output:
	// 1s arrival 0
	// 3s arrival 1
	// 4s departure 0
	// 6s departure 1
}
