package engine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"slosim/engine/activator"
	"slosim/engine/kernel"
)

// TechniqueSpec names a technique over shipped networks or one file.
type TechniqueSpec struct {
	Name    string // one of Techniques
	Network string // "fashion-mnist": the networks of that stem; or a file that ends with ".slonn"
	Smaller string // stem of the zoo's smaller networks; "" for Network
}

// variantOf is a slo-nn of our design: an activator that proposes candidates over a network.
type variantOf struct{ network, activator string }

// variants are the techniques of that kind by name. slo-nn itself is the best of them.
func variants() map[string]variantOf {
	return map[string]variantOf{
		"slo-nn":                 {"wta", LinearActivator},
		"slo-nn-probe":           {"wta", LinearActivator},
		"slo-nn-clustered":       {"wta", ClusteredActivator},
		"slo-nn-lsh-wta":         {"wta", LSHActivator},
		"slo-nn-linear-plain":    {"full", LinearActivator},
		"slo-nn-clustered-plain": {"full", ClusteredActivator},
	}
}

// CascadeCarriers says for each technique whose cascades a calibration freezes which
// variant of a stem carries them.
func CascadeCarriers() map[string]string {
	carriers := map[string]string{"zoo": "full"}
	for name, v := range variants() {
		if name != "slo-nn-probe" {
			carriers[name] = v.network
		}
	}
	return carriers
}

// Needs says whether a technique is made from a variant of a stem, such as "full" or "w64".
func Needs(technique, variant string) bool {
	if v, ok := variants()[technique]; ok {
		return variant == v.network
	}
	letters := map[string]string{"zoo": "w", "prune-nodes": "n", "prune-weights": "p"}
	switch technique {
	case "slimmable":
		return variant == "slim"
	case "zoo", "prune-nodes", "prune-weights":
		number, ok := strings.CutPrefix(variant, letters[technique])
		_, err := strconv.Atoi(number)
		return variant == "full" || ok && err == nil
	}
	return variant == "full"
}

// Source opens networks by name; [Shipped] is the usual one.
type Source struct {
	Names []string
	Open  func(name string) (*Network, error)
}

// Shipped returns the source of the embedded networks and of files.
func Shipped() Source { return Source{Names: Networks(), Open: Open} }

// Techniques lists the names that [Source.Technique] knows.
func Techniques() []string {
	list := []string{"dense", "prune-nodes", "prune-weights", "relu-skip", "slimmable", "slo-nn-lsh", "zoo"}
	list = slices.AppendSeq(list, maps.Keys(variants()))
	slices.Sort(list)
	return list
}

// Technique builds a technique from the networks of its spec, with the points,
// cascades and tables that were frozen with them:
//
//   - dense and relu-skip: the whole network, STEM.full, or STEM.wta without one
//   - slo-nn: STEM.wta with its linear activator, the best variant of our design
//   - slo-nn-clustered, slo-nn-lsh-wta: the same network with other activators
//   - slo-nn-linear-plain, slo-nn-clustered-plain: our design over STEM.full, which was
//     not trained to lose nodes
//   - slo-nn-probe: slo-nn that runs a cheap point first (the frozen one, or the first),
//     whose margin is the confidence
//   - slo-nn-lsh: the paper's design, STEM.full with its LSH tables
//   - zoo: all STEM.w<width> and the whole network
//   - slimmable: STEM.slim
//   - prune-nodes: all STEM.n<width> and the whole network
//   - prune-weights: all STEM.p<per cent> and the whole network
func (s Source) Technique(spec TechniqueSpec, set *kernel.Set) (Technique, error) {
	if v, ok := variants()[spec.Name]; ok {
		return s.sloNN(spec, v, set)
	}
	switch spec.Name {
	case "dense", "relu-skip":
		net, err := s.Whole(spec.Network)
		if err != nil {
			return nil, err
		}
		if spec.Name == "dense" {
			return NewDense(net, set)
		}
		return NewReLUSkip(net, set)
	case "slo-nn-lsh":
		return s.sloLSH(spec.Network, set)
	case "zoo":
		nets, err := s.sized(spec, "w")
		if err != nil {
			return nil, err
		}
		return NewZoo(nets, set, nets[0].Frozen["zoo"].Cascades)
	case "slimmable":
		net, err := s.open(spec.Network, "slim")
		if err != nil {
			return nil, err
		}
		return NewSlimmable(net, set)
	case "prune-nodes":
		return s.pruned(spec, "n", set)
	case "prune-weights":
		return s.pruned(spec, "p", set)
	}
	return nil, fmt.Errorf("technique: want one of %s, got %q", strings.Join(Techniques(), ", "), spec.Name)
}

// Whole opens the network that computes everything: STEM.full, or STEM.wta at 100 % where
// there is no other, or the file itself.
func (s Source) Whole(network string) (*Network, error) {
	if slices.Contains(s.Names, network+".full") || !slices.Contains(s.Names, network+".wta") {
		return s.open(network, "full")
	}
	return s.open(network, "wta")
}

// open opens a file as it is, or the network of a stem's variant.
func (s Source) open(network, variant string) (*Network, error) {
	if strings.HasSuffix(network, fileSuffix) {
		return s.Open(network)
	}
	return s.Open(network + "." + variant)
}

func (s Source) sloNN(spec TechniqueSpec, v variantOf, set *kernel.Set) (Technique, error) {
	net, err := s.open(spec.Network, v.network)
	if err != nil {
		return nil, err
	}
	frozen := net.Frozen[spec.Name]
	if spec.Name == "slo-nn-probe" {
		frozen = net.Frozen["slo-nn"]
	}
	opt := SLONNOptions{Name: spec.Name, Points: frozen.Points, Cascades: frozen.Cascades}
	if opt.Activator, err = OpenActivator(net, v.activator, set); err != nil {
		return nil, err
	}
	if spec.Name == "slo-nn-probe" {
		opt.Probe = cmp.Or(frozen.Probe, firstPoint(net, opt))
	}
	return NewSLONN(net, set, opt)
}

// firstPoint names the first of the points that an option stands for.
func firstPoint(net *Network, opt SLONNOptions) string {
	points := opt.Points
	if points == nil {
		points = DefaultSparsePoints(net, opt.Activator != nil)
	}
	return points[0].Name()
}

// OpenActivator binds the tables of an activator that a network's file carries:
// "linear", "clustered", or "lsh" for the first hidden layer.
func OpenActivator(net *Network, name string, set *kernel.Set) (activator.Activator, error) {
	switch name {
	case LinearActivator:
		t, err := net.Linear()
		if err != nil {
			return nil, err
		}
		return activator.NewLinear(set, t), nil
	case ClusteredActivator:
		t, err := net.Clustered()
		if err != nil {
			return nil, err
		}
		return activator.NewClustered(set, t), nil
	case LSHActivator:
		t, err := net.LSH()
		if err != nil {
			return nil, err
		}
		return activator.NewLSH(set, t), nil
	}
	return nil, fmt.Errorf("activator: want %s, %s or %s, got %q", LinearActivator, ClusteredActivator, LSHActivator, name)
}

func (s Source) sloLSH(network string, set *kernel.Set) (Technique, error) {
	net, err := s.open(network, "full")
	if err != nil {
		return nil, err
	}
	tables, err := net.LSH()
	if err != nil {
		return nil, err
	}
	return NewSLONNLSH(net, set, tables)
}

func (s Source) pruned(spec TechniqueSpec, letter string, set *kernel.Set) (Technique, error) {
	nets, err := s.sized(spec, letter)
	if err != nil {
		return nil, err
	}
	return NewStaticPruning(spec.Name, nets, set)
}

// sized opens the whole network and all networks STEM.<letter><number>. A zoo takes those
// of the smaller stem, if there is one, with the whole network of that.
func (s Source) sized(spec TechniqueSpec, letter string) ([]*Network, error) {
	whole, err := s.Whole(spec.Network)
	if err != nil {
		return nil, err
	}
	nets, stem := []*Network{whole}, spec.Network
	if letter == "w" {
		stem = cmp.Or(spec.Smaller, stem)
	}
	for _, name := range s.Names {
		number, ok := strings.CutPrefix(name, stem+"."+letter)
		_, err := strconv.Atoi(number)
		if smaller := stem != spec.Network && name == stem+".full"; !smaller && (!ok || err != nil) {
			continue
		}
		net, err := s.Open(name)
		if err != nil {
			return nil, err
		}
		nets = append(nets, net)
	}
	if len(nets) == 1 {
		return nil, fmt.Errorf("technique %s: want networks %s.%s<number>, got %s", spec.Name, stem, letter, strings.Join(slices.Sorted(slices.Values(s.Names)), ", "))
	}
	return nets, nil
}
