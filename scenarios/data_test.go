package scenarios

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slosim/workloads"
)

// writeDictionary makes a dictionary of made-up synsets, each below one of seven others.
func writeDictionary(t *testing.T) string {
	t.Helper()
	var noun strings.Builder
	noun.WriteString("  1 Made up.  \n00000001 03 n 01 root 0 000 | the root of all\n")
	for i := 2; i < 300; i++ {
		fmt.Fprintf(&noun, "%08d 03 n 01 word_%c 0 001 @ %08d n 0000 | a kind of %c; \"it is %c\"\n", i, 'a'+i%26, max(1, i%8), 'a'+i%7, 'a'+i%5)
	}
	dir := t.TempDir()
	for _, file := range workloads.WordNetFiles() {
		text := ""
		if file == "data.noun" {
			text = noun.String()
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestMadeDataIsFound: what `slosim data` writes is what networks look for, and the same
// bytes each time.
func TestMadeDataIsFound(t *testing.T) {
	app := &App{CacheDir: t.TempDir()}
	o := DataOptions{Console: Console{Out: io.Discard, Err: io.Discard}, Name: workloads.GlossesNextWord, From: writeDictionary(t)}
	var told bytes.Buffer
	o.Console.Out = &told
	for _, out := range []string{"", filepath.Join(t.TempDir(), "new", "folder")} {
		o.Out = out
		if err := app.Data(context.Background(), o); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(told.String(), "samples for training") {
		t.Errorf("want sizes told, got %s", &told)
	}
	for _, name := range []string{trainFile, testFile, labelsFile, licenceFile} {
		first, err := os.ReadFile(filepath.Join(app.dataFolder(o.Name), name))
		if err != nil {
			t.Fatal(err)
		}
		if second, err := os.ReadFile(filepath.Join(o.Out, name)); err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s: want the same bytes again, error %v", name, err)
		}
	}
	family, err := FindFamily(o.Name)
	if err != nil {
		t.Fatal(err)
	}
	fit, confidence, calibration, test, err := app.sparseData(family)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range []*workloads.SparseSet{fit, confidence, calibration, test} {
		if set.Len() == 0 || set.Features != fit.Features || !strings.HasPrefix(set.Name, o.Name) {
			t.Errorf("want samples of %s, got %d of %q", o.Name, set.Len(), set.Name)
		}
	}
	if digest, err := app.sparseDigest(family); err != nil || len(digest) != 64 {
		t.Errorf("want a digest, got %q, error %v", digest, err)
	}
	if _, err := FindFamily(xmcPrefix + o.Out); err != nil {
		t.Errorf("as users' own files: %v", err)
	}
}

func TestDataErrors(t *testing.T) {
	empty, bad := t.TempDir(), writeDictionary(t)
	if err := os.WriteFile(filepath.Join(bad, "data.verb"), []byte("1 2 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, test := range map[string]struct {
		app *App
		o   DataOptions
	}{
		"apt install wordnet-base":    {&App{CacheDir: empty}, DataOptions{Name: workloads.WordNet13K, From: empty}},
		"data.verb:1: kind":           {&App{CacheDir: empty}, DataOptions{Name: workloads.WordNet13K, From: bad}},
		"--output: want a folder":     {&App{}, DataOptions{Name: workloads.WordNet13K, From: writeDictionary(t)}},
		"want one of glosses-next-wo": {&App{CacheDir: empty}, DataOptions{Name: "x", From: writeDictionary(t)}},
	} {
		if err := test.app.Data(context.Background(), test.o); ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), want) {
			t.Errorf("want a usage error with %q, got %v", want, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := t.TempDir()
	err := (&App{}).Data(ctx, DataOptions{Console: Console{Out: io.Discard}, Name: workloads.GlossesNextWord, From: writeDictionary(t), Out: out})
	if entries, _ := os.ReadDir(out); ExitCode(err) != ExitInterrupted || len(entries) != 0 {
		t.Errorf("interrupted: want nothing written, got %v, %v", err, entries)
	}
}
