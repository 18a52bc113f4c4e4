package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"slosim/engine/activator"
	"slosim/engine/kernel"
)

// TechniqueSpec names a technique over shipped networks or one file.
type TechniqueSpec struct {
	Name      string // one of Techniques
	Network   string // "fashion-mnist": the networks of that stem; or a file that ends with ".slonn"
	Activator string // of slo-nn: "linear", "clustered" or "lsh"; "" is the one frozen with the network, or linear
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
	return []string{"dense", "prune-nodes", "prune-weights", "relu-skip", "slimmable", "slo-nn", "slo-nn-lsh", "slo-nn-probe", "zoo"}
}

// Technique builds a technique from the networks of its spec, with the points,
// cascades and tables that were frozen with them:
//
//   - dense and relu-skip: the network STEM.full
//   - slo-nn: STEM.wta with its tables; activator "lsh" is the paper's variant, slo-nn-lsh
//   - slo-nn-probe: slo-nn that runs a cheap point first (the frozen one, or the first),
//     whose margin is the confidence
//   - slo-nn-lsh: STEM.full with its LSH tables
//   - zoo: all STEM.w<width> and STEM.full
//   - slimmable: STEM.slim
//   - prune-nodes: all STEM.n<width> and STEM.full
//   - prune-weights: all STEM.p<per cent> and STEM.full
func (s Source) Technique(spec TechniqueSpec, set *kernel.Set) (Technique, error) {
	if spec.Activator != "" && !strings.HasPrefix(spec.Name, "slo-nn") {
		return nil, fmt.Errorf("technique %s: want no activator, got %s", spec.Name, spec.Activator)
	}
	switch spec.Name {
	case "dense", "relu-skip":
		net, err := s.open(spec.Network, "full")
		if err != nil {
			return nil, err
		}
		if spec.Name == "dense" {
			return NewDense(net, set)
		}
		return NewReLUSkip(net, set)
	case "slo-nn-probe":
		return s.sloNN(spec, set)
	case "slo-nn":
		if spec.Activator == LSHActivator {
			return s.sloLSH(spec.Network, set)
		}
		return s.sloNN(spec, set)
	case "slo-nn-lsh":
		return s.sloLSH(spec.Network, set)
	case "zoo":
		nets, err := s.sized("zoo", spec.Network, "w")
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

// open opens a file as it is, or the network of a stem's variant.
func (s Source) open(network, variant string) (*Network, error) {
	if strings.HasSuffix(network, fileSuffix) {
		return s.Open(network)
	}
	return s.Open(network + "." + variant)
}

func (s Source) sloNN(spec TechniqueSpec, set *kernel.Set) (Technique, error) {
	net, err := s.open(spec.Network, "wta")
	if err != nil {
		return nil, err
	}
	frozen := net.Frozen["slo-nn"]
	name := cmp.Or(spec.Activator, frozen.Activator, LinearActivator)
	opt := SLONNOptions{Points: frozen.Points, Cascades: frozen.Cascades}
	if frozen.Activator != name {
		opt = SLONNOptions{} // thresholds hold for the activator that they were calibrated with
	}
	if opt.Activator, err = OpenActivator(net, name, set); err != nil {
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
	nets, err := s.sized(spec.Name, spec.Network, letter)
	if err != nil {
		return nil, err
	}
	return NewStaticPruning(spec.Name, nets, set)
}

// sized opens STEM.full and all networks STEM.<letter><number>.
func (s Source) sized(technique, stem, letter string) ([]*Network, error) {
	full, err := s.open(stem, "full")
	if err != nil {
		return nil, err
	}
	nets := []*Network{full}
	for _, name := range s.Names {
		number, ok := strings.CutPrefix(name, stem+"."+letter)
		if _, err := strconv.Atoi(number); !ok || err != nil {
			continue
		}
		net, err := s.Open(name)
		if err != nil {
			return nil, err
		}
		nets = append(nets, net)
	}
	if len(nets) == 1 {
		return nil, fmt.Errorf("technique %s: want networks %s.%s<number>, got %s", technique, stem, letter, strings.Join(slices.Sorted(slices.Values(s.Names)), ", "))
	}
	return nets, nil
}
