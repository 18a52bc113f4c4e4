// Package measure runs the measuring campaign: from techniques and antagonists to a
// profile. It is the only place where service times and outcomes come from.
//
// It is not a benchmark of kernels, and it draws no conclusions: a technique that
// is slow or wrong is recorded as such.
//
//  1. The measuring thread is pinned to one core and the garbage collector is off.
//  2. Alone: every calibration and test image runs at every point at least once, in
//     blocks of calls of one point; blocks of all techniques and points come in
//     random order, each preceded by a call of the dense reference. Answers,
//     confidences, work classes and times are kept. Calibration images make the
//     calibration half, test images the truth half: the halves never mix. Several
//     times in between, all weights move to another place in memory: how they lie in
//     the caches is luck, and stays for the life of a process.
//  3. Under each level of disturbance the same blocks run on a sample of the images.
//     Chunks of blocks in which the antagonist did not get its share of its core are
//     thrown away and run again: kept by the antagonist's share, never by the result.
//  4. On a shared core, times are on-CPU times, and a recorder that only watches
//     the clock takes down when the core was away: a sequence of gaps and stalls.
//  5. Switching between weights (cold caches) and making weights resident are
//     measured last.
//
// Check re-measures a little of a profile to see whether it still holds here.
//
//	p, err := measure.Run(ctx, measure.Config{Techniques: ts, Reference: dense, ...})
package measure
