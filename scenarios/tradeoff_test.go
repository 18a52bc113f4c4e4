package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"slosim/engine/profile"
)

// half makes a half whose outcomes at each point are right where the text has a 1.
func half(points ...string) profile.Half {
	h := profile.Half{Samples: len(points[0])}
	for _, p := range points {
		for _, c := range p {
			h.Outcomes = append(h.Outcomes, profile.Outcome{Right: c == '1'})
		}
		h.Execute = append(h.Execute, [][]profile.Dist{{{100, 100}}})
	}
	return h
}

func TestLossIsPaired(t *testing.T) {
	reference, other := half("1111100000"), half("1110010000")
	loss, deviation := lossOf(&reference, &other, 0, 0)
	// Two lost, one won, of ten: loss 0.1; variance (0.3 - 0.01) / 10.
	if math.Abs(loss-0.1) > 1e-12 || math.Abs(deviation-math.Sqrt(0.029)) > 1e-12 {
		t.Errorf("want 0.1 and %.4f, got %v and %v", math.Sqrt(0.029), loss, deviation)
	}
}

func TestChooseKeepsAMargin(t *testing.T) {
	whole := "1111111111111111111111111111111111111111"
	oneWrong := "0" + whole[1:]
	p := &profile.Profile{Sets: []profile.Set{{
		Technique:   "slo-nn",
		Points:      []profile.Point{{Name: "fast"}, {Name: wholeNetwork, Density: 1}},
		Calibration: half(oneWrong, whole),
		Truth:       half(whole, oneWrong),
	}}}
	p.Sets[0].Calibration.Execute[1] = [][]profile.Dist{{{900, 900}}}
	calibration, truth := bases(p)
	if calibration.point != 1 || truth.point != 1 {
		t.Fatalf("bases: want the point %q in both halves, got %d and %d", wholeNetwork, calibration.point, truth.point)
	}
	tr := trade{seed: 1, Profile: p, calibration: calibration, truth: truth}
	// The fast point loses 0.025 with a standard error of 0.0247.
	for _, c := range []struct {
		loss, margin float64
		want         int
	}{{0.02, 0, 1}, {0.03, 0, 0}, {0.03, 1, 1}, {0.06, 1, 0}, {0.06, 2, 1}} {
		if got := tr.choose(&p.Sets[0], c.loss, c.margin); got != c.want {
			t.Errorf("within %v by %v standard errors: want point %d, got %d", c.loss, c.margin, c.want, got)
		}
	}
}

// TestNeededRecipes: a trade-off trains what its techniques are made from, and no more.
func TestNeededRecipes(t *testing.T) {
	for text, want := range map[string]string{
		"dense":              "full",
		"slo-nn":             "full wta",
		"slo-nn-lsh":         "full",
		"zoo slimmable":      "w32 w64 w128 w256 w512 full slim",
		"prune-weights":      "full p01 p02 p05 p10 p20",
		"slo-nn prune-nodes": "full wta n32 n64 n128 n256 n512",
	} {
		family := Families()[0]
		needed, err := neededRecipes(family, strings.Fields(text))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for i := range needed {
			names = append(names, strings.TrimPrefix(needed[i].Name, family.Name+"."))
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: want %s, got %s", text, want, got)
		}
	}
	wide, err := neededRecipes(Families()[1], []string{"slo-nn", "zoo"})
	if err != nil || len(wide) != 7 {
		t.Errorf("wide network with a zoo: want its network, five small ones and their whole one, got %d, %v", len(wide), err)
	}
}

// TestSeedPaths: networks of other settings have other files, and a name no address in it.
func TestSeedPaths(t *testing.T) {
	app, err := NewApp()
	if err != nil {
		t.Fatal(err)
	}
	app.CacheDir = t.TempDir()
	var paths []string
	for range 2 {
		recipes, err := neededRecipes(Families()[0], []string{"zoo", "prune-nodes", "prune-weights", "slo-nn"})
		if err != nil {
			t.Fatal(err)
		}
		for i := range recipes {
			path := app.seedPath(recipes[i], 2)
			recipes[i].Hyper.Epochs++
			if app.seedPath(recipes[i], 2) == path {
				t.Errorf("%s: another number of epochs has the same file", recipes[i].Name)
			}
			paths = append(paths, path)
		}
	}
	first := paths[:len(paths)/2]
	if diff := fmt.Sprint(first) != fmt.Sprint(paths[len(first):]); diff || len(slices.Compact(slices.Sorted(slices.Values(first)))) != len(first) {
		t.Errorf("want a file for each recipe, always the same, got %v", paths)
	}
}
