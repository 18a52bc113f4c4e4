package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/activator"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// testSource holds the networks of one stem, with tables.
func testSource(t testing.TB, set *kernel.Set) Source {
	t.Helper()
	full := newTestNetwork(t, 5, Plain, 40, 48, 30, 10)
	if err := full.PutLSH(newTestLSH(t, full, set, DefaultShares())); err != nil {
		t.Fatal(err)
	}
	cascade := CascadeSpec{Stages: []int{0, 1}, Thresholds: []float32{0.5}, Reach: []float64{1, 0.5}}
	full.Frozen = map[string]Frozen{"zoo": {Cascades: []CascadeSpec{cascade}}}
	wta := newTestNetwork(t, 5, WinnerTakeAll, 40, 48, 30, 10)
	linear, clustered := newTestTables(t, wta, set)
	wta.PutLinear(linear)
	wta.PutClustered(clustered)
	full.PutLinear(linear)
	full.PutClustered(clustered)
	first := newTestLSH(t, newTestNetwork(t, 5, WinnerTakeAll, 40, 48, 10), set, nil)
	if err := wta.PutLSH(first); err != nil {
		t.Fatal(err)
	}
	wta.Frozen = map[string]Frozen{"slo-nn": {Points: []SparsePoint{{0.2, 0.1}, {1, 0.25}}, Cascades: []CascadeSpec{cascade}}}
	small := newTestNetwork(t, 6, Plain, 40, 8, 10)
	nets := map[string]*Network{"test.full": full, "test.wta": wta, "test.w8": small, "other.w9": small,
		"test.n8": small, "test.p20": newPruned(t, 7, 40, 48, 10), "test.slim": newTestNetwork(t, 8, Slimmable, 40, 48, 10)}
	names := []string{}
	for name, net := range nets {
		copied := *net
		copied.Name = name
		nets[name] = must2(ReadBytes(encode(t, &copied)))(t) // as from a file
		names = append(names, name)
	}
	slices.Sort(names)
	return Source{names, func(name string) (*Network, error) {
		if net, ok := nets[name]; ok {
			return net, nil
		}
		return nil, fmt.Errorf("no network %s", name)
	}}
}

func TestSourceTechniques(t *testing.T) {
	set := kernel.Best()
	source := testSource(t, set)
	defaults := len(DefaultSparsePoints(newTestNetwork(t, 1, WinnerTakeAll, 4, 3, 2), true)) + 1
	for _, test := range []struct {
		spec   TechniqueSpec
		name   string
		points int
	}{
		{TechniqueSpec{Name: "dense"}, "dense", 1},
		{TechniqueSpec{Name: "relu-skip"}, "relu-skip", 2},
		{TechniqueSpec{Name: "slo-nn"}, "slo-nn", 4}, // the two frozen points, the cascade and the dense one
		{TechniqueSpec{Name: "slo-nn-clustered"}, "slo-nn-clustered", defaults},
		{TechniqueSpec{Name: "slo-nn-lsh-wta"}, "slo-nn-lsh-wta", defaults},
		{TechniqueSpec{Name: "slo-nn-linear-plain"}, "slo-nn-linear-plain", 9}, // seven candidate shares, all candidates, dense
		{TechniqueSpec{Name: "slo-nn-clustered-plain"}, "slo-nn-clustered-plain", 9},
		{TechniqueSpec{Name: "slo-nn-lsh"}, "slo-nn-lsh", len(DefaultShares())},
		{TechniqueSpec{Name: "slo-nn-probe"}, "slo-nn-probe", 4},
		{TechniqueSpec{Name: "zoo"}, "zoo", 3},
		{TechniqueSpec{Name: "slimmable"}, "slimmable", len(testShares)},
		{TechniqueSpec{Name: "prune-nodes"}, "prune-nodes", 2},
		{TechniqueSpec{Name: "prune-weights"}, "prune-weights", 2},
	} {
		test.spec.Network = "test"
		technique, err := source.Technique(test.spec, set)
		if err != nil {
			t.Errorf("%+v: %v", test.spec, err)
		} else if technique.Name() != test.name || len(technique.Points()) != test.points {
			t.Errorf("%+v: want %s with %d points, got %s with %d", test.spec, test.name, test.points, technique.Name(), len(technique.Points()))
		}
	}
}

func TestSourceErrors(t *testing.T) {
	source := testSource(t, kernel.Pure())
	for want, spec := range map[string]TechniqueSpec{
		"want one of": {Name: "magic", Network: "test"},
		"no network":  {Name: "dense", Network: "missing"},
	} {
		if _, err := source.Technique(spec, kernel.Pure()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: want an error that says %q, got %v", spec, want, err)
		}
	}
}

func TestTablesRoundTrip(t *testing.T) {
	set := kernel.Pure()
	net := newTestNetwork(t, 5, WinnerTakeAll, 40, 48, 30, 10)
	linear, clustered := newTestTables(t, net, set)
	lsh := newTestLSH(t, net, set, []float64{0.1, 1})
	net.PutLinear(linear)
	net.PutClustered(clustered)
	if err := net.PutLSH(lsh); err != nil {
		t.Fatal(err)
	}
	back := must2(ReadBytes(encode(t, net)))(t)
	for _, pair := range [][2]any{
		{linear, must2(back.Linear())(t)}, {clustered, must2(back.Clustered())(t)}, {lsh, must2(back.LSH())(t)},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("%T stored and read (-want +got):\n%s", pair[0], diff)
		}
	}
}

func TestRotatedTablesRoundTrip(t *testing.T) {
	set := kernel.Pure()
	net := newTestNetwork(t, 5, Plain, 40, 48, 30, 10)
	images := newTestSamples(3, 60, net.Inputs(), 10)
	size := activator.LSHSize{Bits: 4, Tables: 3, Rotated: true}
	tables := must2(activator.BuildLSH(set, NewObserver(net, set, 0), images, net.Inputs(), size, rng.Key{Seed: 5}))(t)
	if err := net.PutLSH(tables); err != nil {
		t.Fatal(err)
	}
	back := must2(ReadBytes(encode(t, net)))(t)
	if diff := cmp.Diff(tables, must2(back.LSH())(t)); diff != "" {
		t.Errorf("stored and read (-want +got):\n%s", diff)
	}
	must2(NewSLONNLSH(back, set, tables))(t)
	for what, bad := range map[string]Tensor{
		"floats":   Vector(make([]float32, 192)),
		"short":    Bytes(make([]byte, 3*32), 3),
		"no power": Bytes(make([]byte, 3*65), 3),
	} {
		back.Extra["lsh/flips"] = bad
		if _, err := back.LSH(); err == nil {
			t.Errorf("%s: want an error, got none", what)
		}
	}
}

func TestTablesErrors(t *testing.T) {
	set := kernel.Pure()
	net := newTestNetwork(t, 5, WinnerTakeAll, 40, 48, 30, 10)
	for _, name := range []string{LinearActivator, ClusteredActivator, LSHActivator} {
		if _, err := OpenActivator(net, name, set); err == nil {
			t.Errorf("opened the tables of %s, which are not there", name)
		}
	}
	linear, clustered := newTestTables(t, net, set)
	net.PutLinear(linear)
	net.PutClustered(clustered)
	net.Extra["linear/bias"] = Vector([]float32{1})
	net.Extra["clustered/ranked"] = Indices(make([]int32, 10), 1)
	if _, err := net.Linear(); err == nil {
		t.Error("linear tables with too few biases passed")
	}
	if _, err := net.Clustered(); err == nil {
		t.Error("clustered tables with short lists passed")
	}
	net.Extra["clustered/ranked"] = Indices([]int32{9999}, 1)
	if _, err := net.Clustered(); err == nil {
		t.Error("a node number out of range passed")
	}
	if err := net.PutLSH(newTestLSH(t, net, set, nil)); err != nil {
		t.Fatal(err)
	}
	net.Extra["lsh/importance"] = Bytes([]byte{1}, 1)
	if _, err := net.LSH(); err == nil {
		t.Error("lsh tables without importances passed")
	}
	tables := newTestLSH(t, net, set, nil)
	if _, err := NewSLONNLSH(newTestNetwork(t, 5, Plain, 40, 47, 30, 10), set, tables); err == nil {
		t.Error("tables of another network passed")
	}
}
