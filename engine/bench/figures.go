package bench

import (
	"fmt"
	"slices"
)

// Figures names the ratios that are followed over time, those that were measured:
//
//   - dense.GROUP.share_of_limit, of our dense float32 kernel
//   - gather.GROUP.Npct.speedup and .share_of_loads, with N per cent of the rows; of cold
//     rows gather.GROUP.cold.Npct, whose speed-up is over the dense kernel that was
//     fastest in each round, ours or a library's
//   - activator.784.share_of_dense, activator.linear.share_of_dense and
//     select.1024.top10pct.share_of_dense, of the time of the dense network
func Figures(rows []Row) map[string]Ratio {
	figures := map[string]Ratio{}
	for _, r := range rows {
		switch {
		case r.Kernel == "dense" && r.Type == "float32":
			figures["dense."+r.Group+".share_of_limit"] = r.ShareOfLimit
		case r.Kernel == "gather" && r.Type == "float32":
			key, speedup := fmt.Sprintf("gather.%s.%gpct", r.Group, 100*r.Density), r.Speedup
			if r.State == Cold {
				key = fmt.Sprintf("gather.%s.cold.%gpct", r.Group, 100*r.Density)
				speedup = RatioOf(overBest(rows, r))
			}
			figures[key+".speedup"] = speedup
			if r.ShareOfLoads.Rounds > 0 {
				figures[key+".share_of_loads"] = r.ShareOfLoads
			}
		case r.Figure != "":
			figures[r.Figure+".share_of_dense"] = r.Speedup.inverse()
		}
	}
	return figures
}

// overBest returns, round by round, the speed-up over the dense kernel that was the
// fastest in that round, ours or a library's.
func overBest(rows []Row, r Row) []float64 {
	over := slices.Clone(r.speedups)
	for i := range over {
		best := 1.0
		for _, other := range rows {
			if other.Group == r.Group && other.Library && other.Type == "float32" && i < len(other.speedups) {
				best = max(best, other.speedups[i])
			}
		}
		over[i] /= best
	}
	return over
}

// FasterLibraries lists, by group, the library whose dense kernel is clearly faster than
// ours, and how many times: speed-ups, which count from ours, then flatter.
func FasterLibraries(rows []Row) (notes []string) {
	for _, r := range rows {
		if r.Library && r.Speedup.Lo > 1.05 {
			notes = append(notes, fmt.Sprintf("%s: %s is %.2f times as fast as our dense kernel, which speed-ups and shares count from", r.Group, r.Kernel, r.Speedup.Median))
		}
	}
	return notes
}
