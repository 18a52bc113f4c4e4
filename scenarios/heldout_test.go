package scenarios

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slosim/engine"
	"slosim/engine/kernel"
	"slosim/engine/profile"
)

// mixedText is a small data set that is not easy: a third of the labels are by lot.
func mixedText(seed uint64, samples int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var out strings.Builder
	fmt.Fprintf(&out, "%d 80 50\n", samples)
	for range samples {
		topic := r.IntN(20)
		label := topic
		if r.IntN(3) == 0 {
			label = r.IntN(50)
		}
		ids := []int{topic, 20 + r.IntN(20), 40 + r.IntN(20), 60 + r.IntN(20)}
		fmt.Fprintf(&out, "%d %d:1 %d:1 %d:1 %d:1\n", label, ids[0], ids[1], ids[2], ids[3])
	}
	return out.String()
}

// madeFiles trains and freezes everything for a folder's data and returns the cached files
// by name, without the folders, whose names tell the data's digest.
func madeFiles(t *testing.T, train, test string) map[string][]byte {
	t.Helper()
	family, err := FindFamily(xmcPrefix + xmcFolder(t, map[string]string{"train.txt": train, "test.txt": test}))
	if err != nil {
		t.Fatal(err)
	}
	family.recipe.Name, family.Reference = "fixed", "fixed.full"
	var techniques []Technique
	for _, name := range family.Techniques {
		techniques = append(techniques, Technique{Name: name})
	}
	app := &App{CacheDir: t.TempDir(), Kernels: kernel.Pure()}
	if err := app.ready(context.Background(), family, techniques, Console{Out: io.Discard, Err: io.Discard}); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	err = filepath.WalkDir(app.CacheDir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[filepath.Base(path)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestNothingIsMadeOfTestSamples: weights, tables, thresholds and confidences are the same
// bytes whatever the test samples are, and others when the training samples are.
func TestNothingIsMadeOfTestSamples(t *testing.T) {
	train := mixedText(1, 1500)
	one, two, other := madeFiles(t, train, mixedText(2, 300)), madeFiles(t, train, mixedText(3, 400)), madeFiles(t, mixedText(4, 1500), mixedText(2, 300))
	if len(one) < 5+len(engine.OutputActivators()) {
		t.Fatalf("want files of networks, activators and cascades, got %d", len(one))
	}
	// The network's file tells the data set, whose name is the folder's.
	anonymous := func(file []byte) []byte {
		n, err := engine.ReadBytes(file)
		if err != nil {
			return file
		}
		n.Training.Dataset = ""
		var out bytes.Buffer
		if err := engine.Write(&out, n); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	differ := 0
	for name, file := range one {
		if !bytes.Equal(anonymous(file), anonymous(two[name])) {
			t.Errorf("%s: want the same bytes for other test samples", name)
		}
		if !bytes.Equal(anonymous(file), anonymous(other[name])) {
			differ++
		}
	}
	if differ < len(one)/2 {
		t.Errorf("want other files for other training samples, got %d of %d", differ, len(one))
	}
}

// TestChoiceReadsNoTestSamples: the point within the allowed loss is the same whatever came
// out for the test samples, whose loss is what is printed.
func TestChoiceReadsNoTestSamples(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	random := func(points int) profile.Half {
		var texts []string
		for range points {
			text := make([]byte, 200)
			for i := range text {
				text[i] = "01"[r.IntN(2)]
			}
			texts = append(texts, string(text))
		}
		h := half(texts...)
		for p := range h.Execute {
			at := uint32(100 * (p + 1))
			h.Execute[p] = [][]profile.Dist{{{at, at}}}
		}
		return h
	}
	losses := map[string]bool{}
	for range 200 {
		set := profile.Set{
			Technique:   "slo-nn",
			Points:      []profile.Point{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: wholeNetwork, Density: 1}},
			Calibration: random(4),
		}
		loss := r.Float64() * 0.1
		var chosen []int
		for range 5 {
			set.Truth = random(4)
			p := &profile.Profile{Sets: []profile.Set{set, {Technique: "slo-nn-beam", Points: set.Points, Calibration: set.Calibration, Truth: random(4)}}}
			tr := trade{seed: 1, Profile: p}
			tr.calibration, tr.truth = bases(p)
			which, point := tr.chooseAny(TradeoffOptions{Loss: loss})
			if which > 0 {
				t.Fatalf("want the first of two techniques that are as fast, got %d", which)
			}
			chosen = append(chosen, point)
			if point >= 0 {
				losses[fmt.Sprintf("%.3f", tr.rows(&p.Sets[0])[point].TestLoss)] = true
			}
		}
		if len(slices.Compact(chosen)) != 1 {
			t.Fatalf("within %v: want one choice, got %v", loss, chosen)
		}
	}
	if len(losses) < 10 {
		t.Errorf("want losses as they come out for the test samples, got %v", losses)
	}
}
