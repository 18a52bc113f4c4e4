package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slosim/engine"
)

func trainWords(t *testing.T, r WideRecipe, opt WideOptions) (*engine.Wide, WideReport) {
	t.Helper()
	opt.Set = pure()
	n, report, err := TrainWideRecipe(context.Background(), r, wordData(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return n, report
}

func TestTrainWideLearns(t *testing.T) {
	for _, sampler := range WideSamplers() {
		n, report := trainWords(t, wordRecipe(sampler), WideOptions{Seed: 5})
		if report.P1 < 0.8 {
			t.Errorf("%s: want P@1 of 0.8 or more, got %+v", sampler, report)
		}
		var file bytes.Buffer
		if err := engine.WriteWide(&file, n); err != nil {
			t.Fatal(err)
		}
		read, err := engine.ReadWide(&file)
		if err != nil {
			t.Fatal(err)
		}
		if !sameWideBits(n, read) {
			t.Errorf("%s: the file holds other weights than the network: it was not rounded", sampler)
		}
		want := engine.Training{Dataset: "words", Seed: 5, Epochs: 6, Note: "go"}
		if diff := cmp.Diff(want, read.Training); diff != "" {
			t.Errorf("%s: training of the file (-want +got):\n%s", sampler, diff)
		}
	}
}

func TestPriorIsWhatLabelsAloneSay(t *testing.T) {
	r := wordRecipe(FullSampler)
	r.Hyper.Prior = true
	f := newWordFitting(t, r.Hyper)
	setPriors(f.net.OutBias, f.data.Fit) // the helper of the tests draws biases at random
	counts, all, sum := make([]float64, f.data.Classes), 0.0, 0.0
	for i := range f.data.Fit.Len() {
		for _, label := range f.data.Fit.Labels(i) {
			counts[label]++
			all++
		}
	}
	for class, bias := range f.net.OutBias {
		sum += math.Exp(float64(bias))
		if got, want := math.Exp(float64(bias)), counts[class]/all; math.Abs(got-want) > 0.02*want+1/all {
			t.Errorf("class %d: want a share of about %g, got %g", class, want, got)
		}
	}
	if math.Abs(sum-1) > 1e-5 {
		t.Errorf("want shares that sum to 1, got %g", sum)
	}
	if _, report := trainWords(t, r, WideOptions{Seed: 5}); report.P1 < 0.8 {
		t.Errorf("want P@1 of 0.8 or more, got %+v", report)
	}
}

// The precisions must be what the engine's own passes get.
func TestWidePrecisionIsTheEngines(t *testing.T) {
	n, report := trainWords(t, wordRecipe(FullSampler), WideOptions{Epochs: 1})
	s := newWords(300, 150, 40, 2)
	first, five := 0, 0
	h, y, best := make([]float32, 24), make([]float32, 40), make([]int32, 5)
	for i := range s.Len() {
		ids, values := s.Sparse(i)
		n.Hidden(pure(), h, ids, values)
		n.Forward(pure(), y, h)
		if s.Right(i, largest(y)) {
			first++
		}
		for _, answer := range best[:pure().TopK(best, y, 5)] {
			if s.Right(i, int(answer)) {
				five++
			}
		}
	}
	if want := float64(first) / 300; report.P1 != want {
		t.Errorf("want P@1 of %g, got %g", want, report.P1)
	}
	if want := float64(five) / 1500; report.P5 != want {
		t.Errorf("want P@5 of %g, got %g", want, report.P5)
	}
}

func TestTrainWideHasTheSameBitsOnAnyNumberOfCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, sampler := range WideSamplers() {
		var first *engine.Wide
		for _, cores := range []int{1, 2, 5} {
			runtime.GOMAXPROCS(cores)
			r := wordRecipe(sampler)
			r.Hyper.Dropout = 0.1
			n, _, err := TrainWideRecipe(context.Background(), r, wordData(), WideOptions{Epochs: 2})
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = n
			} else if !sameWideBits(first, n) {
				t.Errorf("%s: %d cores gave other bits than one", sampler, cores)
			}
		}
	}
}

// cancelled trains until so many steps are done and then is cut off.
func cancelled(t *testing.T, r WideRecipe, opt WideOptions, steps int) {
	t.Helper()
	ctx := &stepContext{Context: context.Background(), left: steps}
	_, _, err := TrainWideRecipe(ctx, r, wordData(), opt)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("want context.Canceled, got %v", err)
	}
}

// stepContext is cancelled after its error was asked for so many times, once a step.
type stepContext struct {
	context.Context
	left int
}

func (c *stepContext) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestResumedTrainingEndsInTheSameBits(t *testing.T) {
	for _, sampler := range WideSamplers() {
		r := wordRecipe(sampler)
		r.Hyper.Dropout = 0.1
		want, whole := trainWords(t, r, WideOptions{})
		opt := WideOptions{Set: pure(), Checkpoint: filepath.Join(t.TempDir(), "words.ckpt"), CheckpointEvery: 7, Resume: true}
		cancelled(t, r, opt, 5)  // before the first checkpoint
		cancelled(t, r, opt, 24) // in the second of 16-step epochs; the last checkpoint is 3 steps old
		cancelled(t, r, opt, 30)
		got, report := trainWords(t, r, opt)
		if !sameWideBits(want, got) {
			t.Errorf("%s: training that was resumed gave other bits", sampler)
		}
		if report.Resumed != 49 || report.Steps != 96 || report.Loss != whole.Loss || report.P1 != whole.P1 {
			t.Errorf("%s: want 49 of 96 steps resumed to %+v, got %+v", sampler, whole, report)
		}
		again, report := trainWords(t, r, opt)
		if !sameWideBits(want, again) || report.Resumed != 96 {
			t.Errorf("%s: a finished checkpoint gave other bits, or was not used: %+v", sampler, report)
		}
	}
}

func TestCheckpointsOfOtherTrainingAreRefused(t *testing.T) {
	r := wordRecipe(FullSampler)
	opt := WideOptions{Set: pure(), Checkpoint: filepath.Join(t.TempDir(), "words.ckpt"), Resume: true}
	cancelled(t, r, opt, 20)
	whole, err := os.ReadFile(opt.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(name, want string, r WideRecipe, data WideData, opt WideOptions) {
		t.Helper()
		_, _, err := TrainWideRecipe(context.Background(), r, data, opt)
		if !errors.Is(err, ErrCheckpoint) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want an ErrCheckpoint that says %q, got %v", name, want, err)
		}
	}
	seeded, other, renamed := opt, wordData(), r
	seeded.Seed = 9
	refused("another seed", "other settings", r, wordData(), seeded)
	other.Fit.(*words).values[7][0] += 0.1
	refused("another value", "other samples", r, other, opt)
	renamed.Name = "others"
	refused("another network", "network words, not of others", renamed, wordData(), opt)
	for name, data := range map[string][]byte{
		"empty": {}, "cut": whole[:len(whole)/2], "a byte less": whole[:len(whole)-1], "a byte more": append(slices.Clone(whole), 0),
	} {
		if err := os.WriteFile(opt.Checkpoint, data, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(name, "", r, wordData(), opt)
	}
	for _, at := range []int{0, 9, 100, len(whole) / 2, len(whole) - 1} {
		damaged := slices.Clone(whole)
		damaged[at] ^= 4
		if err := os.WriteFile(opt.Checkpoint, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		refused("damage", "checksum", r, wordData(), opt)
	}
	if _, _, err := TrainWideRecipe(context.Background(), r, wordData(), WideOptions{Set: pure(), Epochs: 1, Checkpoint: opt.Checkpoint}); err != nil {
		t.Errorf("without Resume, an old checkpoint is written over; got %v", err)
	}
	if _, _, err := TrainWideRecipe(context.Background(), r, wordData(), WideOptions{Set: pure(), Epochs: 1, Checkpoint: filepath.Join(t.TempDir(), "no", "folder")}); err == nil {
		t.Error("want an error for a checkpoint in a folder that is not there")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(opt.Checkpoint), "*")); len(left) != 1 {
		t.Errorf("want one file, got %v", left)
	}
}

func TestWideProgress(t *testing.T) {
	var events []Event
	now := time.Unix(0, 0)
	trainWords(t, wordRecipe(FullSampler), WideOptions{
		Epochs:   4,
		Progress: func(e Event) { events = append(events, e) },
		Clock:    func() time.Time { now = now.Add(time.Second); return now },
	})
	want := Event{Network: "words", Stage: "epoch", Epoch: 2, Epochs: 4, Elapsed: 2 * time.Second, Left: 2 * time.Second}
	if diff := cmp.Diff(want, events[1], cmpopts.IgnoreFields(Event{}, "Loss", "HeldOut"), cmpopts.EquateApproxTime(time.Millisecond),
		cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() < time.Millisecond })); diff != "" {
		t.Errorf("second event (-want +got):\n%s", diff)
	}
	if len(events) != 4 || events[3].Loss >= events[0].Loss || events[3].HeldOut <= events[0].HeldOut {
		t.Errorf("want four epochs of falling loss and rising precision, got %+v", events)
	}
}

func TestTrainWideRefusesWhatDoesNotFit(t *testing.T) {
	with := func(change func(d *WideData)) WideData {
		d := wordData()
		change(&d)
		return d
	}
	bare := &words{}
	bare.add([]int32{1})
	good, big := wordRecipe(FullSampler), wordRecipe(FullSampler)
	big.Hyper.Rate = 1e30
	for want, test := range map[string]struct {
		r    WideRecipe
		data WideData
	}{
		"want at least 1 epoch":          {WideRecipe{}, wordData()},
		"want one of full, uniform":      {wordRecipe("magic"), wordData()},
		"want 1 class or more":           {WideRecipe{Hyper: WideHyper{Epochs: 1, Batch: 1, Rate: 1, Sampler: UniformSampler}}, wordData()},
		"dropout":                        {WideRecipe{Hyper: WideHyper{Epochs: 1, Batch: 1, Rate: 1, Dropout: 1}}, wordData()},
		"want 1 or more features":        {WideRecipe{Name: "x", Hyper: good.Hyper}, wordData()},
		"want samples to fit":            {good, WideData{}},
		"want samples with labels":       {good, with(func(d *WideData) { d.Fit = bare })},
		"want 0 classes, for the":        {WideRecipe{Hyper: WideHyper{Epochs: 1, Batch: 1, Rate: 1, Sampler: LSHSampler, Samples: -1}}, wordData()},
		"want 0 to 16 bits":              {withAdaptive(WideAdaptive{Bits: 17}), wordData()},
		"by a factor of 1 or more":       {withAdaptive(WideAdaptive{Growth: 0.5}), wordData()},
		"want features from 0 to 9":      {good, with(func(d *WideData) { d.Features = 10 })},
		"want ascending labels":          {good, with(func(d *WideData) { d.Classes = 30 })},
		"want finite values":             {good, with(func(d *WideData) { d.Fit.(*words).values[3][0] = float32(math.Inf(1)) })},
		"want a value for each feature":  {good, with(func(d *WideData) { d.Fit.(*words).values[3] = nil })},
		"the loss is no number any more": {big, wordData()},
	} {
		_, _, err := TrainWideRecipe(context.Background(), test.r, test.data, WideOptions{Set: pure()})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if _, _, err := TrainWide(context.Background(), "magic", wordData(), WideOptions{}); err == nil || !strings.Contains(err.Error(), "wordnet-13k") {
		t.Errorf("want an error that names the recipes, got %v", err)
	}
}

// withAdaptive is a recipe with settings for samplers that follow the weights.
func withAdaptive(a WideAdaptive) WideRecipe {
	r := wordRecipe(LSHSampler)
	r.Hyper.Adaptive = a
	return r
}

func TestWideRecipesAreValid(t *testing.T) {
	for _, r := range WideRecipes() {
		if err := r.validate(); err != nil {
			t.Error(err)
		}
		if got, err := MatchWide(r.Name); err != nil || !cmp.Equal(got, r) || r.About == "" {
			t.Errorf("%s: want the recipe by its name, with a description, got %+v, %v", r.Name, got, err)
		}
	}
}
