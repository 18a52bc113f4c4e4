package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"slosim/engine/kernel"
	"slosim/engine/profile"
)

// WideTechniques lists the techniques over a wide network:
//
//   - dense: every output, by our dense kernel
//   - screen-int8: every output in 8 bits, the best three again exactly
//   - prune-outputs, prune-frequent: static pruning, the same outputs for every query: those
//     of the largest mean probability, or with the most samples
//   - slo-nn: the outputs that an activator proposes for the query ([OutputActivators]), scored
//     exactly; cascades go on to screen-int8 where the best of them is not sure enough
func WideTechniques() []string {
	return []string{"dense", "prune-frequent", "prune-outputs", "screen-int8", "slo-nn"}
}

// rescored is how many of the outputs that 8 bits rank first are computed exactly. Three
// gave the exact answer for every query that a prototype tried.
const rescored = 3

// wideWay is how a plan of a wide technique chooses outputs.
type wideWay uint8

const (
	allOutputs wideWay = iota
	screened
	ordered  // the first outputs of a fixed order
	proposed // by an activator
)

// widePlan is one way to answer a query.
type widePlan struct {
	way  wideWay
	n    int // outputs (ordered), size of the step (proposed)
	name string
	cost float64 // expected, in outputs: for the order of points, before anything is measured
}

// wideResident is a wide network in memory with what its plans need.
type wideResident struct {
	net     *Wide          // without the features' rows where embed has them
	embed   *kernel.BF16   // the features' rows of a network whose file holds 16 bits: the same numbers, half the bytes; else nil
	small   *kernel.Int8   // for screened
	ordered *kernel.Matrix // outputs in the technique's order
	bias    []float32      // in that order
}

// wideTechnique answers queries over a wide network.
type wideTechnique struct {
	name, hash string
	set        *kernel.Set
	order      []int32  // of static pruning
	usual      int32    // the answer where nothing is proposed
	outputs    *Outputs // nil where nothing is proposed
	plans      []widePlan
	routes     []route
	points     []profile.Point
	group      profile.Group
	stored     []byte
	current    atomic.Pointer[wideResident]
}

// NewWideTechnique builds one of [WideTechniques], slo-nn by the activator of outputs, which
// may be nil for the others. Tables may be nil for dense and screen-int8.
func NewWideTechnique(name string, n *Wide, tables *WideTables, outputs *Outputs, set *kernel.Set) (Technique, error) {
	t := &wideTechnique{name: name, set: set}
	if name == "slo-nn" && outputs != nil {
		t.outputs = outputs
		if outputs.Activator != DefaultOutputActivator {
			t.name += "-" + outputs.Activator
		}
	}
	err := t.take(n, tables)
	if err == nil {
		err = t.plan(n) // of tables that were found valid
	}
	if err == nil {
		err = t.route()
	}
	if err != nil {
		return nil, fmt.Errorf("technique %s over %s: %w", name, n.Name, err)
	}
	if t.stored, err = n.encoded(); err != nil {
		return nil, err
	}
	r := t.prepare(n)
	t.current.Store(r)
	set.Tune(n.Out)
	t.group = profile.Group{Name: n.Name, Bytes: t.bytes(r)}
	for _, way := range t.routes {
		t.points = append(t.points, t.describe(way, n))
	}
	return t, t.seal()
}

// take takes the tables that the technique needs.
func (t *wideTechnique) take(n *Wide, tables *WideTables) error {
	if t.static() {
		if tables == nil {
			return fmt.Errorf("want orders of outputs, got none")
		}
		t.order = tables.Likely
		if t.name == "prune-frequent" {
			t.order = tables.Frequent
		}
		return tables.validate(n)
	}
	if !strings.HasPrefix(t.name, "slo-nn") {
		return nil
	}
	if t.outputs == nil || tables == nil {
		return fmt.Errorf("want tables of an activator and orders of outputs, got %t and %t", t.outputs != nil, tables != nil)
	}
	if err := tables.validate(n); err != nil {
		return err
	}
	t.usual = tables.Likely[0]
	return t.outputs.validate(n)
}

func (t *wideTechnique) static() bool { return t.name == "prune-outputs" || t.name == "prune-frequent" }

// plan lists the technique's plans, cheapest first.
func (t *wideTechnique) plan(n *Wide) error {
	rows := float64(n.Out.Rows)
	whole := widePlan{way: allOutputs, name: "100 %", cost: rows}
	screen := widePlan{way: screened, name: "screen int8", cost: rows / 4}
	switch {
	case t.name == "dense":
		t.plans = []widePlan{whole}
		return nil
	case t.name == "screen-int8":
		t.plans = []widePlan{screen}
		return fitsInt8(n.Out)
	case t.static():
		for _, share := range []float64{0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5} {
			count := shareOf(share, n.Out.Rows)
			t.plans = append(t.plans, widePlan{way: ordered, n: count, name: fmt.Sprintf("%g %%", 100*share), cost: float64(count)})
		}
		t.plans = append(t.plans, whole)
		return nil
	case t.outputs != nil:
		for _, step := range t.outputs.Tables.Steps() {
			t.plans = append(t.plans, widePlan{way: proposed, n: step.Size, name: step.Name, cost: step.Nodes})
		}
		t.plans = append(t.plans, screen, whole)
		return fitsInt8(n.Out)
	}
	return fmt.Errorf("want one of %s", strings.Join(WideTechniques(), ", "))
}

// route turns plans and cascades into points, cheapest first.
func (t *wideTechnique) route() error {
	for i, p := range t.plans {
		t.routes = append(t.routes, route{name: p.name, stages: []int{i}, reach: []float64{1}})
	}
	if t.outputs != nil {
		routes, err := withCascades(t.routes, "", t.outputs.Cascades)
		if err != nil {
			return err
		}
		t.routes = routes
	}
	slices.SortStableFunc(t.routes, func(a, b route) int { return cmp.Compare(t.cost(a), t.cost(b)) })
	if t.HasConfidence() {
		for _, row := range t.outputs.Confidence {
			if len(row) != len(t.routes) {
				return fmt.Errorf("confidences: want one for each of %d points, got %d", len(t.routes), len(row))
			}
		}
	}
	return nil
}

// whole is the point that computes everything.
func (t *wideTechnique) whole() int {
	return slices.IndexFunc(t.routes, func(r route) bool { return len(r.stages) == 1 && t.plans[r.stages[0]].way == allOutputs })
}

func (t *wideTechnique) cost(r route) float64 {
	sum := 0.0
	for i, stage := range r.stages {
		sum += r.reach[i] * t.plans[stage].cost
	}
	return sum
}

func (t *wideTechnique) describe(r route, n *Wide) profile.Point {
	ops := int64(t.cost(r) * float64(n.Out.Cols))
	return profile.Point{
		Name: r.name, Density: min(1, (t.cost(r)+float64(n.Embed.Cols))/float64(n.Nodes())), Ops: ops, Bytes: 4 * ops, Cascade: len(r.stages) > 1,
	}
}

// uses says whether any plan goes a way.
func (t *wideTechnique) uses(way wideWay) bool {
	return slices.ContainsFunc(t.plans, func(p widePlan) bool { return p.way == way })
}

func (t *wideTechnique) prepare(n *Wide) *wideResident {
	r := &wideResident{net: n}
	if n.Encoding == BFloat16 {
		slim := *n
		slim.Embed = &kernel.Matrix{Rows: n.Embed.Rows, Cols: n.Embed.Cols}
		r.net, r.embed = &slim, kernel.NewBF16(n.Embed)
	}
	if t.uses(screened) {
		r.small = kernel.NewInt8(n.Out)
	}
	if t.static() {
		r.ordered, r.bias = kernel.NewMatrix(n.Out.Rows, n.Out.Cols), kernel.Aligned(n.Out.Rows)
		for to, from := range t.order {
			copy(r.ordered.Row(to), n.Out.Row(int(from)))
			r.bias[to] = n.OutBias[from]
		}
	}
	return r
}

func (t *wideTechnique) bytes(r *wideResident) int64 {
	sum := r.net.WeightBytes()
	if r.embed != nil {
		sum += r.embed.Bytes()
	}
	if r.small != nil {
		sum += r.small.Bytes()
	}
	if r.ordered != nil {
		sum += matrixBytes(r.ordered)
	}
	return sum + t.TableBytes()
}

// TableBytes returns the size of the activator's tables, 0 without one.
func (t *wideTechnique) TableBytes() int64 {
	if t.outputs == nil {
		return 0
	}
	return t.outputs.Tables.Bytes()
}

// seal computes the hash of all that decides what a point computes.
func (t *wideTechnique) seal() error {
	sum := sha256.New()
	text, err := json.Marshal(map[string]any{"name": t.name, "points": t.points, "order": t.order})
	if err != nil {
		return fmt.Errorf("technique %s: %w", t.name, err)
	}
	sum.Write(text)
	sum.Write(t.stored)
	if t.outputs != nil {
		if err := WriteOutputs(sum, t.outputs); err != nil {
			return err
		}
	}
	t.hash = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// Name implements [Technique].
func (t *wideTechnique) Name() string { return t.name }

// Hash implements [Technique].
func (t *wideTechnique) Hash() string { return t.hash }

// Points implements [Technique].
func (t *wideTechnique) Points() []profile.Point { return t.points }

// Groups implements [Technique].
func (t *wideTechnique) Groups() []profile.Group { return []profile.Group{t.group} }

// Activates implements [Technique]: the hidden layer and the kind of query come first.
func (t *wideTechnique) Activates() bool { return t.outputs != nil }

// HasConfidence implements [Technique].
func (t *wideTechnique) HasConfidence() bool { return t.outputs != nil && t.outputs.Confidence != nil }

// Classes implements [Technique]: the stages of a cascade, else one.
func (t *wideTechnique) Classes(point int) int { return len(t.routes[point].stages) }

// Load implements [Technique]: it decodes the stored network again.
func (t *wideTechnique) Load(group int) error {
	if group != 0 {
		return fmt.Errorf("technique %s: group: want 0, got %d", t.name, group)
	}
	n, err := decodedWide(t.stored)
	if err != nil {
		return fmt.Errorf("technique %s: loading group %s: %w", t.name, t.group.Name, err)
	}
	t.current.Store(t.prepare(n))
	return nil
}

// NewSession implements [Technique].
func (t *wideTechnique) NewSession() Session {
	if t.batches() {
		return newWideBatchSession(t.newSession(), t.current.Load().net)
	}
	return t.newSession()
}

func (t *wideTechnique) newSession() *wideSession {
	n := t.current.Load().net
	s := &wideSession{t: t, hidden: kernel.Aligned(n.Embed.Cols), logits: kernel.Aligned(n.Out.Rows), small: kernel.NewQuantised(n.Embed.Cols)}
	s.picked = make([]int32, n.Out.Rows)
	if t.outputs != nil {
		s.proposer = t.outputs.Tables.NewProposer(t.set)
	}
	return s
}
