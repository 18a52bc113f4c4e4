package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math"

	"slosim/engine/activator"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// Outputs are what an activator proposes outputs of a wide network by, and what calibration
// froze over it. They are read-only once a technique holds them.
type Outputs struct {
	Activator  string                 // one of [OutputActivators]
	Tables     activator.OutputTables // of that activator
	Cascades   []CascadeSpec          // over the points as numbered without any
	Confidence [][]float32            // [kind of query][point, as numbered with the cascades]: share of answers that are the whole network's; nil: none
}

// shaped are tables that know what networks they are of; 0 where it does not matter.
type shaped interface {
	Validate() error
	Shape() (features, hidden, nodes int)
}

// validate says whether the outputs are of the network.
func (o *Outputs) validate(n *Wide) error {
	t, ok := o.Tables.(shaped)
	if !ok {
		return fmt.Errorf("want tables of a known kind, got %T", o.Tables)
	}
	if err := t.Validate(); err != nil {
		return err
	}
	features, hidden, nodes := t.Shape()
	if features != 0 && features != n.Embed.Rows || hidden != 0 && hidden != n.Embed.Cols || nodes != n.Out.Rows {
		return fmt.Errorf("tables: want %d features, %d hidden nodes and %d outputs, got %d, %d and %d (0: any)",
			n.Embed.Rows, n.Embed.Cols, n.Out.Rows, features, hidden, nodes)
	}
	return nil
}

// storedOutputs is Outputs as a file holds them: one of the tables is there.
type storedOutputs struct {
	Activator  string
	Features   *activator.FeatureLists
	Hidden     *activator.HiddenLists
	Beam       *activator.LabelBeam
	Signs      *activator.SignLists
	Rows       *activator.RowBuckets
	Tree       *activator.KernelTree
	Cascades   []CascadeSpec
	Confidence [][]float32
}

// outputsMagic begins a file of outputs, and tells its version.
const outputsMagic = "slosim outputs 2\n"

// WriteOutputs writes o with a checksum. The file is private to a version of slosim and its
// cache: another version builds the tables again.
func WriteOutputs(w io.Writer, o *Outputs) error {
	s := storedOutputs{Activator: o.Activator, Cascades: o.Cascades, Confidence: o.Confidence}
	switch t := o.Tables.(type) {
	case *activator.FeatureLists:
		s.Features = t
	case *activator.HiddenLists:
		s.Hidden = t
	case *activator.LabelBeam:
		s.Beam = t
	case *activator.SignLists:
		s.Signs = t
	case *activator.RowBuckets:
		s.Rows = t
	case *activator.KernelTree:
		s.Tree = t
	default:
		return fmt.Errorf("outputs of %s: want known tables, got %T", o.Activator, o.Tables)
	}
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(&s); err != nil {
		return fmt.Errorf("outputs of %s: %w", o.Activator, err)
	}
	sum := sha256.Sum256(body.Bytes())
	_, err := w.Write(append(append([]byte(outputsMagic), sum[:]...), body.Bytes()...))
	return err
}

// ReadOutputs reads what [WriteOutputs] wrote, and refuses what is damaged.
func ReadOutputs(file []byte) (*Outputs, error) {
	head := len(outputsMagic) + sha256.Size
	if len(file) < head || string(file[:len(outputsMagic)]) != outputsMagic {
		return nil, errors.New("outputs: want a file of this version, got another")
	}
	body := file[head:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], file[len(outputsMagic):head]) {
		return nil, errors.New("outputs: want the checksum in the file, got another: it is damaged")
	}
	var s storedOutputs
	if err := gob.NewDecoder(bytes.NewReader(body)).Decode(&s); err != nil {
		return nil, fmt.Errorf("outputs: %w", err)
	}
	o := &Outputs{Activator: s.Activator, Cascades: s.Cascades, Confidence: s.Confidence}
	switch {
	case s.Features != nil:
		o.Tables = s.Features
	case s.Hidden != nil:
		o.Tables = s.Hidden
	case s.Beam != nil:
		o.Tables = s.Beam
	case s.Signs != nil:
		o.Tables = s.Signs
	case s.Rows != nil:
		o.Tables = s.Rows
	case s.Tree != nil:
		o.Tables = s.Tree
	default:
		return nil, fmt.Errorf("outputs of %s: want tables, got none", s.Activator)
	}
	return o, nil
}

// DefaultOutputActivator proposes for the technique slo-nn unless another one is named.
const DefaultOutputActivator = "features"

// OutputActivators lists what can propose outputs of a wide network, [DefaultOutputActivator]
// first:
//
//   - features: lists of outputs for each feature (ours)
//   - kmeans: lists for two-level clusters of hidden vectors (ours)
//   - beam: clusters of outputs by a small network distilled from the whole one (ours)
//   - tree: a beam over a tree of output rows (after Blanc and Rendle, ICML 2018)
//   - lsh-hidden: lists for buckets of sign hashing of the hidden vector, 16 tables
//   - lsh-input: the same of the sparse input, one table: the literal way of Mendoza and
//     Trippel, arXiv 2204.08400
//   - slide: hash tables of output rows (Chen et al., MLSys 2020)
//   - mips: the same by inner product (Spring and Shrivastava, KDD 2017)
//   - mongoose: the same with learned planes (Chen et al., ICLR 2021)
func OutputActivators() []string {
	return []string{DefaultOutputActivator, "kmeans", "beam", "tree", "lsh-hidden", "lsh-input", "slide", "mips", "mongoose"}
}

// longestList is the length of a feature's list of outputs: longer ones were never the
// fastest within an allowed loss, and their tables outgrow the near caches.
const longestList = 20

// BuildOutputs builds the tables of an activator from a survey.
func BuildOutputs(ctx context.Context, name string, s *Survey, set *kernel.Set, key rng.Key) (*Outputs, error) {
	tables, err := buildTables(name, s, set, key)
	if err != nil {
		return nil, fmt.Errorf("activator %s: %w", name, err)
	}
	return &Outputs{Activator: name, Tables: tables}, ctx.Err()
}

// clusterExamples is how many examples clusters, trees and planes are made of at most.
const clusterExamples = 100_000

// buildTables knows the shape in which each activator does best, see their packages.
func buildTables(name string, s *Survey, set *kernel.Set, key rng.Key) (activator.OutputTables, error) {
	e, nodes := &s.Examples, s.Examples.Nodes()
	if name != DefaultOutputActivator {
		e = s.Some(clusterExamples)
	}
	switch name {
	case DefaultOutputActivator:
		return activator.BuildFeatureLists(e.Inputs, e.Features, nodes, min(longestList, nodes))
	case "kmeans":
		return activator.BuildHiddenLists(set, e, activator.HiddenOptions{Key: key})
	case "beam":
		return activator.BuildLabelBeam(set, e, activator.BeamOptions{Key: key})
	case "tree":
		return activator.BuildKernelTree(set, e, activator.KernelTreeOptions{Key: key})
	case "lsh-hidden":
		return activator.BuildSignLists(set, e, activator.SignListOptions{
			Of: activator.HashHidden, Bits: min(10, e.Hidden.Cols), Tables: 16, PCA: true, Longest: min(100, nodes), Key: key,
		})
	case "lsh-input":
		return activator.BuildSignLists(set, e, activator.SignListOptions{Of: activator.HashInput, Bits: 6, Tables: 1, Longest: max(1, nodes/10), Key: key})
	}
	hashes := map[string]activator.RowHash{"slide": activator.RowSimHash, "mips": activator.RowMIPS, "mongoose": activator.RowLearned}
	if hash, ok := hashes[name]; ok {
		return activator.BuildRowBuckets(set, e, activator.RowBucketOptions{Hash: hash, Bits: rowBits(nodes), Tables: 50, Key: key})
	}
	return nil, fmt.Errorf("want one of %q, got %q", OutputActivators(), name)
}

// rowBits is how many signs tell buckets of output rows apart: so many that a bucket holds
// about 200 rows, 6 of 13,723, which found most of the likeliest outputs there.
func rowBits(nodes int) int {
	return min(max(int(math.Round(math.Log2(float64(nodes)/200))), 1), 12)
}

// confidencePrior is how many answers, at the point's mean agreement, are added to those that
// were seen of a kind of query: of rare kinds little is known.
const confidencePrior = 20

// LearnConfidence fills in o.Confidence: for each kind of query and point, how often a
// technique over o answers as the whole network does, on samples that neither weights nor
// tables were made of (those that they were made of agree far too often).
func (o *Outputs) LearnConfidence(n *Wide, tables *WideTables, set *kernel.Set, samples Judged) error {
	o.Confidence = nil
	built, err := NewWideTechnique("slo-nn", n, tables, o, set)
	if err != nil {
		return err
	}
	t := built.(*wideTechnique)
	whole := t.whole()
	s := t.newSession()
	kinds := s.proposer.Kinds()
	same, seen := make([][]float64, kinds), make([]float64, kinds)
	for kind := range same {
		same[kind] = make([]float64, len(t.routes))
	}
	eachInput(samples, 0, func(_ int, in Input) {
		kind := s.look(in)
		seen[kind]++
		right := s.Execute(whole, in).Answer
		for point := range t.routes {
			if s.Execute(point, in).Answer == right {
				same[kind][point]++
			}
		}
	})
	o.Confidence = shrunk(same, seen)
	return nil
}

// shrunk turns counts of agreements into shares, drawn to the mean over all kinds.
func shrunk(same [][]float64, seen []float64) [][]float32 {
	total, all := make([]float64, len(same[0])), 0.0
	for kind := range same {
		all += seen[kind]
		for point, count := range same[kind] {
			total[point] += count
		}
	}
	out := make([][]float32, len(same))
	for kind := range same {
		out[kind] = make([]float32, len(total))
		for point, count := range same[kind] {
			out[kind][point] = float32((count + confidencePrior*total[point]/math.Max(all, 1)) / (seen[kind] + confidencePrior))
		}
	}
	return out
}
