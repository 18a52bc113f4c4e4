// Package antagonist runs programs that disturb a measurement on purpose: they
// compete for a core, for memory bandwidth or for the shared cache.
//
// It is not a model of interference: nothing here computes a slow-down. It makes
// a real one and reports how much of a core it really got.
//
//  1. Start re-executes the program as a child process, so that antagonist and
//     worker share no Go scheduler and no garbage collector.
//  2. The child pins a thread to its core, says "ready" and disturbs for
//     Intensity of the time, in periods of 10 ms, until its standard input closes.
//  3. Share reads how much of the core the thread got since the last call, from
//     the kernel's accounting; the measurer keeps samples by that alone.
//  4. Stop closes the input and waits for the child to end.
//
// The "cpu" antagonist shares the worker's core; "memory" and "cache" run on a
// neighbouring one.
//
//	p, err := antagonist.Start(launcher, antagonist.Spec{Kind: "memory", Intensity: 1, CPU: 1})
//	defer p.Stop()
package antagonist
