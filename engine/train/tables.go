package train

import (
	"context"
	"fmt"

	"slosim/engine"
	"slosim/engine/activator"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// The sizes of the shipped tables, chosen on images held out of training.
const (
	linearDimensions  = 32
	clusterDimensions = 32
	clusters          = 256
	lshBudget         = 4 << 20 // bytes of importances, of all hidden layers
	candidateBudget   = 2 << 20 // of the first layer alone
	// observedShare is the density whose activations the tables are to predict: the one
	// at which a winner-take-all network is as accurate as at 100 %.
	observedShare = 0.10
)

// buildTables builds the named activators' tables from the network as its file will
// hold it: lists from the samples to fit, confidences from those kept for them.
func buildTables(ctx context.Context, n *engine.Network, names []string, data Data, key rng.Key, set *kernel.Set) error {
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("tables of %s: %w", n.Name, err)
		}
		if err := buildTable(n, name, data, key, set); err != nil {
			return fmt.Errorf("tables of %s: %w", n.Name, err)
		}
	}
	return nil
}

func buildTable(n *engine.Network, name string, data Data, key rng.Key, set *kernel.Set) error {
	switch name {
	case engine.LinearActivator:
		return buildLinear(n, data)
	case engine.ClusteredActivator:
		return buildClustered(n, data, key, set)
	case engine.LSHActivator:
		return buildLSH(n, data, key, set)
	}
	return fmt.Errorf("want %s, %s or %s, got %q", engine.LinearActivator, engine.ClusteredActivator, engine.LSHActivator, name)
}

func buildLinear(n *engine.Network, data Data) error {
	first := &n.Layers[0]
	space, err := activator.PCA(data.Fit, data.Features, min(linearDimensions, data.Features))
	if err != nil {
		return err
	}
	t, err := activator.BuildLinear(space, first.W, first.Bias[n.Level(observedShare)])
	if err != nil {
		return err
	}
	n.PutLinear(t)
	return nil
}

func buildClustered(n *engine.Network, data Data, key rng.Key, set *kernel.Set) error {
	space, err := activator.PCA(data.Fit, data.Features, min(clusterDimensions, data.Features))
	if err != nil {
		return err
	}
	observer := engine.NewObserver(n, set, n.Level(observedShare))
	t, err := activator.BuildClustered(set, observer, data.Fit, space, min(clusters, data.Fit.Len()), key)
	if err != nil {
		return err
	}
	n.PutClustered(t)
	return nil
}

// buildLSH builds the paper's tables, and those that propose candidates where the
// network was trained for that.
func buildLSH(n *engine.Network, data Data, key rng.Key, set *kernel.Set) error {
	if n.Kind == engine.WinnerTakeAll {
		t, err := engine.ChooseCandidateLSH(n, set, data.Fit, data.Confidence, candidateBudget, n.Level(observedShare), key)
		if err != nil {
			return err
		}
		return n.PutLSH(t)
	}
	t, err := engine.ChooseLSH(n, set, data.Fit, data.Confidence, lshBudget, engine.DefaultShares(), key)
	if err != nil {
		return err
	}
	return n.PutLSH(t)
}
