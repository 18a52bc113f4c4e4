package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"slosim/engine"
	"slosim/engine/kernel"
)

// Report is what slosim bench prints.
type Report struct {
	Schema  int            `json:"schema"`
	Machine string         `json:"machine"`
	Kernel  string         `json:"kernel"` // variant
	Limits  []kernel.Limit `json:"limits"`
	Rows    []Row          `json:"rows"`
	Storage []Storage      `json:"storage,omitempty"`
	// Forward is left out if the network was not measured.
	Forward *Forward `json:"forward,omitempty"`
	// Notes say what to mind when reading the numbers.
	Notes []string `json:"notes,omitempty"`
	// Figures are the ratios of [Figures] by their keys.
	Figures map[string]Ratio `json:"figures"`
}

// Forward is how many allocations a forward pass makes: the largest number over all points
// of Techniques, each of which ran Passes times, over different samples.
type Forward struct {
	Allocations float64  `json:"allocations"`
	Techniques  []string `json:"techniques"`
	Passes      int      `json:"passes"`
}

// Schema is the version of [Report].
const Schema = 1

// Storage is what a storage type of the weights does to a network's answers.
type Storage struct {
	Network   string  `json:"network"`
	Type      string  `json:"type"`
	Bytes     int64   `json:"bytes"`     // of the weights
	Accuracy  float64 `json:"accuracy"`  // share of right answers
	Agreement float64 `json:"agreement"` // share of answers that float32 weights give too
	Samples   int     `json:"samples"`
}

// allocationPasses is how often a point runs to count its allocations.
const allocationPasses = 20

// Allocations counts the allocations of a pass at the point that makes most. Others of
// the process count too, so it is an upper bound; the least of three tries is taken.
func Allocations(ctx context.Context, techniques []engine.Technique, samples engine.Samples, inputs int) (*Forward, error) {
	f, q := &Forward{Passes: allocationPasses}, newQueries(samples, inputs)
	for _, t := range techniques {
		f.Techniques = append(f.Techniques, t.Name())
		session := t.NewSession()
		for point := range t.Points() {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			least := math.Inf(1)
			for range 3 {
				least = min(least, allocationsOf(session, point, q))
			}
			f.Allocations = max(f.Allocations, least)
		}
	}
	return f, nil
}

func allocationsOf(session engine.Session, point int, q *queries) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range allocationPasses {
		x := q.next()
		session.Activate(engine.Dense(x))
		session.Execute(point, engine.Dense(x))
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / allocationPasses
}

// StorageOf runs a network on samples with weights of each storage type.
func StorageOf(ctx context.Context, set *kernel.Set, net *engine.Network, samples engine.Samples) ([]Storage, error) {
	var list []Storage
	var reference []int
	for _, storage := range engine.Storages() {
		narrow, err := engine.NewNarrow(net, storage)
		if err != nil {
			return nil, fmt.Errorf("storage: %w", err)
		}
		answers, err := answersOf(ctx, set, narrow, samples, net.Inputs())
		if err != nil {
			return nil, err
		}
		if reference == nil {
			reference = answers
		}
		s := Storage{Network: net.Name, Type: storage, Bytes: narrow.Bytes(), Samples: len(answers)}
		right, same := 0, 0
		for i, answer := range answers {
			right += one(answer == samples.Label(i))
			same += one(answer == reference[i])
		}
		s.Accuracy, s.Agreement = float64(right)/float64(len(answers)), float64(same)/float64(len(answers))
		list = append(list, s)
	}
	return list, nil
}

// answersOf runs all samples, some at a time so that ctx can end it.
func answersOf(ctx context.Context, set *kernel.Set, n *engine.Narrow, samples engine.Samples, inputs int) ([]int, error) {
	var answers []int
	scratch, x := n.NewScratch(), kernel.Aligned(inputs)
	for i := range samples.Len() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		samples.Input(i, x)
		answers = append(answers, n.Answer(set, scratch, x))
	}
	return answers, nil
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
