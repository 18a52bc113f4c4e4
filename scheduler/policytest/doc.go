// Package policytest checks policies, anyone's: a conformance suite, and the small
// serving system and synthetic beliefs that it is made of.
//
// [Run] drives a policy through a set of small worlds (one point, cascades, overload,
// several workers, classes and models, probes, a slowing machine, a stale profile with its
// correction, batches, large queries, queues of workers, no slack and all the slack in the world) and
// checks that it
//
//  1. breaks no rule of the plan: points in range, queries that wait, idle workers, batches of
//     whole queries of one model, splits of no more samples than are left;
//  2. leaves no worker idle while queries wait, unless it has asked for a Wake;
//  3. decides the same when run again;
//  4. keeps neither the view nor the plan;
//  5. allocates nothing once warm, except while it plans anew ([Replanner]);
//  6. starts nothing when nothing waits or no worker is idle;
//  7. keeps its claim to be [Monotone] in slack, if it makes it;
//  8. comes to an end.
//
// [World.Drive] is that serving system. It is made for tests of decisions, with service
// times straight from the belief; it is not the simulator, and its numbers mean
// nothing outside a test.
//
// For example, in a policy's own test:
//
//	func TestMine(t *testing.T) {
//		policytest.Run(t, func() scheduler.Policy { return newMine(scheduler.NewParams(nil)) })
//	}
package policytest
