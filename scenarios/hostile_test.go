package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A small text may be a trap: it is refused before it takes memory or stack by the square of its size.
func TestParseTakesNoMemoryForTraps(t *testing.T) {
	for name, text := range map[string]string{
		"lists":            "a = " + strings.Repeat("[", 1<<19),
		"lists that close": "a = " + strings.Repeat("[", 1<<18) + strings.Repeat("]", 1<<18),
		"tables":           "a = " + strings.Repeat("{a=", 300_000),
		"a dotted key":     strings.Repeat("a.", 400_000) + "a = 1",
		"a header":         "[" + strings.Repeat("a.", 400_000) + "a]",
		"after strings":    "b = '''\n'[' \"''' # ]\nc = \"\\\"]\"\na = " + strings.Repeat("[", 1<<19),
		"params":           "[[contender]]\nparams = " + strings.Repeat("{a=", 1000) + "1" + strings.Repeat("}", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Parse("x.toml", []byte(text), fakeKnown())
			runtime.ReadMemStats(&after)
			var problems Problems
			if !errors.As(err, &problems) || !strings.Contains(err.Error(), "nested deeper than 64") {
				t.Errorf("want it refused for its depth, got %.200v", err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
				t.Errorf("took %d MB for %d bytes", took>>20, len(text))
			}
		})
	}
	_, err := Parse("x.toml", []byte(good), fakeKnown(), strings.Repeat("a.", 50_000)+"a=1")
	if err == nil || !strings.Contains(err.Error(), "want a key of at most 64 parts") {
		t.Errorf("want the override refused, got %.200v", err)
	}
}

// Brackets and dots in strings, comments and numbers are no nesting.
func TestWhatOnlyLooksNested(t *testing.T) {
	for _, text := range []string{
		"title = \"" + strings.Repeat("[{.", 100) + "\"\n" + good,
		"title = '" + strings.Repeat("[{.", 100) + "'\n" + good,
		"title = '''\n" + strings.Repeat("[{.'", 100) + "'''\n" + good,
		"#" + strings.Repeat("[{.", 100) + "\n" + good,
	} {
		if tooNested(text) {
			t.Errorf("taken for nested: %.60q", text)
		}
	}
	if !tooNested("a = "+strings.Repeat("[", 65)) || tooNested("a = "+strings.Repeat("[", 64)) {
		t.Error("want 64 brackets allowed, and no more")
	}
}

func TestLoadRefusesWhatIsNoScenario(t *testing.T) {
	dir := t.TempDir()
	var problems Problems
	if _, err := Load(dir, fakeKnown()); !errors.As(err, &problems) || !strings.HasSuffix(err.Error(), "want a file or a scenario that ships, got a folder") {
		t.Errorf("a folder: got %v", err)
	}
	huge := filepath.Join(dir, "huge.toml")
	if err := os.WriteFile(huge, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 1<<40); err != nil {
		t.Skip("no file of a terabyte here: ", err)
	}
	if _, err := Load(huge, fakeKnown()); !errors.As(err, &problems) || !strings.Contains(err.Error(), "want at most 1048576 bytes, got more") {
		t.Errorf("a terabyte: got %v", err)
	}
}

// FuzzReadBaseline: whatever the bytes, reading gives a baseline or a usage error, and what is
// accepted has means.
func FuzzReadBaseline(f *testing.F) {
	f.Add([]byte(`{"schema": 1, "means": {"a": 0.5}}`))
	f.Add([]byte(`{"schema": 2, "means": {}}`))
	f.Add([]byte(`{"schema": 1}`))
	file := filepath.Join(f.TempDir(), "x.toml")
	s := &Scenario{at: func(string) place { return place{file: file} }}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(s.baselineFile(), data, 0o644); err != nil {
			t.Fatal(err)
		}
		b, err := s.readBaseline()
		var usage UsageError
		if err != nil && !errors.As(err, &usage) {
			t.Errorf("want a usage error, got %T", err)
		}
		if err == nil && b.Means == nil {
			t.Error("accepted a baseline without means")
		}
	})
}
