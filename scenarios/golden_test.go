package scenarios

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/profile"
	"slosim/reports/result"
)

// The golden summaries guard what the shipped scenarios compute, from their text to the
// printed table, on two fixed profiles in testdata: real campaigns, of which a part of the
// samples is kept, on a machine that is goldenSlow times slower, so that a scenario's load
// is that many times fewer queries.
//
//	go test ./scenarios -run Golden -update                       rewrite the summaries
//	go test ./scenarios -run Golden -thin FAMILY=FILE,FAMILY=FILE make the profiles again
//
// Look at the difference before you keep it. The profiles name the networks by hash:
// networks that were trained again need new ones (slosim measure with every technique and
// level of the shipped scenarios; scenarios/testdata/README.md has the commands).
var (
	update = flag.Bool("update", false, "rewrite the golden summaries")
	thin   = flag.String("thin", "", "profiles to make the golden ones from, as FAMILY=FILE,...")
)

const (
	goldenSamples = 250
	goldenTimes   = 12
	goldenStalls  = 150
	goldenSlow    = 20
)

func goldenProfile(family string) string {
	return filepath.Join("testdata", "golden-"+family+".profile")
}

func TestGoldenSummaries(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the figures are of amd64: where multiply and add are fused, they differ in rounding")
	}
	if *thin != "" {
		remakeProfiles(t)
	}
	app := testApp(t)
	for _, name := range ShippedNames() {
		if sparseScenario(t, app, name) { // its networks do not ship: tests train small ones, see TestWideScenario
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := goldenRun(t, app, name)
			path := filepath.Join("testdata", "golden-"+name+".txt")
			if *update {
				if err := os.WriteFile(path, got, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
				t.Errorf("the summary changed (-want +got):\n%s", diff)
			}
		})
	}
}

// sparseScenario says whether a shipped scenario is over a sparse family.
func sparseScenario(t *testing.T, app *App, name string) bool {
	t.Helper()
	s, err := Load(name, app.Known())
	if err != nil {
		t.Fatal(err)
	}
	family, err := FindFamily(s.Models[0].Network)
	if err != nil {
		t.Fatal(err)
	}
	return family.Sparse
}

// goldenRun runs a shipped scenario on its family's golden profile and returns the table.
func goldenRun(t *testing.T, app *App, name string) []byte {
	t.Helper()
	s, err := Load(name, app.Known())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = app.Run(context.Background(), RunOptions{
		Console: Console{Out: &out, Err: io.Discard}, Scenario: s, Dir: filepath.Join(t.TempDir(), "out"),
		Profile: goldenProfile(s.Models[0].Network), Service: "profile", Jobs: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	return withoutPaths(out.Bytes())
}

// withoutPaths drops the lines that differ between machines: where results went, and
// which machine the profile is of.
func withoutPaths(text []byte) []byte {
	var kept []string
	for _, line := range strings.Split(string(text), "\n") {
		if !strings.Contains(line, "another machine") && !strings.Contains(line, string(filepath.Separator)+"out") {
			kept = append(kept, line)
		}
	}
	return []byte(strings.Join(kept, "\n"))
}

// TestGoldenFrontsAreMonotone: of the points that no other one beats, those that take
// longer are right more often.
func TestGoldenFrontsAreMonotone(t *testing.T) {
	for _, family := range Families() {
		if family.Sparse { // has no profile among the test data
			continue
		}
		p, err := profile.Load(goldenProfile(family.Name))
		if err != nil {
			t.Fatal(err)
		}
		for _, front := range fronts(p) {
			last := result.FrontPoint{Accuracy: -1}
			for _, point := range front.Undominated() {
				if !(point.MeanUS > last.MeanUS && point.Accuracy > last.Accuracy) {
					t.Errorf("%s: %s (%.2f us, %.3f) after %s (%.2f us, %.3f)", front.Technique,
						point.Name, point.MeanUS, point.Accuracy, last.Name, last.MeanUS, last.Accuracy)
				}
				last = point
			}
			if kept := len(front.Undominated()); kept < 1 || kept < 2 && len(front.Points) > 2 {
				t.Errorf("%s: only %d of %d points are undominated: there is no front", front.Technique, kept, len(front.Points))
			}
		}
	}
}

// remakeProfiles thins the profiles of -thin.
func remakeProfiles(t *testing.T) {
	t.Helper()
	for _, pair := range strings.Split(*thin, ",") {
		family, file, _ := strings.Cut(pair, "=")
		p, err := profile.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		thinProfile(p)
		if err := p.Save(goldenProfile(family)); err != nil {
			t.Fatal(err)
		}
	}
}

// thinProfile keeps a part of a profile and slows its machine down.
func thinProfile(p *profile.Profile) {
	p.Campaign.Reference = thinTimes(p.Campaign.Reference)
	p.Campaign.Warnings = nil
	for i := range p.Sets {
		set := &p.Sets[i]
		for g := range set.Groups {
			set.Groups[g].Load = thinTimes(set.Groups[g].Load)
		}
		for _, row := range set.Switch {
			for j := range row {
				row[j] = thinTimes(row[j])
			}
		}
		thinHalf(&set.Calibration, len(set.Points))
		thinHalf(&set.Truth, len(set.Points))
	}
}

func thinHalf(h *profile.Half, points int) {
	outcomes := make([]profile.Outcome, 0, points*goldenSamples)
	for point := range points {
		outcomes = append(outcomes, h.Outcomes[point*h.Samples:][:goldenSamples]...)
	}
	h.Samples, h.Outcomes = goldenSamples, outcomes
	for l := range h.Activate {
		h.Activate[l] = thinTimes(h.Activate[l])
	}
	for _, levels := range h.Execute {
		for _, classes := range levels {
			for c := range classes {
				classes[c] = thinTimes(classes[c])
			}
		}
	}
	for l := range h.Stalls {
		h.Stalls[l] = h.Stalls[l][:min(goldenStalls, len(h.Stalls[l]))]
	}
}

// thinTimes keeps quantiles, at the middles of equal shares.
func thinTimes(d profile.Dist) profile.Dist {
	if len(d) == 0 {
		return d
	}
	n := min(goldenTimes, len(d))
	out := make(profile.Dist, n)
	for i := range out {
		out[i] = goldenSlow * d[(2*i+1)*len(d)/(2*n)]
	}
	return out
}
