// Package virtual drives the serving system of package sim in virtual time. It
// owns the physics: how long a query really takes on a worker, what interference
// does to it, what a sensor reads, what a change of weights costs.
//
//  1. Run compiles the interference timeline of each worker, makes weights resident
//     and binds the policy.
//  2. It takes events in order of time: arrivals (streamed from Config.Stream), ends
//     of service and of activations, changes of level, sensor readings, wakes. At one
//     instant they are handled in the order of the event kinds in driver.go.
//  3. After all events of an instant that a policy could know of, the system's Step
//     asks the policy, and Run executes the commands: it draws the work of a query
//     and predicts when it ends.
//  4. When a level changes in mid-service the work done so far is accounted for and
//     the end is predicted anew; the older prediction is void (its version is old).
//  5. In a closed loop (Loop) the end of a query may bring an arrival, in the same
//     instant at the earliest; a client whose query is dropped waits until its deadline.
//  6. Arrivals stop at Duration. Run goes on until every query is finished or dropped,
//     or every deadline has passed; what is left then is recorded as dropped, Late.
//
// The work of a query has up to four parts, one after another: loading a group of
// weights that is not resident, the cold caches after a switch of groups, activation,
// execution. Activation and execution are quantiles of measured on-CPU time at the
// worker's level. A query keeps its quantile u for life, so that when the level
// changes, the share of a part that is left takes (1 - progress) x Q[new level](u).
// Where a level shares the core, work proceeds only while the worker has the core, by
// the measured (gap, wait) sequence replayed from an offset that is drawn per interval
// and worker: a function of virtual time alone, the same for all contenders.
//
// All draws are functions of (seed, replication, cause, query), so a run's records are
// the same bytes whatever runs beside it. It is not a model of the machine: every
// number comes from a profile.
//
// # Speed
//
// Where slosim bench --sim spends its 230 ns a query (pprof, --cpuprofile): drawing queries 13 %, the clock, two events and the
// serving system 33 %, the policy 17 %, drawing the work and its end 20 %, records and statistics 17 %: each part is done once and none
// leads. A bare M/M/4 takes 45 ns for its two events; the rest are five draws, five looks at tables beyond the near caches and branches that follow the draws.
//
//	stats, err := virtual.Run(ctx, &virtual.Config{
//		Set: &set, Truth: &set.Truth, Belief: belief, Levels: levels, Classes: classes,
//		Workers: 1, Stream: stream, Duration: time.Minute, Policy: policy, Key: key,
//	}, recorder)
package virtual
