// Package profile holds what was measured of a technique, and what a policy may
// believe because of it.
//
// A [Profile] has one [Set] per technique. A set has two halves that never mix:
// the calibration half is all that a policy may see, the truth half is what the
// simulator draws from. Times are on-CPU times of one query, as empirical
// distributions ([Dist]); stalls of a shared core are kept apart, as measured
// sequences of (gap, wait), so that no stall is counted twice.
//
// The flow:
//
//  1. engine/measure fills a Profile, [Profile.Validate] checks it;
//  2. [Profile.Save] and [Load] keep it in a compact, checksummed file;
//  3. [Set.Check] and [Differences] say whether it fits this network and machine;
//  4. [Half.Resample] makes one replication's bootstrap of the truth half, from
//     which the simulator draws with [Half.Service], [Half.Activation] and [Timeline];
//  5. [NewBelief] compiles the calibration half into tables over one scalar, the
//     believed slow-down. That a scalar cannot tell a noisy cache from a shared
//     core is the point: a sensor sees no more than that.
//
// What it is not: it measures nothing, simulates nothing, and knows no policy.
//
// For example, the time within which 99 of 100 queries at point 0 are answered
// on a machine that is believed to be 1.7 times slower than alone:
//
//	belief, err := profile.NewBelief(&p.Sets[0], p.Levels)
//	if err != nil {
//		return err
//	}
//	limit := belief.Quantile(0, 0.99, 1.7)
package profile
