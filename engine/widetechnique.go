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

	"slosim/engine/activator"
	"slosim/engine/kernel"
	"slosim/engine/profile"
)

// WideTechniques lists the techniques over a wide network:
//
//   - dense: every output, by our dense kernel
//   - screen-int8: every output in 8 bits, the best three again exactly
//   - prune-outputs: static pruning, the same outputs for every query: those of the largest
//     mean probability
//   - slo-nn: the outputs that the query's features list, scored exactly; cascades go on to
//     screen-int8 where the best of them is not sure enough
func WideTechniques() []string {
	return []string{"dense", "prune-outputs", "screen-int8", "slo-nn"}
}

// rescored is how many of the outputs that 8 bits rank first are computed exactly. Three
// gave the exact answer for every query that a prototype tried.
const rescored = 3

// wideWay is how a plan of a wide technique chooses outputs.
type wideWay uint8

const (
	allOutputs wideWay = iota
	screened
	likeliest // the first outputs in the order of mean probability
	listed    // by the features' lists
)

// widePlan is one way to answer a query.
type widePlan struct {
	way  wideWay
	n    int // outputs (likeliest), entries of each list (listed)
	name string
	cost float64 // expected, in outputs: for the order of points, before anything is measured
}

// wideResident is a wide network in memory with what its plans need.
type wideResident struct {
	net     *Wide
	small   *kernel.Int8   // for screened
	ordered *kernel.Matrix // outputs by mean probability, for likeliest
	bias    []float32      // in that order
}

// wideTechnique answers queries over a wide network.
type wideTechnique struct {
	name, hash string
	set        *kernel.Set
	tables     *WideTables // nil where no plan needs them
	plans      []widePlan
	routes     []route
	points     []profile.Point
	group      profile.Group
	stored     []byte
	current    atomic.Pointer[wideResident]
}

// NewWideTechnique builds one of [WideTechniques]. tables may be nil for those that need
// none; cascades are over slo-nn's points as numbered without any.
func NewWideTechnique(name string, n *Wide, tables *WideTables, set *kernel.Set, cascades []CascadeSpec) (Technique, error) {
	t := &wideTechnique{name: name, set: set, tables: tables}
	if err := t.plan(n); err != nil {
		return nil, fmt.Errorf("technique %s over %s: %w", name, n.Name, err)
	}
	if err := t.route(cascades); err != nil {
		return nil, fmt.Errorf("technique %s over %s: %w", name, n.Name, err)
	}
	var err error
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
	return t, t.seal(cascades)
}

// plan lists the technique's plans, cheapest first.
func (t *wideTechnique) plan(n *Wide) error {
	rows := float64(n.Out.Rows)
	whole := widePlan{way: allOutputs, name: "100 %", cost: rows}
	screen := widePlan{way: screened, name: "screen int8", cost: rows / 4}
	switch t.name {
	case "dense":
		t.plans = []widePlan{whole}
		return nil
	case "screen-int8":
		t.plans = []widePlan{screen}
		return fitsInt8(n.Out)
	case "prune-outputs":
		for _, share := range []float64{0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5} {
			count := shareOf(share, n.Out.Rows)
			t.plans = append(t.plans, widePlan{way: likeliest, n: count, name: fmt.Sprintf("%g %%", 100*share), cost: float64(count)})
		}
		t.plans = append(t.plans, whole)
	case "slo-nn":
		for _, length := range []int{1, 2, 3, 5, 7, 10, 20} {
			if t.tables != nil && length <= t.tables.Lists.Longest {
				t.plans = append(t.plans, widePlan{way: listed, n: length, name: fmt.Sprintf("lists of %d", length), cost: 10 * float64(length)})
			}
		}
		t.plans = append(t.plans, screen, whole)
	default:
		return fmt.Errorf("want one of %s", strings.Join(WideTechniques(), ", "))
	}
	if t.tables == nil {
		return fmt.Errorf("want tables, got none")
	}
	if err := t.tables.validate(n); err != nil {
		return err
	}
	return fitsInt8(n.Out)
}

// route turns plans and cascades into points, cheapest first.
func (t *wideTechnique) route(cascades []CascadeSpec) error {
	for i, p := range t.plans {
		t.routes = append(t.routes, route{name: p.name, stages: []int{i}, reach: []float64{1}})
	}
	for i := range cascades {
		c := &cascades[i]
		if err := c.validate(len(t.plans)); err != nil {
			return err
		}
		var names []string
		for _, stage := range c.Stages {
			names = append(names, t.plans[stage].name)
		}
		t.routes = append(t.routes, route{name: strings.Join(names, " > "), stages: c.Stages, thresholds: c.Thresholds, reach: c.Reach})
	}
	uniqueNames(t.routes)
	slices.SortStableFunc(t.routes, func(a, b route) int { return cmp.Compare(t.cost(a), t.cost(b)) })
	return nil
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
	if t.uses(screened) {
		r.small = kernel.NewInt8(n.Out)
	}
	if t.uses(likeliest) {
		r.ordered, r.bias = kernel.NewMatrix(n.Out.Rows, n.Out.Cols), kernel.Aligned(n.Out.Rows)
		for to, from := range t.tables.Order {
			copy(r.ordered.Row(to), n.Out.Row(int(from)))
			r.bias[to] = n.OutBias[from]
		}
	}
	return r
}

func (t *wideTechnique) bytes(r *wideResident) int64 {
	sum := r.net.WeightBytes()
	if r.small != nil {
		sum += r.small.Bytes()
	}
	if r.ordered != nil {
		sum += matrixBytes(r.ordered)
	}
	if t.uses(listed) {
		sum += t.tables.Lists.Bytes()
	}
	return sum
}

// seal computes the hash of all that decides what a point computes.
func (t *wideTechnique) seal(cascades []CascadeSpec) error {
	sum := sha256.New()
	var lists any
	if t.tables != nil {
		lists = []any{t.tables.Lists, t.tables.Order}
	}
	text, err := json.Marshal(map[string]any{"name": t.name, "points": t.points, "cascades": cascades, "tables": lists})
	if err != nil {
		return fmt.Errorf("technique %s: %w", t.name, err)
	}
	sum.Write(text)
	sum.Write(t.stored)
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

// Activates implements [Technique].
func (t *wideTechnique) Activates() bool { return false }

// HasConfidence implements [Technique].
func (t *wideTechnique) HasConfidence() bool { return false }

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
	n := t.current.Load().net
	s := &wideSession{t: t, hidden: kernel.Aligned(n.Embed.Cols), logits: kernel.Aligned(n.Out.Rows), small: kernel.NewQuantised(n.Embed.Cols)}
	s.picked = make([]int32, n.Out.Rows)
	if t.uses(listed) {
		s.candidates = activator.NewCandidates(n.Out.Rows)
	}
	return s
}
