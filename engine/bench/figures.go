package bench

import "fmt"

// Figures names the ratios that are followed over time, those that were measured:
//
//   - dense.GROUP.share_of_limit, of our dense float32 kernel
//   - gather.GROUP.Npct.speedup and .share_of_loads, with N per cent of the rows; of cold
//     rows gather.GROUP.cold.Npct, whose speed-up is over the fastest dense kernel of
//     any library
//   - activator.784.share_of_dense, activator.linear.share_of_dense and
//     select.1024.top10pct.share_of_dense, of the time of the dense network
func Figures(rows []Row) map[string]Ratio {
	figures, best := map[string]Ratio{}, bestDense(rows)
	for _, r := range rows {
		switch {
		case r.Kernel == "dense" && r.Type == "float32":
			figures["dense."+r.Group+".share_of_limit"] = r.ShareOfLimit
		case r.Kernel == "gather" && r.Type == "float32":
			key, speedup := fmt.Sprintf("gather.%s.%gpct", r.Group, 100*r.Density), r.Speedup
			if r.State == Cold {
				key = fmt.Sprintf("gather.%s.cold.%gpct", r.Group, 100*r.Density)
				speedup = speedup.times(1 / best[r.Group])
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

// bestDense returns, for each group, how many times as fast as our own dense kernel the
// fastest dense one is: 1 if it is ours.
func bestDense(rows []Row) map[string]float64 {
	best := map[string]float64{}
	for _, r := range rows {
		if r.Type == "float32" && r.Library {
			best[r.Group] = max(best[r.Group], r.Speedup.Median)
		}
		best[r.Group] = max(best[r.Group], 1)
	}
	return best
}
