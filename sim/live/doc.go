// Package live drives the serving system of package sim on the wall clock: one worker
// thread runs the real kernels, queries arrive at their intended instants, antagonists
// disturb for real. It is what the virtual driver is compared with.
//
// It is not a server: queries come from a schedule that is known beforehand, nothing
// crosses a network, and there is one worker.
//
//  1. Run serves on the calling goroutine's thread, which the caller has bound to a core, with
//     the garbage collector off (measure.Seize does both).
//  2. The idle worker polls the clock. What is due (an arrival, a reading of the sensor, a
//     wake) is told to the system at the instant at which the worker saw it; how much later
//     than intended that was is its lateness. No other thread is needed, so that other cores
//     belong to the antagonists.
//  3. The system's Step asks the policy. A query that it starts runs at once, on this
//     thread, to its end.
//  4. Afterwards the worker catches up: what became due meanwhile is told in order, each
//     thing at its own instant and with a Step of its own, as in virtual time; then the end
//     of the query, then Step decides what is next. Response times count from the intended
//     arrival: a worker that is late makes every query behind it late too (no coordinated
//     omission).
//  5. A goroutine of its own turns the antagonists on and off at the ends of the intervals.
//     What it really did is in Stats.
//  6. Arrivals end at Duration; Run goes on until all is finished or late, as in virtual time.
//
// The sensor reads what it reads in virtual time: the calibrated slow-down of the level that
// the timeline says, with the same noise. The way from an instant of the clock to a policy's
// decision and the start of the kernel is the runtime's overhead. [Stats] has it, and the
// virtual driver takes it (virtual.Config.Overhead).
//
//	stats, err := live.Run(ctx, &live.Config{
//		Set: &set, Belief: belief, Levels: levels, Classes: classes, Queries: queries,
//		Duration: 3 * time.Second, Policy: policy, Key: key, Runner: runner, OnCPU: threadTime,
//	}, recorder)
package live
