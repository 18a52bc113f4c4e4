package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"slosim/engine/kernel"
	"slosim/engine/profile"
)

// Narrowed returns the network of the first hidden nodes only. It copies what it keeps, so
// that its rows lie side by side.
func (n *Wide) Narrowed(hidden int) (*Wide, error) {
	if hidden < 1 || hidden > n.Embed.Cols {
		return nil, fmt.Errorf("network %s: want 1 to %d hidden nodes, got %d", n.Name, n.Embed.Cols, hidden)
	}
	out, err := NewWide(fmt.Sprintf("%s.%d", n.Name, hidden), n.Embed.Rows, hidden, n.Out.Rows)
	if err != nil {
		return nil, err
	}
	out.Encoding, out.Training = n.Encoding, n.Training
	for i := range n.Embed.Rows {
		copy(out.Embed.Row(i), n.Embed.Row(i)[:hidden])
	}
	for i := range n.Out.Rows {
		copy(out.Out.Row(i), n.Out.Row(i)[:hidden])
	}
	copy(out.HiddenBias, n.HiddenBias[:hidden])
	copy(out.OutBias, n.OutBias)
	return out, nil
}

// wideZoo answers queries by one of several networks, or by a cascade over them.
type wideZoo struct {
	name, hash string
	set        *kernel.Set
	nets       []*wideTechnique // dense ones, narrowest first
	groups     []profile.Group
	routes     []route
	points     []profile.Point
	slim       bool
}

// NewWideZoo returns model switching over networks of several widths, or, with slim, a
// slimmable network's widths: the same, but all widths are resident together and switching
// costs nothing. Cascades, by the margin of the narrower answer, are over the networks from
// the narrowest on.
func NewWideZoo(name string, nets []*Wide, slim bool, cascades []CascadeSpec, set *kernel.Set) (Technique, error) {
	if len(nets) == 0 {
		return nil, fmt.Errorf("technique %s: want networks, got none", name)
	}
	nets = slices.Clone(nets)
	slices.SortStableFunc(nets, func(a, b *Wide) int { return cmp.Compare(a.Embed.Cols, b.Embed.Cols) })
	t := &wideZoo{name: name, set: set, slim: slim}
	for i, n := range nets {
		if n.Embed.Rows != nets[0].Embed.Rows || n.Out.Rows != nets[0].Out.Rows {
			return nil, fmt.Errorf("technique %s: want networks of the same features and outputs, got %s and %s", name, nets[0].Name, n.Name)
		}
		dense, err := NewWideTechnique("dense", n, nil, nil, set)
		if err != nil {
			return nil, err
		}
		t.nets = append(t.nets, dense.(*wideTechnique))
		t.group(dense.Groups()[0])
		t.routes = append(t.routes, route{name: t.width(n, nets[len(nets)-1]), stages: []int{i}, reach: []float64{1}})
	}
	routes, err := withCascades(t.routes, "", cascades)
	if err != nil {
		return nil, fmt.Errorf("technique %s: %w", name, err)
	}
	t.routes = routes
	slices.SortStableFunc(t.routes, func(a, b route) int { return cmp.Compare(t.cost(a), t.cost(b)) })
	for _, r := range t.routes {
		t.points = append(t.points, t.describe(r))
	}
	return t, t.seal(cascades)
}

// width names the point of a network.
func (t *wideZoo) width(n, whole *Wide) string {
	if n == whole && !t.slim {
		return "100 %"
	}
	return fmt.Sprintf("w=%d", n.Embed.Cols)
}

// group adds a network's weights: to the one group of a slimmable network, whose widths are
// parts of the widest, or as a group of its own.
func (t *wideZoo) group(g profile.Group) {
	if t.slim && len(t.groups) > 0 {
		t.groups[0].Bytes = max(t.groups[0].Bytes, g.Bytes)
		return
	}
	t.groups = append(t.groups, g)
}

func (t *wideZoo) cost(r route) float64 {
	sum := 0.0
	for i, stage := range r.stages {
		sum += r.reach[i] * float64(t.nets[stage].points[0].Ops)
	}
	return sum
}

// describe describes a point. Its group is that of its last stage.
func (t *wideZoo) describe(r route) profile.Point {
	last := t.nets[len(t.nets)-1]
	p := profile.Point{
		Name: r.name, Density: min(1, t.cost(r)/float64(last.points[0].Ops)), Ops: int64(t.cost(r)), Bytes: 4 * int64(t.cost(r)), Cascade: len(r.stages) > 1,
	}
	if !t.slim {
		p.Group = r.stages[len(r.stages)-1]
	}
	return p
}

func (t *wideZoo) seal(cascades []CascadeSpec) error {
	sum := sha256.New()
	text, err := json.Marshal(map[string]any{"name": t.name, "points": t.points, "cascades": cascades, "slim": t.slim})
	if err != nil {
		return fmt.Errorf("technique %s: %w", t.name, err)
	}
	sum.Write(text)
	for _, n := range t.nets {
		sum.Write(n.stored)
	}
	t.hash = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// Name implements [Technique].
func (t *wideZoo) Name() string { return t.name }

// Hash implements [Technique].
func (t *wideZoo) Hash() string { return t.hash }

// Points implements [Technique].
func (t *wideZoo) Points() []profile.Point { return t.points }

// Groups implements [Technique].
func (t *wideZoo) Groups() []profile.Group { return t.groups }

// Activates implements [Technique].
func (t *wideZoo) Activates() bool { return false }

// HasConfidence implements [Technique].
func (t *wideZoo) HasConfidence() bool { return false }

// Classes implements [Technique]: the stages of a cascade, else one.
func (t *wideZoo) Classes(point int) int { return len(t.routes[point].stages) }

// Load implements [Technique].
func (t *wideZoo) Load(group int) error {
	if group < 0 || group >= len(t.groups) {
		return fmt.Errorf("technique %s: group: want 0..%d, got %d", t.name, len(t.groups)-1, group)
	}
	if !t.slim {
		return t.nets[group].Load(0)
	}
	for _, n := range t.nets {
		if err := n.Load(0); err != nil {
			return err
		}
	}
	return nil
}

// NewSession implements [Technique].
func (t *wideZoo) NewSession() Session {
	s := &wideZooSession{t: t}
	for _, n := range t.nets {
		s.sessions = append(s.sessions, n.newSession())
	}
	return s
}

// wideZooSession runs the queries of a zoo on one worker.
type wideZooSession struct {
	t        *wideZoo
	sessions []*wideSession
}

// Activate implements [Session]; there is nothing to do.
func (s *wideZooSession) Activate(Input) {}

// Execute implements [Session].
func (s *wideZooSession) Execute(point int, in Input) Result {
	way, sum := &s.t.routes[point], Result{}
	for i, stage := range way.stages {
		got := s.sessions[stage].Execute(0, in)
		got.Nodes += sum.Nodes
		if i == len(way.thresholds) || got.Margin >= way.thresholds[i] {
			got.Class = uint8(i)
			return got
		}
		sum = got
	}
	panic("engine: a cascade has no last stage")
}

// Rank implements [Ranker].
func (s *wideZooSession) Rank(point int, in Input, best []int32) int {
	result := s.Execute(point, in)
	return s.sessions[s.t.routes[point].stages[result.Class]].Rank(0, in, best)
}
