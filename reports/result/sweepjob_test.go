package result

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSweepJobIsReadBack(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadSweepJob(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without one: want fs.ErrNotExist, got %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, SweepJobFolder), 0o755); err != nil {
		t.Fatal(err)
	}
	want := &SweepJob{
		Schema: Schema, Name: "n-7", Tasks: 7, CPUs: 2, Minutes: 10, Scratch: "$TMPDIR/x", Options: []string{"--a=b c"}, Retries: 3,
		AnyExecutable: true, Clusters: []string{"big"}, LastJob: "12",
	}
	if err := want.Write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := ReadSweepJob(dir)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	for _, bad := range []string{"", "{}", `{"schema":1,"name":"n","tasks":0}`, `{"schema":1,"name":"a,b","tasks":1}`, `{"schema":2,"name":"n","tasks":1}`} {
		path := filepath.Join(dir, SweepJobFolder, SweepJobFile)
		if err := os.WriteFile(path, []byte(bad), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSweepJob(dir); err == nil || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%s: want an error that names the file, got %v", bad, err)
		}
	}
}

func TestCellsAreCopiedWhole(t *testing.T) {
	from, to := NewSweepStore(t.TempDir()), NewSweepStore(t.TempDir())
	hash, other := strings.Repeat("a", 64), strings.Repeat("b", 64)
	if err := from.Put(hash, &SweepCell{Set: map[string]string{"x": "1"}}); err != nil {
		t.Fatal(err)
	}
	if err := from.Copy(hash, to); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(from.Path(hash))
	if after, err := os.ReadFile(to.Path(hash)); err != nil || string(after) != string(before) {
		t.Errorf("want the same bytes, got %q, %v", after, err)
	}
	if err := from.Copy(other, to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: want fs.ErrNotExist, got %v", err)
	}
	// What is broken on a node does not travel; what is broken in the folder is replaced.
	if err := os.WriteFile(to.Path(hash), before[:len(before)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if err := from.Copy(hash, to); err != nil {
		t.Fatal(err)
	}
	if _, err := to.Check(hash); err != nil {
		t.Errorf("want it mended, got %v", err)
	}
	if err := os.WriteFile(from.Path(hash), before[:len(before)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	var corrupt CorruptError
	if err := from.Copy(hash, NewSweepStore(t.TempDir())); !errors.As(err, &corrupt) {
		t.Errorf("broken: want a CorruptError, got %v", err)
	}
}

func TestHashesAreThoseOfFiles(t *testing.T) {
	dir := t.TempDir()
	s := NewSweepStore(dir)
	if got, err := s.Hashes(); err != nil || got != nil {
		t.Errorf("no folder: want none, got %v, %v", got, err)
	}
	hashes := []string{strings.Repeat("a", 64), strings.Repeat("ab", 32), strings.Repeat("c", 64)}
	for _, hash := range hashes {
		if err := s.Put(hash, &SweepCell{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{".slosim-x", "note.json", strings.Repeat("A", 64) + ".json"} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(s.Path(hashes[0])), name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Hashes()
	slices.Sort(got)
	slices.Sort(hashes)
	if err != nil || !slices.Equal(got, hashes) {
		t.Errorf("want %v, got %v, %v", hashes, got, err)
	}
}
