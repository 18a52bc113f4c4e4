package bench

import (
	"context"
	"fmt"
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
	Storage []Storage      `json:"storage"`
	// Allocations is how many allocations a forward pass makes, the largest number over all
	// points of Techniques; each point ran Passes times.
	Allocations float64  `json:"forward.allocations"`
	Techniques  []string `json:"forward.techniques"`
	Passes      int      `json:"forward.passes"`
	// Figures are the ratios of [Figures] by their keys.
	Figures map[string]Ratio `json:"figures"`
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

// AllocationPasses is how often a point runs to count its allocations.
const AllocationPasses = 20

// Allocations returns the allocations of a pass at the point that makes most. Others of
// the process count too, so it is an upper bound; the least of three tries is taken.
func Allocations(ctx context.Context, techniques []engine.Technique, x []float32) (float64, error) {
	worst := 0.0
	for _, t := range techniques {
		session := t.NewSession()
		for point := range t.Points() {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			least := allocationsOf(session, point, x)
			for range 2 {
				least = min(least, allocationsOf(session, point, x))
			}
			worst = max(worst, least)
		}
	}
	return worst, nil
}

func allocationsOf(session engine.Session, point int, x []float32) float64 {
	var before, after runtime.MemStats
	session.Activate(x)
	session.Execute(point, x)
	runtime.ReadMemStats(&before)
	for range AllocationPasses {
		session.Activate(x)
		session.Execute(point, x)
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / AllocationPasses
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
		answers := narrow.Answers(set, samples)
		if err := ctx.Err(); err != nil {
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

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
