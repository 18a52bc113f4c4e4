// Package scheduler decides: which waiting queries start next, on which worker, and
// at which operating point.
//
// A [Policy] answers and never acts. The serving system calls Decide once per
// instant, after all events of that instant:
//
//  1. the [View] shows the queue with its deadlines, the workers, their believed
//     slow-down, and calibrated accuracy and service times per operating point;
//  2. the policy writes commands into the [Plan]: Start, StartBatch, Split, Probe, Drop, Wake;
//  3. the system applies them in order and refuses what breaks the rules.
//
// A policy that needs more states so by optional interfaces ([Binder], [Observer],
// [Keyer], [Batcher], [TruthUser]). It must never rely on the index of a point: a cascade may
// have a higher accuracy, a lower mean and a worse tail than its neighbours.
//
// The built-in policies, one a file, are made by the factories in [Builtin]. Those that take one
// query at a time share a dispatcher: first come, first served, work conserving, and the
// parameter drop ("expired", "hopeless", "never"), so that they differ in the choice
// of the point alone. Those that batch share a batcher, which adds what runs together and how long
// it waits for more. The exception is inverse, which is pathological on purpose: it
// serves the last come first and does the opposite of lcao, as a check that an
// experiment can tell good from bad. What each paper says, what is ours and the parameters stand
// in the comment of its type; slosim list policies shows the parameters.
//
// A policy may come by two more routes: a script (package script) and a program (package process).
//
// What it is not: it has no clock, goroutine or random source of its own, knows no
// sample or outcome (clairvoyants excepted), and reads no scenario. To add a policy
// see the example, and run scheduler/policytest on it.
package scheduler
