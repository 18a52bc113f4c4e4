// Package selfcheck compares the simulator with what queueing theory says of cases
// that can be solved, and with laws that hold in all cases: the reason to believe it
// where nothing can be solved.
//
// It is not a test of profiles or policies, and it measures no time. The checks run the
// driver that scenarios run ([virtual.Run]), with the whole serving system inside.
//
//  1. A check simulates a few replications of a station: Poisson arrivals, service times
//     from a table, first come first served.
//  2. What is random is compared by an interval over the replications (Student's t) that
//     is so wide that all checks of a sound engine together fail once in a thousand runs
//     at most. What is not random must be equal.
//  3. [Run] returns a [Line] for each. An [Engine] that is broken on purpose is how tests
//     make sure that every one of them can fail; there is no other way to hand one in.
//
// Example:
//
//	lines, err := selfcheck.Run(ctx, selfcheck.Options{Jobs: 2})
package selfcheck
