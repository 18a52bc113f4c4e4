package reports

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/plot/plotter"

	"slosim/reports/result"
)

func TestWritePlots(t *testing.T) {
	_, summary, f, err := fixtureRun(2)
	if err != nil {
		t.Fatal(err)
	}
	folders := [2]*result.Folder{}
	for i := range folders {
		if folders[i], err = result.Create(t.TempDir()); err != nil {
			t.Fatal(err)
		}
		if err := WritePlots(folders[i], &summary, &f); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"promise", "front", "cdf", "attainment", "density", "slowdown", "queue", "burn_1h", "burn_6h", "burn_3d", "reliability-slo-nn"} {
		for format, magic := range map[string]string{"svg": "<?xml", "png": "\x89PNG", "pdf": "%PDF"} {
			first := readAll(t, folders[0].Path("plots/"+name+"."+format))
			if !bytes.HasPrefix(first, []byte(magic)) {
				t.Errorf("%s: want it to begin with %q, got %q", name+"."+format, magic, first[:8])
			}
			if !bytes.Equal(first, readAll(t, folders[1].Path("plots/"+name+"."+format))) {
				t.Errorf("%s.%s: want the same bytes twice", name, format)
			}
		}
	}
	if !bytes.Contains(readAll(t, folders[0].Path("plots/front.svg")), []byte(">slo-nn<")) {
		t.Error("front.svg: want the techniques in its legend")
	}
}

// TestPlotsWithoutData wants no picture, rather than an empty or a failing one.
func TestPlotsWithoutData(t *testing.T) {
	folder, err := result.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f := result.Figures{CDFs: []result.CDF{{Contender: "dropped everything", MS: []float64{}, Share: []float64{}}}}
	if err := WritePlots(folder, &result.Summary{}, &f); err != nil {
		t.Fatal(err)
	}
	if got, _ := filepath.Glob(folder.Path("plots/*")); len(got) > 0 {
		t.Errorf("want no pictures, got %q", got)
	}
}

func readAll(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestWesternText(t *testing.T) {
	if got := westernText("time, µs: a…b ± 模 1–2 ≤3"); got != "time, \xb5s: a\x85b \xb1 ? 1\x962 <=3" {
		t.Errorf("got %q", got)
	}
}

// A front joins who is not beaten in both.
func TestPromiseFront(t *testing.T) {
	s := promisePoints{XYs: plotter.XYs{{X: 10, Y: 80}, {X: 5, Y: 70}, {X: 10, Y: 75}, {X: 20, Y: 85}}}
	want := plotter.XYs{{X: 5, Y: 70}, {X: 10, Y: 80}, {X: 20, Y: 85}}
	if diff := cmp.Diff(want, s.undominated()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
