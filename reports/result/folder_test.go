package result

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func create(t *testing.T, dir string) *Folder {
	t.Helper()
	f, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func writeAll(t *testing.T, f *Folder) {
	t.Helper()
	err := errors.Join(f.WriteSummary(sampleSummary()), f.WriteManifest(&Manifest{Schema: 1, ScenarioHash: "h", Warnings: []string{}}),
		f.WriteFigures(&Figures{Schema: 1}), f.Write("plots/front.svg", func(w io.Writer) error { _, err := io.WriteString(w, "<svg>"); return err }))
	if err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("want an error with %q, got none", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("want %q in the error, got: %v", part, err)
		}
	}
	if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), temporary) {
		t.Errorf("want one clear line without temporary names, got: %v", err)
	}
}

func TestFolderRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	writeAll(t, create(t, dir))
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Summary()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleSummary(), got, cmpopts.EquateApprox(1e-5, 0), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want := []string{"figures.json", "manifest.json", "plots", "summary.csv", "summary.json"}
	if diff := cmp.Diff(want, names(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestCreateReplaces: a former result stays until the first write, then all of
// it goes, and files of others stay.
func TestCreateReplaces(t *testing.T) {
	dir := t.TempDir()
	first := create(t, dir)
	writeAll(t, first)
	queries, err := first.CreateQueries()
	if err != nil {
		t.Fatal(err)
	}
	if err := queries.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	second := create(t, dir)
	if !second.Has(QueriesFile) {
		t.Error("Create: want the former result kept until the first write")
	}
	if err := second.WriteManifest(&Manifest{Schema: 1}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"manifest.json", "notes.txt", "plots"}, names(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestCreateReplacesWhatAKilledRunLeft(t *testing.T) {
	dir := t.TempDir()
	if err := create(t, dir).WriteSummary(&Summary{Schema: 1}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, SummaryFile)); err != nil {
		t.Fatal(err)
	}
	if err := create(t, dir).WriteManifest(&Manifest{Schema: 1}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"manifest.json"}, names(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestDiscardLeavesOnlyOthers(t *testing.T) {
	dir := t.TempDir()
	f := create(t, dir)
	if err := errors.Join(f.WriteSummary(&Summary{Schema: 1}), f.Write("plots/a.svg", func(io.Writer) error { return nil })); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := f.Discard(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"notes.txt"}, names(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "summary.json")
	if err := os.WriteFile(precious, []byte(`{"schema": 1, "of": "something else"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Create(dir)
	wantError(t, err, dir, "want an empty folder or a former result")
	_, err = Create(precious)
	wantError(t, err, precious, "not a directory")
	_, err = Open(dir)
	wantError(t, err, dir, "neither manifest.json nor summary.json")
	_, err = Open(filepath.Join(dir, "absent"))
	wantError(t, err, "no such file")
}

func TestCreateAfterCrash(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, temporary+"queries.parquet-1"), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	writeAll(t, create(t, dir))
	if got := names(t, dir); strings.HasPrefix(got[0], temporary) {
		t.Errorf("want what a crash left removed, got %q", got)
	}
}

func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		t.Skip("the superuser may write everywhere")
	}
	_, err := Create(dir)
	wantError(t, err, dir, "cannot be written", "permission denied")
}

// TestWriteFileIsAtomic: an error half-way leaves what was there.
func TestWriteFileIsAtomic(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	write := func(text string, end error) error {
		return WriteFile(path, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return errors.Join(err, end)
		})
	}
	if err := write("first", nil); err != nil {
		t.Fatal(err)
	}
	wantError(t, write("second", errors.New("disk on fire")), path, "disk on fire")
	if data, _ := os.ReadFile(path); string(data) != "first" {
		t.Errorf("want the first text, got %q", data)
	}
	if got := names(t, filepath.Dir(path)); len(got) != 1 {
		t.Errorf("want nothing beside it, got %q", got)
	}
	wantError(t, WriteFile(filepath.Join(path, "y"), func(io.Writer) error { return nil }), "cannot write")
}

func TestReadersReject(t *testing.T) {
	whole := t.TempDir()
	writeAll(t, create(t, whole))
	good, err := os.ReadFile(filepath.Join(whole, SummaryFile))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "s.json")
	for _, c := range []struct{ name, data, want string }{
		{"empty", "", "end early"},
		{"cut off", string(good[:len(good)/2]), "end early"},
		{"not JSON", "PAR1", "want JSON"},
		{"other schema", strings.Replace(string(good), `"schema": 1`, `"schema": 2`, 1), "want schema 1, got 2"},
		{"another file", `{"schema":1,"scenario_hash":"x"}`, `want a key "cells"`},
		{"a list", "[1]", "want JSON"},
		{"two objects", string(good) + "{}", "want one JSON object"},
		{"wrong type", strings.Replace(string(good), `"queries": 123456789012`, `"queries": "many"`, 1), "queries"},
		{"wrong window", strings.Replace(string(good), `"window": "all"`, `"window": "noon"`, 1), "cells[0].window"},
		{"no contender", strings.Replace(string(good), `"contender": "x"`, `"contender": ""`, 1), "cells[0]"},
	} {
		if err := os.WriteFile(path, []byte(c.data), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := ReadSummary(path)
		t.Run(c.name, func(t *testing.T) { wantError(t, err, path, c.want) })
	}
	if err := os.WriteFile(path, []byte(`{"schema":1,"fronts":[],"cdfs":[{"ms":[1],"share":[]}],"timeline":[]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = ReadFigures(path)
	wantError(t, err, "cdfs[0]")
}

func FuzzReadSummary(f *testing.F) {
	f.Add([]byte(`{"schema":1,"cells":[{"contender":"x","class":"all","window":"all","replications":1,"metrics":{"a":{"mean":1}}}]}`))
	f.Add([]byte(`{"schema":1,"cells":null}`))
	path := filepath.Join(f.TempDir(), "s.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := ReadSummary(path)
		if err != nil {
			return
		}
		if err := WriteFile(path, func(w io.Writer) error { return EncodeJSON(w, s) }); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSummary(path); err != nil {
			t.Fatalf("want what was read and written to be readable, got %v", err)
		}
	})
}
