package reports

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slosim/reports/result"
)

// update rewrites the golden files; look at the difference before you keep it.
var update = flag.Bool("update", false, "rewrite testdata")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestGoldenTable(t *testing.T) {
	_, s, _, err := fixtureRun(6)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Table(&out, &s, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "table.txt", out.Bytes())
}

// TestGoldenFolder keeps a small result folder that reads back as it was written.
func TestGoldenFolder(t *testing.T) {
	m, s, f, err := fixtureRun(6)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]any{"result/summary.json": &s, "result/manifest.json": &m, "result/figures.json": &f} {
		var out bytes.Buffer
		if err := result.EncodeJSON(&out, v); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.Bytes())
	}
}

// TestGoldenPage writes the page beside the folder when asked, to be looked at:
// it holds the plotting library and is not kept.
func TestGoldenPage(t *testing.T) {
	m, s, f, err := fixtureRun(6)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := HTML(&out, &m, &s, &f); err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv("SLOSIM_PAGE"); path != "" {
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
