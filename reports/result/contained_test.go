package result

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree returns the files below a folder with what is in them; links are not followed.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Folders are names, not patterns: clearing "a*" leaves what stands in "ab" alone.
func TestAFolderIsNoPattern(t *testing.T) {
	root := t.TempDir()
	writeAll(t, create(t, filepath.Join(root, "ab")))
	before := tree(t, filepath.Join(root, "ab"))
	for _, name := range []string{"a*", "a?", "a[b]", "[", "*"} {
		dir := filepath.Join(root, name)
		writeAll(t, create(t, dir))
		writeAll(t, create(t, dir)) // the second removes the first
		if len(tree(t, dir)) != 5 {
			t.Errorf("%s: want the five files of a result, got %v", name, names(t, dir))
		}
	}
	if diff := cmp.Diff(before, tree(t, filepath.Join(root, "ab"))); diff != "" {
		t.Errorf("a folder beside (-want +got):\n%s", diff)
	}
}

// Links in a result folder are replaced or refused, never written through.
func TestNothingIsWrittenThroughLinks(t *testing.T) {
	root := t.TempDir()
	outside, dir := filepath.Join(root, "outside"), filepath.Join(root, "dir")
	writeAll(t, create(t, dir))
	if err := os.MkdirAll(filepath.Join(outside, PlotsFolder), 0o755); err != nil {
		t.Fatal(err)
	}
	linked := append(fileNames(), unfinished, "plots/front.svg")
	for _, name := range linked {
		target := filepath.Join(outside, name)
		if err := os.WriteFile(target, []byte("precious"), 0o644); err != nil {
			t.Fatal(err)
		}
		if name == ManifestFile {
			continue // by which the folder is known as a result
		}
		_ = os.Remove(filepath.Join(dir, name)) // those that are there
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	before := tree(t, outside)
	writeAll(t, create(t, dir))
	if diff := cmp.Diff(before, tree(t, outside)); diff != "" {
		t.Errorf("outside (-want +got):\n%s", diff)
	}
	for name := range tree(t, dir) {
		if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s: want a file of its own, got %v, %v", name, info, err)
		}
	}
}

func TestALinkedFolderOfPicturesIsRefused(t *testing.T) {
	root := t.TempDir()
	outside, dir := filepath.Join(root, "outside"), filepath.Join(root, "dir")
	f := create(t, dir)
	err := errors.Join(os.Mkdir(outside, 0o755), os.WriteFile(filepath.Join(outside, "mine.svg"), []byte("mine"), 0o644),
		os.Symlink(outside, filepath.Join(dir, PlotsFolder)))
	if err != nil {
		t.Fatal(err)
	}
	before := tree(t, outside)
	wantError(t, f.Write("plots/front.svg", func(io.Writer) error { return nil }), "plots: want a folder, got a link")
	_, err = Create(dir)
	wantError(t, err, "plots: want a folder, got a link")
	if diff := cmp.Diff(before, tree(t, outside)); diff != "" {
		t.Errorf("outside (-want +got):\n%s", diff)
	}
}

func TestNamesOfFilesStayInside(t *testing.T) {
	root := t.TempDir()
	f := create(t, filepath.Join(root, "dir"))
	for _, name := range []string{"../x.svg", "/tmp/x.svg", "plots/../../x.svg", "", "."} {
		if err := f.Write(name, func(w io.Writer) error { return nil }); err == nil {
			t.Errorf("%q: want it refused", name)
		}
	}
	if got := names(t, root); len(got) != 1 {
		t.Errorf("want the folder alone, got %q", got)
	}
}

// A device is written to and stays one.
func TestDevicesAreNotReplaced(t *testing.T) {
	before, err := os.Stat(os.DevNull)
	if err != nil {
		t.Skip("no such device here: ", err)
	}
	if err := WriteFile(os.DevNull, func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }); err != nil {
		t.Fatal(err)
	}
	after, err := os.Lstat(os.DevNull)
	if err != nil || !os.SameFile(before, after) || after.Mode().IsRegular() {
		t.Errorf("want the device as it was, got %v, %v", after, err)
	}
}
