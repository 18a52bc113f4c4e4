// Package sim is the serving system: queries arrive, wait, are planned by a
// policy, run on workers, finish or are dropped, and are recorded.
//
// It is a pure step machine. It has no clock, goroutine, random draw or I/O, and
// it knows no physics: how long a query takes, whether its answer is right and how
// slow a machine is come in from a driver (sim/virtual in virtual time, sim/live in
// wall time). All drivers use the very same machine and policies.
//
//  1. The driver reports the events of one instant: Arrive, Finish, Activated,
//     Sense and Timer. Each only updates the state.
//  2. It calls Step once for that instant. Step shows the policy a View, asks it to
//     Decide, checks every command against the state, applies it and returns the
//     commands.
//  3. The driver executes them physically: it starts the query or the activation
//     on the worker, or sets a timer. Drops and duplicates of a pending Wake need
//     nothing of it and are applied already.
//  4. A query that finishes or is dropped goes to the Recorder and is forgotten.
//
// A command that breaks the rules is a RuleError of the contender, and so is a
// policy that leaves queries waiting while every worker idles and no Wake is
// pending: nobody would call it again. Input of the driver that contradicts the
// state (a finish on an idle worker) is a bug and panics.
//
// At every instant arrived = finished + dropped + waiting + running; Step checks it.
//
//	system, err := sim.New(sim.Config{Classes: classes, Models: models, Workers: 1, Policy: policy, Recorder: recorder})
//	system.Arrive(&query, query.ArriveAt)
//	commands, err := system.Step(query.ArriveAt) // e.g. Start query 0 on worker 0 at point 2
//	system.Finish(0, finishAt, sim.Outcome{Right: true, Slowdown: 1})
//	commands, err = system.Step(finishAt)
package sim
