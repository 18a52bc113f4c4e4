package scenarios

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"slosim/engine"
	"slosim/engine/profile"
	"slosim/reports"
	"slosim/reports/result"
)

// shippedSeed is the training seed of the weights that ship.
const shippedSeed = 1

// Tradeoff measures accuracy against time of every technique and point, and prints
// the fastest point of each technique within the allowed loss. With several seeds, the
// networks of the others are trained on demand (and cached), and the second table
// averages over them.
func (a *App) Tradeoff(ctx context.Context, o TradeoffOptions) error {
	family, err := FindFamily(o.Network)
	if err != nil {
		return err
	}
	techniques := o.Techniques
	if len(techniques) == 0 {
		techniques = everyTechnique()
	}
	var trades []trade
	for seed := shippedSeed; seed < shippedSeed+o.Seeds; seed++ {
		t, err := a.trade(ctx, family, techniques, seed, o)
		if err != nil {
			return err
		}
		trades = append(trades, t)
	}
	return printTrades(o, trades)
}

// everyTechnique lists the techniques to compare. slo-nn-probe is left out: its points
// are those of slo-nn with a first pass that only a policy can use.
func everyTechnique() []Technique {
	var list []Technique
	for _, name := range engine.Techniques() {
		if name != "slo-nn-probe" {
			list = append(list, Technique{Name: name})
		}
	}
	return list
}

// trade is one seed's measurement.
type trade struct {
	seed int
	*profile.Profile
	plain [2]float64 // accuracy that losses count from: calibration, truth
}

// trade measures the techniques over the networks of a seed, alone.
func (a *App) trade(ctx context.Context, family Family, techniques []Technique, seed int, o TradeoffOptions) (trade, error) {
	app, err := a.withSeed(ctx, family, seed, o)
	if err != nil {
		return trade{}, err
	}
	s := subject{family: family, seed: uint64(seed)}
	for _, t := range techniques {
		built, err := app.technique(family, t)
		if err != nil {
			return trade{}, err
		}
		s.techniques = append(s.techniques, built)
	}
	m, err := app.profileOf(ctx, s, "", o.Progress)
	if err != nil {
		return trade{}, err
	}
	return trade{seed: seed, Profile: m.Profile, plain: plainAccuracy(m.Profile)}, nil
}

// withSeed returns an App whose networks are those of a training seed.
func (a *App) withSeed(ctx context.Context, family Family, seed int, o TradeoffOptions) (*App, error) {
	if seed == shippedSeed {
		return a, nil
	}
	app := *a
	dir := filepath.Join(a.CacheDir, "networks", fmt.Sprintf("%s-seed%d-%s", family.Name, seed, a.Kernels.Name))
	if nets, err := openAll(dir, a.familyNames(family)); err == nil {
		app.Source = sourceOf(nets)
		return &app, nil
	}
	training := TrainOptions{Console: o.Console, Network: family.Name, Seed: int64(seed), Data: o.Data, Out: dir}
	training.Console.Out = io.Discard
	if a.CacheDir == "" {
		nets, err := a.trainFamily(ctx, family, training)
		app.Source = sourceOf(nets)
		return &app, err
	}
	if err := a.Train(ctx, training); err != nil {
		return nil, err
	}
	nets, err := openAll(dir, a.familyNames(family))
	app.Source = sourceOf(nets)
	return &app, err
}

// familyNames lists the networks of a family.
func (a *App) familyNames(family Family) []string {
	var names []string
	for _, name := range a.Source.Names {
		if len(name) > len(family.Name) && name[:len(family.Name)+1] == family.Name+"." {
			names = append(names, name)
		}
	}
	return names
}

// openAll opens trained networks from a folder.
func openAll(dir string, names []string) ([]*engine.Network, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	var nets []*engine.Network
	for _, name := range names {
		net, err := engine.Open(filepath.Join(dir, weightsFile(name)))
		if err != nil {
			return nil, err
		}
		nets = append(nets, net)
	}
	return nets, nil
}

// plainAccuracy returns what losses are counted from in each half: the better of the
// plain network and the sparse-trained one at 100 %, which are the densest points.
func plainAccuracy(p *profile.Profile) (best [2]float64) {
	for i := range p.Sets {
		set := &p.Sets[i]
		for point := range set.Points {
			if set.Points[point].Density >= 1-1e-9 && !set.Points[point].Cascade {
				best[0] = max(best[0], set.Calibration.Accuracy(point))
				best[1] = max(best[1], set.Truth.Accuracy(point))
			}
		}
	}
	return best
}

// rows are the lines of one technique.
func (t *trade) rows(set *profile.Set) []reports.TradeoffRow {
	reference := denseService(t.Profile)
	var rows []reports.TradeoffRow
	for point, p := range set.Points {
		service := serviceOf(set, &set.Truth, point)
		speedup := reference.mean / service.mean
		spread := speedup * math.Hypot(reference.half/reference.mean, service.half/service.mean)
		accuracy := set.Truth.Accuracy(point)
		half := z95 * math.Sqrt(accuracy*(1-accuracy)/float64(set.Truth.Samples))
		rows = append(rows, reports.TradeoffRow{
			Technique: set.Technique, Point: p.Name, Cascade: p.Cascade, Density: p.Density,
			MeanUS: service.mean / 1e3, MeanLo: (service.mean - service.half) / 1e3, MeanHi: (service.mean + service.half) / 1e3,
			Speedup: speedup, SpeedupLo: speedup - spread, SpeedupHi: speedup + spread,
			CalibrationAccuracy: set.Calibration.Accuracy(point),
			CalibrationLoss:     t.plain[0] - set.Calibration.Accuracy(point),
			TestAccuracy:        accuracy,
			TestLoss:            t.plain[1] - accuracy,
			TestLossLo:          t.plain[1] - accuracy - half,
			TestLossHi:          t.plain[1] - accuracy + half,
		})
	}
	return rows
}

// choose returns the fastest point of a technique, by calibration times, whose loss on
// the calibration images is allowed: one standard error of the paired difference is
// kept as a margin, since the test images will not be as kind as those that chose.
// -1 if there is none.
func (t *trade) choose(set *profile.Set, loss float64) int {
	best, fastest := -1, math.Inf(1)
	for point := range set.Points {
		lost := t.plain[0] - set.Calibration.Accuracy(point)
		if lost+t.margin(set, point) > loss+1e-12 {
			continue
		}
		if mean := serviceOf(set, &set.Calibration, point).mean; mean < fastest {
			best, fastest = point, mean
		}
	}
	return best
}

// margin is one standard error of the accuracy difference between a point and the
// technique's densest one, paired by calibration image.
func (t *trade) margin(set *profile.Set, point int) float64 {
	dense := 0
	for i, p := range set.Points {
		if !p.Cascade && p.Density >= set.Points[dense].Density {
			dense = i
		}
	}
	differ, sum := 0.0, 0.0
	n := set.Calibration.Samples
	for i := range n {
		a, b := set.Calibration.At(dense, i).Right, set.Calibration.At(point, i).Right
		if a != b {
			differ++
			if a {
				sum++
			} else {
				sum--
			}
		}
	}
	mean := sum / float64(n)
	return math.Sqrt((differ/float64(n) - mean*mean) / float64(n))
}

// printTrades prints every point of the shipped seed, then the best of each technique.
func printTrades(o TradeoffOptions, trades []trade) error {
	first := &trades[0]
	var rows []reports.TradeoffRow
	for i := range first.Sets {
		rows = append(rows, first.rows(&first.Sets[i])...)
	}
	best := bestRows(trades, o.Loss)
	if o.JSON {
		return result.EncodeJSON(o.Console.Out, tradeoffJSON{o.Loss, len(trades), rows, best})
	}
	if err := reports.Tradeoff(o.Console.Out, rows); err != nil {
		return err
	}
	return reports.Best(o.Console.Out, o.Loss, best)
}

// tradeoffJSON is the output of --json.
type tradeoffJSON struct {
	Loss   float64               `json:"loss"`
	Seeds  int                   `json:"seeds"`
	Points []reports.TradeoffRow `json:"points"` // of the shipped seed
	Best   []reports.BestRow     `json:"best"`
}

// bestRows are the chosen points, per technique over the seeds.
func bestRows(trades []trade, loss float64) []reports.BestRow {
	var out []reports.BestRow
	for i := range trades[0].Sets {
		row := reports.BestRow{Technique: trades[0].Sets[i].Technique}
		for t := range trades {
			set := &trades[t].Sets[i]
			if point := trades[t].choose(set, loss); point >= 0 {
				row.Seeds = append(row.Seeds, trades[t].seed)
				row.Chosen = append(row.Chosen, trades[t].rows(set)[point])
			}
		}
		row.Tried = len(trades)
		out = append(out, row)
	}
	return out
}
