package activator

import (
	"math"
	"slices"
	"strings"
	"testing"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

func wantFault(t *testing.T, what string, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: want an error with %q, got %v", what, text, err)
	}
}

// copied returns two levels whose slices can be damaged.
func copied(l TwoLevel) TwoLevel {
	supers, leaves := *l.Supers, *l.Leaves
	supers.Data, leaves.Data = slices.Clone(supers.Data), slices.Clone(leaves.Data)
	return TwoLevel{&supers, slices.Clone(l.SuperBias), &leaves, slices.Clone(l.LeafBias), slices.Clone(l.First), l.Beam}
}

func nan() float32 { return float32(math.NaN()) }

func damages() map[string]func(*TwoLevel) {
	return map[string]func(*TwoLevel){
		"supers: want a matrix of 1 or more rows": func(l *TwoLevel) { l.Supers = nil },
		"leaves: want a matrix":                   func(l *TwoLevel) { l.Leaves.Data = l.Leaves.Data[1:] },
		"leaves: want a matrix of":                func(l *TwoLevel) { l.Leaves.Rows = math.MaxInt },
		"supers: want a matrix":                   func(l *TwoLevel) { l.Supers.Stride = 1 },
		"supers: want a matrix of":                func(l *TwoLevel) { l.Supers.Cols = 0 },
		"supers: want a bias for each of 5 rows":  func(l *TwoLevel) { l.SuperBias = l.SuperBias[1:] },
		"leaves: want a bias":                     func(l *TwoLevel) { l.LeafBias = nil },
		"leaves: row 1: want finite":              func(l *TwoLevel) { l.Leaves.Row(1)[2] = nan() },
		"supers: row 2: want finite":              func(l *TwoLevel) { l.SuperBias[2] = float32(math.Inf(1)) },
		"want 17 numbers each":                    func(l *TwoLevel) { l.Leaves.Cols-- },
		"beam: want 1..5 supers, got 0":           func(l *TwoLevel) { l.Beam = 0 },
		"beam: want 1..5 supers, got 6":           func(l *TwoLevel) { l.Beam = 6 },
		"leaves of supers: want 6 bounds":         func(l *TwoLevel) { l.First = l.First[:5] },
		"leaves of supers: want 6 bounds from 0":  func(l *TwoLevel) { l.First[0] = -1 },
		"leaves of supers: want ascending":        func(l *TwoLevel) { l.First[2] = l.First[1] },
		"leaves of supers: want ascending bounds": func(l *TwoLevel) { l.First[1] = math.MaxInt32 },
	}
}

func TestDamagedTablesAreFound(t *testing.T) {
	set := kernel.Best()
	tables := outputTables(t, set, newTestExamples(set, 1, 300, 17, 90, 8), 1)
	hidden, beam := tables["hidden"].(*HiddenLists), tables["beam"].(*LabelBeam)
	for want, damage := range damages() {
		h, b := *hidden, *beam
		h.TwoLevel, b.TwoLevel = copied(hidden.TwoLevel), copied(beam.TwoLevel)
		damage(&h.TwoLevel)
		damage(&b.TwoLevel)
		wantFault(t, "hidden", h.Validate(), want)
		wantFault(t, "beam", b.Validate(), want)
	}
}

func TestDamagedListsAreFound(t *testing.T) {
	set := kernel.Best()
	tables := outputTables(t, set, newTestExamples(set, 1, 300, 17, 90, 8), 1)["hidden"].(*HiddenLists)
	for want, damage := range map[string]func(*HiddenLists){
		"lists of 1..90 nodes, got lists of 0":  func(l *HiddenLists) { l.Longest = 0 },
		"lists of 1..90 nodes, got lists of 91": func(l *HiddenLists) { l.Longest = 91 },
		"lists of 1..39 nodes":                  func(l *HiddenLists) { l.Nodes = 39 },
		"lists of 1..9223372036854775807 nodes": func(l *HiddenLists) { l.Nodes = math.MaxInt },
		"nodes in all":                          func(l *HiddenLists) { l.IDs = l.IDs[1:] },
		"leaf 1: want nodes 0..89, got -1":      func(l *HiddenLists) { l.IDs[45] = -1 },
		"leaf 0: want nodes 0..89":              func(l *HiddenLists) { l.IDs[39] = 90 },
		"leaf 2: want each node once":           func(l *HiddenLists) { l.IDs[80] = l.IDs[81] },
	} {
		l := *tables
		l.IDs = slices.Clone(l.IDs)
		damage(&l)
		wantFault(t, "hidden", l.Validate(), want)
	}
}

func TestDamagedBeamsAreFound(t *testing.T) {
	set := kernel.Best()
	tables := outputTables(t, set, newTestExamples(set, 1, 300, 17, 90, 8), 1)["beam"].(*LabelBeam)
	for want, damage := range map[string]func(*LabelBeam){
		"each of 91 nodes once, got 90":               func(l *LabelBeam) { l.Nodes = 91 },
		"each of 9223372036854775807 nodes":           func(l *LabelBeam) { l.Nodes = math.MaxInt },
		"each of 90 nodes once, got 89":               func(l *LabelBeam) { l.IDs = l.IDs[1:] },
		"want nodes 0..89, each once, got 90":         func(l *LabelBeam) { l.IDs[3] = 90 },
		"want nodes 0..89, each once, got -1":         func(l *LabelBeam) { l.IDs[3] = -1 },
		"want nodes 0..89, each once":                 func(l *LabelBeam) { l.IDs[3] = l.IDs[4] },
		"nodes of clusters: want 16 bounds":           func(l *LabelBeam) { l.Start = l.Start[:15] },
		"nodes of clusters: want 16 bounds from 0 to": func(l *LabelBeam) { l.Start[15]-- },
		"nodes of clusters: want ascending":           func(l *LabelBeam) { l.Start[5] = l.Start[4] },
	} {
		l := *tables
		l.IDs, l.Start = slices.Clone(l.IDs), slices.Clone(l.Start)
		damage(&l)
		wantFault(t, "beam", l.Validate(), want)
	}
}

func TestBuildersOfOutputTablesFindWrongOptions(t *testing.T) {
	set := kernel.Best()
	e := newTestExamples(set, 1, 60, 17, 90, 8)
	for want, o := range map[string]HiddenOptions{
		"want 1..60 super-clusters, got 61":         {Super: 61},
		"want 1..60 super-clusters, got -1":         {Super: -1},
		"want 1..60 leaves of a super-cluster":      {Leaf: 61},
		"want a beam of 1..3 super-clusters, got 4": {Super: 3, Beam: 4},
		"want lists of 1..90 nodes, got 91":         {Longest: 91},
		"want lists of 1..90 nodes, got -1":         {Longest: -1},
	} {
		_, err := BuildHiddenLists(set, e, o)
		wantFault(t, "hidden", err, "hidden lists: "+want)
	}
	for want, o := range map[string]BeamOptions{
		"want 1..90 super-clusters, got 91":                       {Super: 91, Clusters: 1},
		"want 1..90 super-clusters, got -1":                       {Super: -1},
		"want 1..18 clusters of each of 5 super-clusters, got 19": {Super: 5, Clusters: 19},
		"want 1..18 clusters of each of 5 super-clusters, got -1": {Super: 5, Clusters: -1},
		"want a beam of 1..3 super-clusters, got 4":               {Super: 3, Beam: 4},
		"want 1 or more epochs, got -1":                           {Epochs: -1},
	} {
		_, err := BuildLabelBeam(set, e, o)
		wantFault(t, "beam", err, "label beam: "+want)
	}
}

func TestBuildersOfOutputTablesFindWrongExamples(t *testing.T) {
	set := kernel.Best()
	good := newTestExamples(set, 1, 60, 17, 90, 8)
	for want, damage := range map[string]func(*Examples){
		"examples: want 1 or more":                  func(e *Examples) { e.Inputs = testInputs{} },
		"output layer: want a matrix":               func(e *Examples) { e.Rows = nil },
		"output layer: want a bias":                 func(e *Examples) { e.Bias = e.Bias[1:] },
		"hidden vectors of 60 x 17, got none":       func(e *Examples) { e.Hidden = nil },
		"hidden vectors of 60 x 17, got 60 x 18":    func(e *Examples) { e.Hidden = kernel.NewMatrix(60, 18) },
		"hidden vectors of 60 x 17, got 61":         func(e *Examples) { e.Hidden = kernel.NewMatrix(61, 17) },
		"examples: 0: want a finite hidden":         func(e *Examples) { e.Hidden = kernel.NewMatrix(60, 17); e.Hidden.Row(0)[0] = nan() },
		"examples: 0: want likely nodes, got none":  func(e *Examples) { e.Inputs = make(testInputs, 60) },
		"examples: 0: want nodes 0..89 with shares": func(e *Examples) { e.Inputs = allLikely(60, Scored{90, 1}) },
		"shares above 0, got 3 with 0":              func(e *Examples) { e.Inputs = allLikely(60, Scored{3, 0}) },
		"shares above 0, got 3 with NaN":            func(e *Examples) { e.Inputs = allLikely(60, Scored{3, nan()}) },
	} {
		e := *good
		damage(&e)
		_, err := BuildHiddenLists(set, &e, HiddenOptions{})
		wantFault(t, "hidden", err, want)
		_, err = BuildLabelBeam(set, &e, BeamOptions{})
		wantFault(t, "beam", err, want)
	}
}

func allLikely(n int, s Scored) testInputs {
	inputs := make(testInputs, n)
	for i := range inputs {
		inputs[i] = []Scored{s}
	}
	return inputs
}

// Few examples, equal ones, and few nodes must do too.
func TestBuildersOfOutputTablesTakeLittle(t *testing.T) {
	set := kernel.Best()
	for n := range 3 {
		for nodes := 1; nodes < 4; nodes++ {
			e := newTestExamples(set, 1, n+1, 3, nodes, 1)
			clear(e.Hidden.Data)
			hidden := must(BuildHiddenLists(set, e, HiddenOptions{Super: n + 1, Leaf: n + 1, Key: rng.Key{Seed: 1}}))(t)
			beam := must(BuildLabelBeam(set, e, BeamOptions{Super: nodes, Clusters: 1}))(t)
			for _, tables := range []OutputTables{hidden, beam} {
				if ids := ask(tables.NewProposer(set), Query{Hidden: e.Hidden.Row(0)}, 1); len(ids) != 1 || tables.Bytes() < 1 {
					t.Errorf("%d examples, %d nodes: want 1 node, got %v", n+1, nodes, ids)
				}
			}
			must(BuildHiddenLists(set, e, HiddenOptions{}))(t)
			must(BuildLabelBeam(set, e, BeamOptions{}))(t)
		}
	}
}
