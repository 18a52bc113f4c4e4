package train

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slosim/engine"
)

// smallRecipe is a winner-take-all network for the clouds, with all tables.
func smallRecipe() Recipe {
	return Recipe{
		Name: "clouds.wta", Kind: engine.WinnerTakeAll, Sizes: []int{12, 48, 40, 4}, Masked: 1, Shares: []float64{0.1, 0.3, 1},
		Hyper:  smallHyper(3),
		Tables: []string{engine.LinearActivator, engine.ClusteredActivator},
	}
}

func written(t *testing.T, n *engine.Network) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := engine.Write(&file, n); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestTrainRecipeMakesACompleteFile(t *testing.T) {
	data := cloudData()
	data.Name, data.Calibration = "clouds", newClouds(200, 12, 4, 3)
	n, report, err := TrainRecipe(context.Background(), smallRecipe(), data, Options{Seed: 5, Set: pure()})
	if err != nil {
		t.Fatal(err)
	}
	read, err := engine.ReadBytes(written(t, n))
	if err != nil {
		t.Fatal(err)
	}
	if !sameBits(n, read) {
		t.Error("the file holds other weights than the network: it was not rounded")
	}
	if _, err := read.Linear(); err != nil {
		t.Error(err)
	}
	if _, err := read.Clustered(); err != nil {
		t.Error(err)
	}
	if len(report.Confidence) != 3 || len(report.Calibration) != 3 || slices.Min(report.Calibration) < 0.9 {
		t.Errorf("want three accuracies of 0.9 or more, got %v and %v", report.Confidence, report.Calibration)
	}
	want := engine.Training{Dataset: "clouds", Seed: 5, Epochs: 6, Calibration: report.Calibration[2], Note: "go"}
	if diff := cmp.Diff(want, read.Training); diff != "" {
		t.Errorf("training of the file (-want +got):\n%s", diff)
	}
	for level := range read.Levels {
		if got := read.Levels[level].Accuracy; got != report.Calibration[level] {
			t.Errorf("level %d: want accuracy %g in the file, got %g", level, report.Calibration[level], got)
		}
	}
}

// The accuracy that training reports must be what the engine's own pass gets from the
// network, inputs not centred.
func TestReportedAccuracyIsTheEngines(t *testing.T) {
	data := cloudData()
	r := smallRecipe()
	r.Tables, r.Hyper.Epochs = nil, 1
	n, report, err := TrainRecipe(context.Background(), r, data, Options{Set: pure()})
	if err != nil {
		t.Fatal(err)
	}
	right, x, s := 0, make([]float32, 12), n.NewScratch()
	for i := range data.Confidence.Len() {
		data.Confidence.Input(i, x)
		if largest(n.ForwardLevel(pure(), s, 0, x)) == data.Confidence.Label(i) {
			right++
		}
	}
	if got := float64(right) / float64(data.Confidence.Len()); got != report.Confidence[0] {
		t.Errorf("want accuracy %g, got %g", got, report.Confidence[0])
	}
}

func TestTrainWritesTheSameBytesAgain(t *testing.T) {
	r := smallRecipe()
	r.Hyper.Epochs = 2
	var files [][]byte
	for range 2 {
		n, _, err := TrainRecipe(context.Background(), r, cloudData(), Options{Seed: 1, Set: pure()})
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, written(t, n))
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("two runs wrote different files")
	}
}

func TestLSHTablesOfAPlainNetwork(t *testing.T) {
	r := Recipe{
		Name: "clouds.full", Sizes: []int{12, 48, 40, 4}, Shares: []float64{1},
		Hyper: smallHyper(1), Tables: []string{engine.LSHActivator},
	}
	n, _, err := TrainRecipe(context.Background(), r, cloudData(), Options{Set: pure()})
	if err != nil {
		t.Fatal(err)
	}
	tables, err := n.LSH()
	if err != nil {
		t.Fatal(err)
	}
	overall := tables.Agreement.Row(tables.Agreement.Rows - 1)
	if last := len(overall) - 1; overall[last] != 1 || overall[0] > overall[last-1] {
		t.Errorf("want agreement that rises to 1, got %v", overall)
	}
	images := 0
	for _, n := range tables.Images[:tables.Buckets()] {
		images += int(n)
	}
	if images != 200 {
		t.Errorf("want the 200 confidence samples in the buckets, got %d", images)
	}
}

func TestProgress(t *testing.T) {
	var events []Event
	now := time.Unix(0, 0)
	r := smallRecipe()
	r.Tables = nil
	_, _, err := TrainRecipe(context.Background(), r, cloudData(), Options{
		Set: pure(), Epochs: 4,
		Progress: func(e Event) { events = append(events, e) },
		Clock:    func() time.Time { now = now.Add(time.Second); return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	got := events[1]
	want := Event{Network: "clouds.wta", Stage: "epoch", Epoch: 2, Epochs: 4, Elapsed: 2 * time.Second, Left: 2 * time.Second}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Event{}, "Loss", "HeldOut")); diff != "" {
		t.Errorf("second event (-want +got):\n%s", diff)
	}
	if len(events) != 5 || events[4].Stage != "tables" || events[3].Loss >= events[0].Loss {
		t.Errorf("want four epochs of falling loss, then tables, got %+v", events)
	}
}

func TestTrainRefusesWhatDoesNotFit(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name string
		data Data
		want string
	}{
		{"fashion-mnist.w1", cloudData(), "want one of"},
		{"fashion-mnist", cloudData(), "want one network"},
		{"fashion-mnist.full", cloudData(), "want samples of 784 features in 10 classes, got 12 and 4"},
		{"fashion-mnist.full", Data{}, "want samples to fit"},
		{"fashion-mnist.full", Data{Fit: newClouds(1, 784, 10, 1), Confidence: newClouds(1, 784, 10, 1), Features: 784, Classes: 10, Width: 27}, "whole lines"},
	} {
		_, _, err := Train(ctx, test.name, test.data, Options{Set: pure()})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: want an error with %q, got %v", test.name, test.want, err)
		}
	}
	r := smallRecipe()
	r.Hyper.Odds = nil
	if _, _, err := TrainRecipe(ctx, r, cloudData(), Options{Set: pure()}); err == nil {
		t.Error("want an error without odds for the levels, got none")
	}
	r = smallRecipe()
	r.Tables = []string{"magic"}
	if _, _, err := TrainRecipe(ctx, r, cloudData(), Options{Set: pure(), Epochs: 1}); err == nil {
		t.Error("want an error for an unknown activator, got none")
	}
}

func TestTrainCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	n, _, err := TrainRecipe(ctx, smallRecipe(), cloudData(), Options{Set: pure()})
	if n != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("want no network and context.Canceled, got %v", err)
	}
}

func TestRecipesAreValid(t *testing.T) {
	all, err := Match("fashion-mnist")
	if err != nil {
		t.Fatal(err)
	}
	wide, err := Match("fashion-mnist-wide")
	if err != nil {
		t.Fatal(err)
	}
	if all = append(all, wide...); len(all) != len(Recipes()) || len(wide) != 1 {
		t.Errorf("want all %d recipes, one of them wide, got %d and %d", len(Recipes()), len(all), len(wide))
	}
	for _, r := range all {
		n, err := r.network()
		if err != nil {
			t.Errorf("%s: %v", r.Name, err)
			continue
		}
		if err := r.Hyper.validate(n); err != nil {
			t.Error(err)
		}
		if r.About == "" || r.Hyper.Epochs != all[0].Hyper.Epochs || r.Hyper.Batch != all[0].Hyper.Batch {
			t.Errorf("%s: want a description and the budget of the others, got %+v", r.Name, r)
		}
		if sum := total(r.Hyper.Odds); len(r.Hyper.Odds) > 0 && (sum < 1-1e-9 || sum > 1+1e-9) {
			t.Errorf("%s: want odds that add up to 1, got %g", r.Name, sum)
		}
	}
}

func total(odds []float64) float64 {
	sum := 0.0
	for _, p := range odds {
		sum += p
	}
	return sum
}
