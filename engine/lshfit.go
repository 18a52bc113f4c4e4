package engine

import (
	"fmt"
	"slices"

	"slosim/engine/activator"
	"slosim/engine/kernel"
	"slosim/engine/profile"
	"slosim/workloads/rng"
)

// FitLSHConfidence measures on images, which must not be those that built the tables,
// how often answers at the given densities agree with the full network's, and keeps
// that per bucket in the tables. No label is read. Shares ascend and end with 1.
func FitLSHConfidence(net *Network, set *kernel.Set, tables *activator.LSHTables, images activator.Images, shares []float64) error {
	if len(shares) == 0 || shares[len(shares)-1] != 1 {
		return fmt.Errorf("lsh confidence: want densities that end with 1, got %v", shares)
	}
	bare := *tables
	bare.Shares = nil
	t, err := newSLOLSH(net, set, &bare, shares)
	if err != nil {
		return err
	}
	session, agreed := t.NewSession(), make([]bool, len(shares))
	tables.FitConfidence(set, images, shares, func(x []float32) []bool {
		session.Activate(Dense(x))
		full := session.Execute(len(shares)-1, Dense(x)).Answer
		for i := range agreed {
			agreed[i] = session.Execute(i, Dense(x)).Answer == full
		}
		return agreed
	})
	return nil
}

// ChooseLSH builds tables of every shape that [activator.LSHSizes] allows in budget
// bytes from the fit images, adds confidences from the confidence images, and returns
// those whose answers agree most often with the full network's, over all shares. No
// label is read.
func ChooseLSH(net *Network, set *kernel.Set, fit, confidence activator.Images, budget int64, shares []float64, key rng.Key) (*activator.LSHTables, error) {
	var best *activator.LSHTables
	observer := NewObserver(net, set, len(net.Levels)-1)
	for _, size := range activator.LSHSizes(net.Nodes()-net.Outputs(), budget) {
		tables, err := activator.BuildLSH(set, observer, fit, net.Inputs(), size, key)
		if err != nil {
			return nil, err
		}
		if err := FitLSHConfidence(net, set, tables, confidence, shares); err != nil {
			return nil, err
		}
		if best == nil || agreement(tables) > agreement(best) {
			best = tables
		}
	}
	if best == nil {
		return nil, fmt.Errorf("lsh tables: want a budget for 4 tables of 8 bits, got %d bytes for %d nodes", budget, net.Nodes()-net.Outputs())
	}
	return best, nil
}

// ChooseCandidateLSH builds tables over the first hidden layer of a network, of every
// shape that [activator.LSHSizes] allows in budget bytes, from the fit images, and returns
// those whose candidates keep the most answers on the other images: over candidate shares
// from 10 to 50 %, how often the answer at a level agrees with that of all nodes at the
// same level. No label is read.
func ChooseCandidateLSH(net *Network, set *kernel.Set, fit, other activator.Images, budget int64, level int, key rng.Key) (*activator.LSHTables, error) {
	var best *activator.LSHTables
	most := -1
	first := net.Layers[0].W.Rows
	observer := firstLayer{NewObserver(net, set, level)}
	for _, size := range activator.LSHSizes(first, budget) {
		tables, err := activator.BuildLSH(set, observer, fit, net.Inputs(), size, key)
		if err != nil {
			return nil, err
		}
		agreed, err := candidatesAgree(net, set, tables, other, net.Levels[level].Share)
		if err != nil {
			return nil, err
		}
		if agreed > most {
			best, most = tables, agreed
		}
	}
	if best == nil {
		return nil, fmt.Errorf("lsh tables: want a budget for 4 tables of 8 bits, got %d bytes for %d nodes", budget, first)
	}
	return best, nil
}

// firstLayer shows the first hidden layer only.
type firstLayer struct{ *Observer }

// Hidden implements [activator.Network].
func (f firstLayer) Hidden(x []float32) [][]float32 { return f.Observer.Hidden(x)[:1] }

// candidatesAgree counts, over images and candidate shares, the answers that agree with
// those of all candidates.
func candidatesAgree(net *Network, set *kernel.Set, tables *activator.LSHTables, images activator.Images, kept float64) (int, error) {
	opt := SLONNOptions{Activator: activator.NewLSH(set, tables)}
	for _, share := range []float64{0.1, 0.2, 0.3, 0.4, 0.5, 1} {
		opt.Points = append(opt.Points, SparsePoint{Candidates: share, Kept: kept})
	}
	t, err := NewSLONN(net, set, opt)
	if err != nil {
		return 0, err
	}
	all := slices.IndexFunc(t.Points(), func(p profile.Point) bool { return p.Name == opt.Points[len(opt.Points)-1].Name() })
	session, agreed := t.NewSession(), 0
	eachSample(images, net.Inputs(), func(_ int, x []float32) {
		want := session.Execute(all, Dense(x)).Answer
		for point := range t.Points() {
			agreed += one(point != all && session.Execute(point, Dense(x)).Answer == want)
		}
	})
	return agreed, nil
}

// agreement sums the overall agreements of all shares.
func agreement(t *activator.LSHTables) float32 {
	sum := float32(0)
	for _, share := range t.Agreement.Row(t.Agreement.Rows - 1) {
		sum += share
	}
	return sum
}
