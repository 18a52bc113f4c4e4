// Package simbench measures the event list against the floor of its arithmetic: the same
// queue as a bare recursion, without any list of events.
//
// It is not a benchmark of the serving system; scenarios runs that, because it needs a
// profile and a policy.
//
//  1. [Station] simulates M/M/4 with [des.List], two events a customer, [Recursion] the
//     same customers from the same draws by Kiefer and Wolfowitz: who comes next starts
//     when the first of the servers is free.
//  2. Both return the sum of the waiting times, so that nothing can be left out, and a
//     test holds that they agree.
//
// Example:
//
//	sum := simbench.Station(1, 1_000_000)
package simbench
