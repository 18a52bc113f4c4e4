package scenarios

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExitCode(t *testing.T) {
	contender := ContenderError{"dropout", errors.New("worker 0 idles while 3 queries wait")}
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, ExitOK},
		{AssertionError{[]string{"a"}}, ExitAssertion},
		{fmt.Errorf("load: %w", Problems{{}}), ExitUsage},
		{Usagef("no such thing"), ExitUsage},
		{fmt.Errorf("write: %w", fs.ErrPermission), ExitInternal},
		{contender, ExitContender},
		{errors.Join(AssertionError{[]string{"a"}}, contender), ExitContender},
		{errors.Join(contender, context.Canceled), ExitInterrupted},
	} {
		if got := ExitCode(test.err); got != test.want {
			t.Errorf("%v: want %d, got %d", test.err, test.want, got)
		}
	}
	if want := `contender "dropout": worker 0 idles while 3 queries wait`; contender.Error() != want {
		t.Errorf("want %s, got %s", want, contender)
	}
}

func TestClaimDir(t *testing.T) {
	root := filepath.Join(t.TempDir(), "results")
	for _, want := range []string{"quick-1", "quick-2"} {
		dir, err := ClaimDir("", root, "quick")
		if err != nil || filepath.Base(dir) != want {
			t.Errorf("want %s, got %s, %v", want, dir, err)
		}
	}
	mine := filepath.Join(root, "a", "b")
	for range 2 { // a folder that is named is used again
		if dir, err := ClaimDir(mine, root, "quick"); err != nil || dir != mine {
			t.Errorf("want %s, got %s, %v", mine, dir, err)
		}
	}
	file := filepath.Join(root, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ClaimDir(file, root, "quick"); err == nil {
		t.Error("a file for a folder: want an error")
	}
	if _, err := ClaimDir("", file, "quick"); err == nil {
		t.Error("a file for the root: want an error")
	}
}

func TestParseTechniqueAndAntagonist(t *testing.T) {
	known := fakeKnown()
	got, err := known.ParseTechnique("--technique", "slo-nn:activator=lsh")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Technique{"slo-nn", map[string]any{"activator": "lsh"}}, got); diff != "" {
		t.Errorf("technique (-want +got):\n%s", diff)
	}
	for _, text := range []string{"slo", "slo-nn:activator", "slo-nn:act=lsh", ""} {
		if _, err := known.ParseTechnique("--technique", text); ExitCode(err) != ExitUsage || !strings.HasPrefix(err.Error(), "--technique: ") {
			t.Errorf("%q: want a usage error of the flag, got %v", text, err)
		}
	}
	antagonist, err := known.ParseAntagonist("--antagonist", "cpu:0.5")
	if err != nil || antagonist.Antagonist != "cpu" || antagonist.Intensity != 0.5 {
		t.Errorf("want cpu at 0.5, got %+v, %v", antagonist, err)
	}
	for _, text := range []string{"disk", "cpu:0", "cpu:2", "cpu:nan", "cpu:x"} {
		if _, err := known.ParseAntagonist("--antagonist", text); ExitCode(err) != ExitUsage {
			t.Errorf("%q: want a usage error, got %v", text, err)
		}
	}
}

func TestLoadPrefersFilesToShippedScenarios(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{"quickstart", "quickstart.toml", "scenarios/quickstart.toml", "./scenarios/quickstart.toml"} {
		s, err := Load(path, fakeKnown())
		if err != nil || s.Name != "quickstart" || len(s.Contenders) != 8 {
			t.Errorf("%s: want the scenario that ships, got %v, %v", path, s, err)
		}
	}
	if err := os.WriteFile("quickstart.toml", []byte(good), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := Load("quickstart.toml", fakeKnown())
	if err != nil || s.Title != "good" {
		t.Errorf("want the file, got %v, %v", s, err)
	}
	for _, path := range []string{"other/quickstart.toml", "no-such", "../scenarios/quickstart.toml"} {
		if _, err := Load(path, fakeKnown()); ExitCode(err) != ExitUsage {
			t.Errorf("%s: want a usage error, got %v", path, err)
		}
	}
	if _, err := Load(".", fakeKnown()); ExitCode(err) != ExitUsage {
		t.Errorf("a folder: want a usage error, got %v", err)
	}
}

func TestShippedScenariosHaveAHeader(t *testing.T) {
	for _, name := range ShippedNames() {
		text, _ := Shipped(name)
		lines := strings.SplitN(string(text), "\n", 4)
		if !strings.HasSuffix(lines[0], "?") || !strings.HasPrefix(lines[1], "# found: ") || !strings.HasPrefix(lines[2], "# takes: ") {
			t.Errorf("%s: want a question, what was found and how long it takes, got\n%s", name, strings.Join(lines[:3], "\n"))
		}
	}
}
