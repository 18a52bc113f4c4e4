package scenarios

import (
	"math"

	"slosim/engine/profile"
)

// mistaken returns a set in whose truth service takes a share longer than was measured, so that what
// policies were calibrated with is wrong. The set itself stays as it is.
func mistaken(set *profile.Set, share float64) *profile.Set {
	if share == 0 {
		return set
	}
	wrong := *set
	wrong.Truth.Activate = stretched(set.Truth.Activate, 1+share)
	wrong.Truth.Execute = allStretched(set.Truth.Execute, 1+share)
	wrong.Truth.Batched = allStretched(set.Truth.Batched, 1+share)
	return &wrong
}

func allStretched(all [][][]profile.Dist, factor float64) [][][]profile.Dist {
	if all == nil {
		return nil
	}
	out := make([][][]profile.Dist, len(all))
	for i := range all {
		out[i] = make([][]profile.Dist, len(all[i]))
		for j := range all[i] {
			out[i][j] = stretched(all[i][j], factor)
		}
	}
	return out
}

func stretched(dists []profile.Dist, factor float64) []profile.Dist {
	if dists == nil {
		return nil
	}
	out := make([]profile.Dist, len(dists))
	for i, d := range dists {
		out[i] = make(profile.Dist, len(d))
		for k, ns := range d {
			out[i][k] = uint32(min(math.Round(float64(ns)*factor), math.MaxUint32))
		}
	}
	return out
}
