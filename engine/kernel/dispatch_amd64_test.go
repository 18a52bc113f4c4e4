package kernel_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"slosim/engine/kernel"
)

// TestPrintVariants is no test but the child process of TestMaskedVariants.
func TestPrintVariants(t *testing.T) {
	if os.Getenv("SLOSIM_PRINT_VARIANTS") == "" {
		t.Skip("run by TestMaskedVariants")
	}
	var names []string
	for _, s := range kernel.All() {
		names = append(names, s.Name)
	}
	fmt.Printf("variants=%s best=%s\n", strings.Join(names, ","), kernel.Best().Name)
}

// variantsUnder returns the variants of a process to which the CPU lacks something.
func variantsUnder(t *testing.T, godebug string) []string {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestPrintVariants$")
	child.Env = append(os.Environ(), "GODEBUG="+godebug, "SLOSIM_PRINT_VARIANTS=1")
	out, err := child.Output()
	if err != nil {
		t.Fatalf("GODEBUG=%s: %v: %s", godebug, err, out)
	}
	var list, best string
	line, _, _ := strings.Cut(string(out), "\n")
	if _, err := fmt.Sscanf(line, "variants=%s best=%s", &list, &best); err != nil {
		t.Fatalf("GODEBUG=%s: %q: %v", godebug, line, err)
	}
	names := strings.Split(list, ",")
	if names[len(names)-1] != best {
		t.Errorf("GODEBUG=%s: best is %q of %q", godebug, best, names)
	}
	return names
}

func TestMaskedVariants(t *testing.T) {
	all := variantsUnder(t, "")
	without := func(names ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(names, s) })
	}
	for godebug, want := range map[string][]string{
		"cpu.avx512f=off":                without("avx512"),
		"cpu.avx512bw=off":               without("avx512"),
		"cpu.avx512vl=off":               without("avx512"),
		"cpu.avx2=off":                   {"go"},
		"cpu.fma=off":                    {"go"},
		"cpu.bmi2=off":                   {"go"},
		"cpu.popcnt=off":                 {"go"},
		"cpu.avx2=off,cpu.avx512f=off":   {"go"},
		"cpu.all=off":                    {"go"},
		"cpu.all=off,cpu.avx2=on":        {"go"},
		"gctrace=0,cpu.avx512f=off":      without("avx512"),
		"cpu.avx512vnni=off,cpu.adx=off": all,
	} {
		if got := variantsUnder(t, godebug); !slices.Equal(got, want) {
			t.Errorf("GODEBUG=%s: got %q, want %q", godebug, got, want)
		}
	}
	for _, s := range kernel.All() {
		if !slices.Contains(all, s.Name) {
			t.Errorf("got %q here, but not in a process that nothing is hidden from: %q", s.Name, all)
		}
	}
}
