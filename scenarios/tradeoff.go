package scenarios

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"slosim/engine"
	"slosim/engine/profile"
	"slosim/engine/train"
	"slosim/reports"
	"slosim/reports/result"
)

// shippedSeed is the training seed of the weights that ship.
const shippedSeed = 1

// maxSeeds bounds the networks that a trade-off trains.
const maxSeeds = 100

// Tradeoff measures accuracy against time of every technique and point of some networks,
// one after another, and prints the fastest point of each technique within the allowed loss.
// With several seeds, the networks of the others are trained on demand (and cached), and the
// second table averages over them. Last comes a line a network: what slo-nn gains there.
func (a *App) Tradeoff(ctx context.Context, o TradeoffOptions) error {
	families, err := o.families()
	if err != nil {
		return err
	}
	if o.Out != "" {
		if err := os.MkdirAll(o.Out, 0o755); err != nil {
			return fmt.Errorf("-o: %w", err)
		}
	}
	var all []compared
	for _, family := range families {
		c, err := a.compare(ctx, family, o)
		if err != nil {
			return err
		}
		if !o.JSON {
			if err := c.print(o); err != nil {
				return err
			}
		}
		if err := c.draw(o.Out); err != nil {
			return err
		}
		all = append(all, c)
	}
	return printCompared(o, all)
}

// families finds the networks and refuses options that none of them takes.
func (o *TradeoffOptions) families() (list []Family, err error) {
	if o.Seeds > maxSeeds {
		return nil, Usagef("--seeds: want at most %d, got %d", maxSeeds, o.Seeds)
	}
	seeded := false
	for i, name := range o.Networks {
		family, err := FindFamily(name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(o.Networks[:i], name) {
			return nil, Usagef("--network: want each once, got %s twice", name)
		}
		if o.Seeds > 1 && !family.Sparse {
			seeded = true
			if _, err := trainingData(family, o.Data); err != nil {
				return nil, err // now, and not after measuring the first seed
			}
		}
		list = append(list, family)
	}
	for _, t := range o.Techniques {
		if !slices.ContainsFunc(list, func(f Family) bool { return f.allows(t.plain().Name) }) {
			return nil, Usagef("--technique: want one that network %s has: %s; got %s", list[0].Name, strings.Join(list[0].Techniques, ", "), t.plain().Name)
		}
	}
	if o.Seeds > 1 && !seeded {
		return nil, Usagef("--seeds: want 1 for network %s, whose recipe has one, got %d", strings.Join(o.Networks, ", "), o.Seeds)
	}
	return list, nil
}

// compared is all that was measured of a network.
type compared struct {
	family   Family
	trades   []trade // one a seed
	headline reports.HeadlineRow
}

// compare measures a network's techniques.
func (a *App) compare(ctx context.Context, family Family, o TradeoffOptions) (c compared, err error) {
	c.family = family
	techniques := withBase(family, o.Techniques)
	if err := a.ready(ctx, family, techniques, o.Console); err != nil {
		return c, err
	}
	seeds := o.Seeds
	if family.Sparse {
		seeds = 1
	}
	for seed := shippedSeed; seed < shippedSeed+seeds; seed++ {
		t, err := a.trade(ctx, family, techniques, seed, o)
		if err != nil {
			return c, err
		}
		c.trades = append(c.trades, t)
	}
	c.headline, err = a.headline(ctx, &c, o)
	return c, err
}

// withBase returns the techniques to measure: all of them if none is named, and otherwise
// those named that the family has, with the two that losses and speed-ups are counted from.
func withBase(family Family, named []Technique) []Technique {
	if len(named) == 0 {
		return everyTechnique(family)
	}
	list := slices.DeleteFunc(slices.Clone(named), func(t Technique) bool { return !family.allows(t.plain().Name) })
	for _, base := range []string{"dense", "slo-nn"} {
		if !slices.ContainsFunc(list, func(t Technique) bool { return t.Key() == base }) {
			list = append(list, Technique{Name: base})
		}
	}
	return list
}

// everyTechnique lists the techniques of a family to compare. slo-nn-probe is left out: its points
// are those of slo-nn with a first pass that only a policy can use.
func everyTechnique(family Family) []Technique {
	var list []Technique
	for _, name := range family.Techniques {
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
	calibration, truth base // what losses are counted from in each half
	built              []engine.Technique
	wide               []wideFacts   // of each technique; nil of a family that is not sparse
	test               engine.Judged // of a sparse family; else nil
}

// base is the whole network that losses are counted from: the better of the plain one
// and the sparse-trained one at 100 %.
type base struct {
	set   *profile.Set
	point int
}

// trade measures the techniques over the networks of a seed, alone.
func (a *App) trade(ctx context.Context, family Family, techniques []Technique, seed int, o TradeoffOptions) (trade, error) {
	app, err := a.withSeed(ctx, family, techniques, seed, o)
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
	m, err := app.profileOf(ctx, s, "", o.progress())
	if err != nil {
		return trade{}, err
	}
	for _, warning := range slices.Concat(m.warnings, m.Campaign.Warnings) {
		fmt.Fprintf(o.Err, "seed %d: %s\n", seed, warning)
	}
	t := trade{seed: seed, Profile: m.Profile, built: s.techniques}
	t.calibration, t.truth = bases(m.Profile)
	if family.Sparse {
		err = a.fillWide(ctx, family, &t)
	}
	return t, err
}

// withSeed returns an App whose networks are those of a training seed: as many as the
// techniques need, from the cache or trained and kept there one by one.
func (a *App) withSeed(ctx context.Context, family Family, techniques []Technique, seed int, o TradeoffOptions) (*App, error) {
	if seed == shippedSeed {
		return a, nil
	}
	var names []string
	for _, t := range techniques {
		names = append(names, t.plain().Name)
	}
	recipes, err := neededRecipes(family, names)
	if err != nil {
		return nil, err
	}
	nets, err := a.seedNetworks(ctx, family, recipes, seed, o)
	if err != nil {
		return nil, err
	}
	app := *a
	app.Source = sourceOf(nets)
	return &app, app.freeze(ctx, family, nets, names, o.progress())
}

// neededRecipes lists the recipes of the networks that techniques are made from, with
// the reference of the family.
func neededRecipes(family Family, techniques []string) (needed []train.Recipe, err error) {
	for _, stem := range []string{family.Name, family.Smaller} {
		if stem == "" {
			continue
		}
		recipes, err := train.Match(stem)
		if err != nil {
			return nil, err
		}
		for _, r := range recipes {
			variant := strings.TrimPrefix(r.Name, stem+".")
			uses := func(technique string) bool {
				return engine.Needs(technique, variant) && (stem == family.Name || technique == "zoo")
			}
			if r.Name == family.Reference || slices.ContainsFunc(techniques, uses) {
				needed = append(needed, r)
			}
		}
	}
	return needed, nil
}

// seedNetworks returns the networks of recipes, without cascades.
func (a *App) seedNetworks(ctx context.Context, family Family, recipes []train.Recipe, seed int, o TradeoffOptions) (nets []*engine.Network, err error) {
	var data train.Data // read when a network is trained
	training := TrainOptions{Console: o.Console, Network: family.Name, Seed: int64(seed), Data: o.Data}
	memory := &train.Memory{}
	for _, r := range recipes {
		path := a.seedPath(r, seed)
		if net, err := engine.Open(path); err == nil && path != "" {
			nets = append(nets, net)
			continue
		}
		if data.Fit == nil {
			if data, err = trainingData(family, o.Data); err != nil {
				return nil, err
			}
		}
		net, err := a.trainOne(ctx, r, data, memory, training)
		if err != nil {
			return nil, err
		}
		if err := keepNetwork(path, net); err != nil {
			return nil, err
		}
		nets = append(nets, net)
	}
	return nets, nil
}

// seedPath names the cached file of a network. What decides the weights is in the name:
// another recipe must not find old ones. Empty without a cache folder.
func (a *App) seedPath(r train.Recipe, seed int) string {
	if a.CacheDir == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(r.Settings()))
	return filepath.Join(a.CacheDir, "networks", fmt.Sprintf("seed%d-%s-%x", seed, a.Kernels.Name, sum[:6]), weightsFile(r.Name))
}

// keepNetwork writes a network into the cache.
func keepNetwork(path string, net *engine.Network) error {
	if path == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return result.WriteFile(path, func(w io.Writer) error { return engine.WritePacked(w, net) })
}

// wholeNetwork is the name of the point that computes everything.
const wholeNetwork = "100 %"

// bases returns the best whole network in each half.
func bases(p *profile.Profile) (calibration, truth base) {
	for i := range p.Sets {
		set := &p.Sets[i]
		for point := range set.Points {
			if set.Points[point].Name != wholeNetwork {
				continue
			}
			if calibration.set == nil || set.Calibration.Accuracy(point) > calibration.set.Calibration.Accuracy(calibration.point) {
				calibration = base{set, point}
			}
			if truth.set == nil || set.Truth.Accuracy(point) > truth.set.Truth.Accuracy(truth.point) {
				truth = base{set, point}
			}
		}
	}
	return calibration, truth
}

// lossOf returns the loss of accuracy of a point against another one over the same
// samples, and its standard error, paired by sample.
func lossOf(reference, half *profile.Half, from, point int) (loss, deviation float64) {
	n := float64(half.Samples)
	differ, sum := 0.0, 0.0
	for i := range half.Samples {
		before, after := reference.At(from, i).Right, half.At(point, i).Right
		switch {
		case before && !after:
			differ, sum = differ+1, sum+1
		case after && !before:
			differ, sum = differ+1, sum-1
		}
	}
	loss = sum / n
	return loss, math.Sqrt((differ/n - loss*loss) / n)
}

// agreement returns the share of samples that two points answer alike.
func agreement(reference, half *profile.Half, from, point int) float64 {
	same := 0
	for i := range half.Samples {
		if reference.At(from, i).Answer == half.At(point, i).Answer {
			same++
		}
	}
	return float64(same) / float64(half.Samples)
}

// rows are the lines of one technique.
func (t *trade) rows(set *profile.Set) []reports.TradeoffRow {
	var rows []reports.TradeoffRow
	for point := range set.Points {
		rows = append(rows, t.row(set, point))
	}
	return rows
}

// row is the line of one point.
func (t *trade) row(set *profile.Set, point int) reports.TradeoffRow {
	p, reference, service := set.Points[point], denseService(t.Profile), serviceOf(set, &set.Truth, point)
	speedup := reference.mean / service.mean
	spread := speedup * math.Hypot(reference.half/reference.mean, service.half/service.mean)
	calibrationLoss, _ := lossOf(&t.calibration.set.Calibration, &set.Calibration, t.calibration.point, point)
	testLoss, deviation := lossOf(&t.truth.set.Truth, &set.Truth, t.truth.point, point)
	return reports.TradeoffRow{
		Technique: set.Technique, Point: p.Name, Cascade: p.Cascade, Density: p.Density,
		MeanUS: service.mean / 1e3, MeanLo: (service.mean - service.half) / 1e3, MeanHi: (service.mean + service.half) / 1e3,
		Speedup: speedup, SpeedupLo: speedup - spread, SpeedupHi: speedup + spread,
		CalibrationAccuracy: set.Calibration.Accuracy(point),
		CalibrationLoss:     calibrationLoss,
		TestAccuracy:        set.Truth.Accuracy(point),
		TestLoss:            testLoss,
		TestLossLo:          testLoss - z95*deviation,
		TestLossHi:          testLoss + z95*deviation,
		Agreement:           agreement(&t.truth.set.Truth, &set.Truth, t.truth.point, point),
		P99US:               float64(p99(set, point)) / 1e3,
		Wide:                t.wideRow(set, point),
	}
}

// choose returns the fastest point of a technique, by calibration times, whose loss on
// the calibration images is allowed. A margin, in standard errors of the paired loss, is
// for those who want the promise to hold on images that did not choose as well.
// -1 if there is none.
func (t *trade) choose(set *profile.Set, loss, margin float64) int {
	return t.chooseAmong(set, loss, margin, func(int) bool { return true })
}

// chooseAmong is choose among the points that keep something else, too.
func (t *trade) chooseAmong(set *profile.Set, loss, margin float64, keeps func(point int) bool) int {
	best, fastest := -1, math.Inf(1)
	for point := range set.Points {
		lost, deviation := lossOf(&t.calibration.set.Calibration, &set.Calibration, t.calibration.point, point)
		if lost+margin*deviation > loss+1e-12 || !keeps(point) {
			continue
		}
		if mean := serviceOf(set, &set.Calibration, point).mean; mean < fastest {
			best, fastest = point, mean
		}
	}
	return best
}

// print prints every point of the shipped seed, then the best of each technique.
func (c *compared) print(o TradeoffOptions) error {
	if len(o.Networks) > 1 {
		fmt.Fprintf(o.Console.Out, "network %s\n\n", c.family.Name)
	}
	if err := reports.Tradeoff(o.Console.Out, c.rows()); err != nil {
		return err
	}
	if err := reports.Best(o.Console.Out, o.Loss, o.Margin, bestRows(c.trades, o.Loss, o.Margin)); err != nil {
		return err
	}
	_, err := fmt.Fprintln(o.Console.Out)
	return err
}

// rows are those of the shipped seed.
func (c *compared) rows() (rows []reports.TradeoffRow) {
	first := &c.trades[0]
	for i := range first.Sets {
		rows = append(rows, first.rows(&first.Sets[i])...)
	}
	return rows
}

// tradeoffJSON is the output of --json.
type tradeoffJSON struct {
	Schema   int                   `json:"schema"`
	Loss     float64               `json:"loss"`
	Margin   float64               `json:"margin"` // standard errors
	Networks []networkJSON         `json:"networks"`
	Headline []reports.HeadlineRow `json:"headline"`
}

// networkJSON is what was measured of one network.
type networkJSON struct {
	Network string                `json:"network"`
	Seeds   int                   `json:"seeds"`
	Points  []reports.TradeoffRow `json:"points"` // of the shipped seed
	Best    []reports.BestRow     `json:"best"`
}

// printCompared prints the last table, or everything as JSON.
func printCompared(o TradeoffOptions, all []compared) error {
	var headline []reports.HeadlineRow
	for i := range all {
		headline = append(headline, all[i].headline)
	}
	if !o.JSON {
		return reports.Headlines(o.Console.Out, o.Loss, o.Loss5, headline)
	}
	out := tradeoffJSON{Schema: result.Schema, Loss: o.Loss, Margin: o.Margin, Headline: headline}
	for i := range all {
		c := &all[i]
		out.Networks = append(out.Networks, networkJSON{c.family.Name, len(c.trades), c.rows(), bestRows(c.trades, o.Loss, o.Margin)})
	}
	return result.EncodeJSON(o.Console.Out, out)
}

// bestRows are the chosen points, per technique over the seeds.
func bestRows(trades []trade, loss, margin float64) []reports.BestRow {
	var out []reports.BestRow
	for i := range trades[0].Sets {
		row := reports.BestRow{Technique: trades[0].Sets[i].Technique}
		for t := range trades {
			set := &trades[t].Sets[i]
			if point := trades[t].choose(set, loss, margin); point >= 0 {
				row.Seeds = append(row.Seeds, trades[t].seed)
				row.Chosen = append(row.Chosen, trades[t].row(set, point))
			}
		}
		row.Tried = len(trades)
		out = append(out, row)
	}
	return out
}
