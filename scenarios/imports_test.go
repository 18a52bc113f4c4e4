package scenarios_test

import (
	"os/exec"
	"strings"
	"testing"
)

// forbidden lists, for packages below a prefix, what they must not depend on, however
// indirectly. It is the design's picture as a test: scenarios and cmd alone compose.
var forbidden = []struct {
	from string
	to   []string
	but  []string // exceptions
}{
	{"slosim/sim/des", []string{"slosim"}, []string{"slosim/sim/des"}},
	{"slosim/sim", []string{"slosim/engine", "slosim/reports", "slosim/scenarios", "slosim/cmd"}, []string{"slosim/engine/profile"}},
	{"slosim/engine", []string{"slosim/sim", "slosim/scheduler", "slosim/reports", "slosim/scenarios", "slosim/cmd"}, nil},
	{"slosim/engine/profile", []string{"slosim"}, []string{"slosim/engine/profile"}},
	{"slosim/engine/kernel", []string{"slosim"}, []string{"slosim/engine/kernel"}},
	{"slosim/scheduler", []string{"slosim/sim", "slosim/engine", "slosim/reports", "slosim/scenarios", "slosim/cmd"}, []string{"slosim/engine/profile"}},
	{"slosim/workloads", []string{"slosim"}, []string{"slosim/workloads"}},
	{"slosim/reports", []string{"slosim/sim", "slosim/engine", "slosim/scheduler", "slosim/workloads", "slosim/scenarios", "slosim/cmd"}, nil},
	{"slosim/scenarios", []string{"slosim/cmd"}, nil},
	{"slosim/scenarios/slurm", []string{"slosim"}, []string{"slosim/scenarios/slurm"}},
}

func TestImportDirections(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "slosim/...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	packages := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(packages) < 10 {
		t.Fatalf("packages: want at least 10, got %d", len(packages))
	}
	for _, line := range packages {
		fields := strings.Fields(line)
		for _, dependency := range fields[1:] {
			if broken(fields[0], dependency) {
				t.Errorf("%s must not depend on %s", fields[0], dependency)
			}
		}
	}
}

// broken says whether a dependency goes against the picture.
func broken(from, to string) bool {
	for _, rule := range forbidden {
		if below(from, rule.from) && anyBelow(to, rule.to) && !anyBelow(to, rule.but) {
			return true
		}
	}
	return false
}

func below(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

func anyBelow(path string, prefixes []string) bool {
	for _, prefix := range prefixes {
		if below(path, prefix) {
			return true
		}
	}
	return false
}

func TestImportRulesCatchABreach(t *testing.T) {
	for _, pair := range [][2]string{
		{"slosim/sim/virtual", "slosim/engine"},
		{"slosim/engine/measure", "slosim/sim"},
		{"slosim/reports", "slosim/sim"},
		{"slosim/scheduler/policytest", "slosim/engine/kernel"},
	} {
		if !broken(pair[0], pair[1]) {
			t.Errorf("%s -> %s: want a breach", pair[0], pair[1])
		}
	}
	if broken("slosim/sim/virtual", "slosim/engine/profile") {
		t.Error("sim/virtual -> engine/profile: want allowed")
	}
}
