package activator

import (
	"fmt"

	"slosim/engine/kernel"
)

// LabelBeam proposes clusters of output nodes that are likely together: learnt predictors
// score super-clusters by the hidden vector, then the clusters of the best few of them,
// and the best clusters are proposed whole. It is a small network distilled from the large
// one: labels play no part (our design, after the label trees of Prabhu et al., "Parabel",
// WWW 2018, and of Khandagale et al., "Bonsai", 2019).
type LabelBeam struct {
	Nodes    int
	TwoLevel         // a row and a bias predict a super-cluster, or a cluster, as logits
	Start    []int32 // [cluster+1]: IDs[Start[c]:Start[c+1]] are the nodes of cluster c
	IDs      []int32 // each node once
}

// Validate reports the first contradiction between the tables' fields.
func (l *LabelBeam) Validate() error {
	if err := l.TwoLevel.validate(); err != nil {
		return fmt.Errorf("label beam: %w", err)
	}
	if l.Nodes < 1 || len(l.IDs) != l.Nodes {
		return fmt.Errorf("label beam: want each of %d nodes once, got %d", l.Nodes, len(l.IDs))
	}
	if err := validateParts("nodes of clusters", l.Start, l.Leaves.Rows, l.Nodes); err != nil {
		return fmt.Errorf("label beam: %w", err)
	}
	if err := validOrder(l.IDs); err != nil {
		return fmt.Errorf("label beam: %w", err)
	}
	return nil
}

// Bytes implements [OutputTables].
func (l *LabelBeam) Bytes() int64 { return l.TwoLevel.bytes() + 4*int64(len(l.Start)+len(l.IDs)) }

// mostClusters bounds the steps: past it a beam of more super-clusters is the better way.
const mostClusters = 32

// Steps implements [OutputTables]: a size is in clusters.
func (l *LabelBeam) Steps() []Step {
	least := 0 // clusters that every beam finds
	for _, clusters := range l.parts()[:l.Beam] {
		least += clusters
	}
	steps := []Step{{Name: "1 cluster", Size: 1, Nodes: l.expected(1)}}
	for size := 2; size <= min(least, mostClusters); size *= 2 {
		steps = append(steps, Step{Name: fmt.Sprintf("%d clusters", size), Size: size, Nodes: l.expected(size)})
	}
	return steps
}

// expected takes clusters to be of equal size, as [BuildLabelBeam] makes them.
func (l *LabelBeam) expected(clusters int) float64 {
	return float64(clusters) * float64(l.Nodes) / float64(l.Leaves.Rows)
}

// NewProposer implements [OutputTables].
func (l *LabelBeam) NewProposer(set *kernel.Set) Proposer {
	p := &beamProposer{tables: l, search: newSearch(&l.TwoLevel, set)}
	p.best = make([]int32, cap(p.search.found))
	p.ids = make([]int32, 0, l.Nodes)
	return p
}

type beamProposer struct {
	tables *LabelBeam
	search search
	best   []int32 // of what the search found, ascending
	ids    []int32
}

// Look implements [Proposer]: the kind is the number of the best super-cluster.
func (p *beamProposer) Look(q Query) int {
	p.search.run(q.Hidden)
	return argmax(p.search.supers)
}

// Kinds implements [Proposer].
func (p *beamProposer) Kinds() int { return p.tables.Supers.Rows }

// Propose implements [Proposer].
func (p *beamProposer) Propose(size int) []int32 {
	s, t := &p.search, p.tables
	p.ids = p.ids[:0]
	size = min(max(size, 0), len(s.found))
	for _, i := range p.best[:s.set.TopK(p.best, s.scores[:len(s.found)], size)] {
		c := s.found[i]
		p.ids = append(p.ids, t.IDs[t.Start[c]:t.Start[c+1]]...)
	}
	return p.ids
}

// Shape returns any features, the hidden nodes and the output nodes of networks that the
// clusters are of.
func (l *LabelBeam) Shape() (features, hidden, nodes int) { return 0, l.Supers.Cols, l.Nodes }
