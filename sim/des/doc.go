// Package des is the event list of a discrete-event simulation: a virtual clock,
// a heap of small event values, and one streamed event held beside the heap.
//
// It knows nothing of networks, queries or SLOs, runs nobody's code and draws no
// random number: the caller pops an event and switches on its kind.
//
//  1. The caller pushes future events with Push, and the next event of an already
//     ordered stream (arrivals) with Hold. A stream never enters the heap: at most
//     one of its events is held, and whoever pops it holds the next.
//  2. Next advances the clock to the earliest event and returns it.
//  3. Ties break by (time, kind, seq): the smaller kind first, then the event that
//     was pushed or held first. There is no other rule.
//
// Events are not cancelled in place. A caller that must cancel keeps a version
// number in the event's data and ignores events of older versions.
//
//	var list des.List
//	list.Push(3*time.Second, kindFinish, 0)
//	list.Hold(1*time.Second, kindArrive, 0)
//	for e, ok := list.Next(); ok; e, ok = list.Next() {
//		switch e.Kind() { ... }
//	}
package des
