package slotest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"slosim/scenarios/slotest"
)

// The promises that slosim makes of itself, on a committed profile.
func TestPromises(t *testing.T) {
	slotest.Check(t, "../ci/promises.toml", slotest.Profile("../ci/fashion-mnist.profile"))
}

const outsideTest = `package outside

import (
	"testing"

	"slosim/scenarios/slotest"
)

func TestPromises(t *testing.T) {
	slotest.Check(t, "promises.toml", slotest.Profile("fashion-mnist.profile"), slotest.Set("replications=2", "duration=12s", "interference[0].to=12s"))
}

func TestBroken(t *testing.T) {
	slotest.Check(t, "promises.toml", slotest.Profile("fashion-mnist.profile"), slotest.Set("replications=2", "duration=12s", "interference[0].to=12s", "assert[1].min=0.4", "assert[1].max=0.5"))
}

func TestUnsure(t *testing.T) {
	slotest.Check(t, "promises.toml", slotest.Profile("fashion-mnist.profile"), slotest.Set("replications=3", "contender[0].policy=full"))
}

func TestStrict(t *testing.T) {
	slotest.Check(t, "promises.toml", slotest.Profile("fashion-mnist.profile"), slotest.Set("replications=3", "contender[0].policy=full"), slotest.Strict())
}
`

// Another module tests its promises with this package: each assertion is a subtest, and what does not hold
// fails, with what was found.
func TestOutsideOfTheModule(t *testing.T) {
	here, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	module, err := os.ReadFile(filepath.Join(here, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(module), "\n")
	lines[0] = "module outside"
	text := strings.Join(lines, "\n") + "\nrequire slosim v0.0.0\nreplace slosim => " + here + "\n"
	for name, content := range map[string]string{"go.mod": text, "outside_test.go": outsideTest} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"../../go.sum": "go.sum", "../ci/promises.toml": "promises.toml", "../ci/promises.baseline.json": "promises.baseline.json", "../ci/fashion-mnist.profile": "fashion-mnist.profile"} {
		data, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), data, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "test", "-count=1", "-v", ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("want the broken one to fail, got\n%s", out)
	}
	for _, want := range []string{
		"--- PASS: TestPromises/", "--- FAIL: TestBroken/lcao:_attainment_of_class_relaxed:_at_least_0.4,_at_most_0.5", "margin",
		"--- PASS: TestBroken/lcao:_attainment_of_class_interactive",
		"--- SKIP: TestUnsure/lcao:_attainment_of_class_interactive", "violated by its mean, not beyond chance at n = 3", "--- FAIL: TestStrict/lcao:_attainment_of_class_interactive",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("want %q, got\n%s", want, out)
		}
	}
}
