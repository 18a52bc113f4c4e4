package engine

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/kernel"
)

// newPruned returns a pruned network with about a fifth of its weights.
func newPruned(t testing.TB, seed uint64, sizes ...int) *Network {
	t.Helper()
	n := newTestNetwork(t, seed, Pruned, sizes...)
	for i := range n.Layers {
		w := n.Layers[i].W
		for r := range w.Rows {
			for c := range w.Row(r) {
				if (r*7+c*3+i)%5 != 0 {
					w.Row(r)[c] = 0
				}
			}
		}
	}
	return n
}

func TestPrunedFilesHoldWhatIsLeft(t *testing.T) {
	n := newPruned(t, 3, 21, 34, 13, 5)
	data := encode(t, n)
	back, err := ReadBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(n, back); diff != "" {
		t.Errorf("written and read (-want +got):\n%s", diff)
	}
	plain := *n
	plain.Kind = Plain
	if dense := encode(t, &plain); 2*len(data) > len(dense)+2048 {
		t.Errorf("want a file of about a fifth of %d bytes, got %d", len(dense), len(data))
	}
	for i := range n.Layers {
		clear(n.Layers[i].W.Data)
	}
	if back, err = ReadBytes(encode(t, n)); err != nil || cmp.Diff(n, back) != "" {
		t.Errorf("a network without weights: %v", err)
	}
}

func TestMaskAndValuesMustAgree(t *testing.T) {
	for want, c := range map[string]struct {
		mask   []byte
		values []float32
	}{
		"each bit of the mask": {[]byte{0b101, 0}, []float32{2}},
		"1 fewer":              {[]byte{0b001, 0}, []float32{2, 3}},
		"9 bits":               {[]byte{0, 0b10}, nil},
	} {
		m := kernel.NewMatrix(3, 3)
		if err := errors.Join(unmask(m, c.mask), fillMasked(m, c.values)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error that says %q, got %v", want, err)
		}
	}
}

// prunedNetworks is a plain network and two pruned ones.
func prunedNetworks(t testing.TB) []*Network {
	list := []*Network{newTestNetwork(t, 5, Plain, 40, 48, 30, 10), newPruned(t, 6, 40, 48, 30, 10), newPruned(t, 7, 40, 48, 30, 10)}
	clear(list[2].Layers[1].W.Data[:20*list[2].Layers[1].W.Stride])
	for i, name := range []string{"test.full", "test.p20", "test.p10"} {
		list[i].Name = name
	}
	return list
}

func TestPruningAnswersAsTheDenseNetworkWithZeros(t *testing.T) {
	nets := prunedNetworks(t)
	dense := []*Network{nets[2], nets[1], nets[0]} // by what is left
	for _, set := range kernel.All() {
		technique := must2(NewStaticPruning("prune-weights", nets, set))(t)
		points := technique.Points()
		if points[0].Name != "p10" || points[1].Name != "p20" || points[2].Density != 1 || points[0].Density > 0.2 || points[1].Density > 0.21 {
			t.Fatalf("want the points p10, p20 and full, by what is left, got %+v", points)
		}
		samples, session := newTestSamples(17, 20, 40, 10), technique.NewSession()
		for point := range points {
			scratch := dense[point].NewScratch()
			for i := range samples.Len() {
				x := samples.x.Row(i)
				answer, margin := top(dense[point].Forward(set, scratch, x))
				got := session.Execute(point, Dense(x))
				if math.Abs(float64(got.Margin-margin)) > 1e-4 || margin > 1e-3 && got.Answer != answer {
					t.Errorf("%s, %s, sample %d: want %d by %g, got %d by %g", set.Name, points[point].Name, i, answer, margin, got.Answer, got.Margin)
				}
			}
		}
	}
}

func TestSlimmableIsANetworkOfEachWidth(t *testing.T) {
	set := kernel.Best()
	n := newTestNetwork(t, 8, Slimmable, 40, 48, 30, 10)
	technique := must2(NewSlimmable(n, set))(t)
	if len(technique.Points()) != len(testShares) || technique.Points()[3].Name != "100 %" {
		t.Fatalf("want a point a width, the last 100 %%, got %+v", technique.Points())
	}
	samples, session := newTestSamples(17, 20, 40, 10), technique.NewSession()
	for level := range n.Levels {
		alone := cornerOf(t, n, level)
		for i := range samples.Len() {
			got, scratch := session.Execute(level, Dense(samples.x.Row(i))), alone.NewScratch()
			answer, margin := top(alone.Forward(set, scratch, samples.x.Row(i)))
			if got.Answer != answer || math.Abs(float64(got.Margin-margin)) > 1e-5 || got.Nodes != alone.Nodes() {
				t.Errorf("level %d, sample %d: want %d by %g with %d nodes, got %+v", level, i, answer, margin, alone.Nodes(), got)
			}
		}
	}
	if _, err := NewSlimmable(newTestNetwork(t, 8, Plain, 4, 3, 2), set); err == nil {
		t.Error("a plain network was taken for a slimmable one")
	}
}

// cornerOf copies a level of a slimmable network into a plain one.
func cornerOf(t *testing.T, n *Network, level int) *Network {
	t.Helper()
	sizes := []int{n.Inputs()}
	for i := range n.Layers {
		sizes = append(sizes, n.Width(level, i))
	}
	alone := must2(NewNetwork(fmt.Sprint("width", level), Plain, sizes, 1))(t)
	for i := range alone.Layers {
		for r := range alone.Layers[i].W.Rows {
			copy(alone.Layers[i].W.Row(r), n.Layers[i].W.Row(r))
		}
		alone.Layers[i].Bias[0] = slices.Clone(n.Layers[i].Bias[level][:alone.Layers[i].W.Rows])
	}
	return alone
}
