package reports

// pairing says which contenders are compared in a group of cells: all with all, or, of
// many, those that share a technique or a policy, and everybody with whoever is best in
// something.
type pairing [][]bool

func newPairing(runs []Contender, samples [][]*cellSample, group int) pairing {
	p := make(pairing, len(runs))
	for i := range runs {
		p[i] = make([]bool, len(runs))
		for j := range runs {
			p[i][j] = len(runs) <= manyContenders || runs[i].Technique == runs[j].Technique || runs[i].Policy == runs[j].Policy
		}
	}
	for m := range metrics {
		if top := topContender(runs, samples, group, m); len(runs) > manyContenders && top >= 0 {
			for i := range runs {
				p[i][top], p[top][i] = true, true
			}
		}
	}
	return p
}

// topContender returns the competitor of the best mean, -1 without one; earlier wins ties.
func topContender(runs []Contender, samples [][]*cellSample, group, m int) int {
	top, highest := -1, 0.0
	for i := range runs {
		mean := samples[i][group].metric(m).Mean
		if metrics[m].better == 0 || mean == nil || isClairvoyant(runs[i].Policy) {
			continue
		}
		if value := float64(metrics[m].better) * *mean; top < 0 || value > highest {
			top, highest = i, value
		}
	}
	return top
}
