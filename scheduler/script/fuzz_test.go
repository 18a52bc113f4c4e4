package script_test

import (
	"os"
	"path/filepath"
	"testing"

	"slosim/scheduler"
	"slosim/scheduler/script"
)

// FuzzScripts: whatever the text, loading it ends, without a panic, in a policy or an error.
func FuzzScripts(f *testing.F) {
	files, err := filepath.Glob("testdata/*.star")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("\xef\xbb\xbfdefaults = {'a': 1}\nmax_batch = 4\ndef decide(view):\n    return []\n"))
	f.Add([]byte("d\x00e\x00f\x00"))
	path := filepath.Join(f.TempDir(), "fuzz.star")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := script.New(path, "", scheduler.NewParams(map[string]any{"max_steps": int64(1000)}))
		if (p == nil) == (err == nil) {
			t.Errorf("want a policy or an error, got %v and %v", p, err)
		}
	})
}
