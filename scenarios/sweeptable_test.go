package scenarios

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// goodSweep goes behind a good scenario.
const goodSweep = `
[sweep]
samples = 5
seed = 3
[[sweep.axis]]
key = "arrivals.load"
values = [0.1, 0.5, 1]
[[sweep.axis]]
key = "class[0].latency"
name = "target"
from = "5ms"
to = "20ms"
steps = 3
scale = "log"
[[sweep.axis]]
key = "machine[0].memory"
from = "16MB"
to = "64MB"
[[sweep.axis]]
key = "interference"
values = [[], [{ antagonist = "cpu", from = "2s", to = "4s" }]]
labels = ["never", "for 2 s"]
`

func TestSweepTableIsRead(t *testing.T) {
	s := mustParse(t, good+goodSweep)
	if n := s.Sweep.cells(); n != 3*3*5*2 {
		t.Errorf("want 90 cells, got %v", n)
	}
	again := mustParse(t, s.Text())
	if diff := cmp.Diff(s.Sweep, again.Sweep, cmpopts.EquateComparable(Bound{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("its own text is another sweep (-want +got):\n%s", diff)
	}
	if without := mustParse(t, good); without.Hash() != s.Hash() {
		t.Error("want the hash without the sweep: it decides no number of a run")
	}
}

// TestSweepTableProblems lists mistakes, each with the line's key and what is wanted.
func TestSweepTableProblems(t *testing.T) {
	for name, test := range map[string]struct{ old, new, key, want string }{
		"no axis":           {goodSweep, "\n[sweep]\n", "sweep.axis", "1 to 16"},
		"no key":            {`key = "arrivals.load"`, ``, "sweep.axis[0].key", "a key"},
		"bad key":           {`key = "arrivals.load"`, `key = "arrivals[x].load"`, "sweep.axis[0].key", "as --set has it"},
		"own key":           {`key = "arrivals.load"`, `key = "sweep.seed"`, "sweep.axis[0].key", "decides what a run gives"},
		"same key":          {`key = "machine[0].memory"`, `key = "arrivals.load"`, "sweep.axis[2].key", "no other axis"},
		"replaced key":      {`key = "machine[0].memory"`, `key = "arrivals"`, "sweep.axis[2].key", "an axis before"},
		"alike":             {`values = [0.1, 0.5, 1]`, `values = [1, 1.0]`, "sweep.axis[0].values", "differ"},
		"same name":         {`name = "target"`, `name = "arrivals.load"`, "sweep.axis[1].name", "of its own"},
		"no values":         {`values = [0.1, 0.5, 1]`, ``, "sweep.axis[0].values", "a list"},
		"empty":             {`values = [0.1, 0.5, 1]`, `values = []`, "sweep.axis[0].values", "at least one"},
		"no list":           {`values = [0.1, 0.5, 1]`, `values = 3`, "sweep.axis[0].values", "a list"},
		"dates":             {`values = [0.1, 0.5, 1]`, `values = [1979-05-27]`, "sweep.axis[0].values", "a scenario can have"},
		"twice":             {`values = [0.1, 0.5, 1]`, `values = [0.1, 0.1]`, "sweep.axis[0].values", "differ"},
		"both":              {`from = "16MB"`, "from = \"16MB\"\nvalues = [1]", "sweep.axis[2].values", "either values"},
		"no end":            {`to = "64MB"`, ``, "sweep.axis[2].to", "end"},
		"other units":       {`to = "64MB"`, `to = "64ms"`, "sweep.axis[2].to", "same kind"},
		"no unit":           {`to = "64MB"`, `to = "64"`, "sweep.axis[2].to", "a number, a duration"},
		"backwards":         {`to = "64MB"`, `to = "6MB"`, "sweep.axis[2].to", "more than from"},
		"log of 0":          {`from = "5ms"`, `from = "0s"`, "sweep.axis[1].from", "more than 0"},
		"scale":             {`scale = "log"`, `scale = "lag"`, "sweep.axis[1].scale", "did you mean"},
		"one step":          {`steps = 3`, `steps = 1`, "sweep.axis[1].steps", "2 to"},
		"too many steps":    {`steps = 3`, `steps = 90000`, "sweep", "at most 1000000 cells"},
		"samples":           {`samples = 5`, ``, "sweep.samples", "number of samples"},
		"one sample":        {`samples = 5`, `samples = 1`, "sweep.samples", "2 to"},
		"no samples":        {"from = \"16MB\"\nto = \"64MB\"", `values = ["16MB"]`, "sweep.samples", "nothing"},
		"labels":            {`labels = ["never", "for 2 s"]`, `labels = ["never"]`, "sweep.axis[3].labels", "2, as many"},
		"same labels":       {`labels = ["never", "for 2 s"]`, `labels = ["x", "x"]`, "sweep.axis[3].labels", "differ"},
		"seed":              {`seed = 3`, `seed = -3`, "sweep.seed", "0 or more"},
		"unknown":           {`seed = 3`, `sede = 3`, "sweep.sede", "did you mean"},
		"labels of a range": {`scale = "log"`, "scale = \"log\"\nlabels = [\"a\", \"b\", \"c\"]", "sweep.axis[1].labels", "nothing"},
		"no number":         {`from = "16MB"`, `from = nan`, "sweep.axis[2].from", "finite"},
	} {
		if strings.Count(goodSweep, test.old) != 1 {
			t.Fatalf("%s: want %q once in the sweep", name, test.old)
		}
		_, err := Parse("bad.toml", []byte(good+strings.Replace(goodSweep, test.old, test.new, 1)), fakeKnown())
		var problems Problems
		if !errors.As(err, &problems) {
			t.Errorf("%s: want a problem, got %v", name, err)
			continue
		}
		if !slices.ContainsFunc(problems, func(p Problem) bool {
			return p.Key == test.key && strings.Contains(p.Error(), test.want) && p.Line > 0
		}) {
			t.Errorf("%s: want a problem of %s that says %q, got\n%v", name, test.key, test.want, err)
		}
	}
}

// TestLiteralsAreTOML writes values as --set takes them, and reads them back.
func TestLiteralsAreTOML(t *testing.T) {
	plain := rapid.OneOf(
		rapid.Map(rapid.String(), func(s string) any { return strings.ToValidUTF8(s, "?") }),
		rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(rapid.Float64Range(-1e9, 1e9), func(f float64) any { return f }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
	)
	value := rapid.OneOf(plain,
		rapid.Map(rapid.SliceOfN(plain, 0, 4), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(rapid.StringMatching(`[a-z \."#=é]{1,6}`), plain, 0, 4), func(m map[string]any) any { return m }))
	rapid.Check(t, func(r *rapid.T) {
		want := value.Draw(r, "value")
		text, err := literal(want)
		if err != nil || strings.ContainsAny(text, "\n\r") {
			r.Fatalf("%v: want one line, got %q (%v)", want, text, err)
		}
		if diff := cmp.Diff(want, overrideValue(text), cmpopts.EquateEmpty()); diff != "" {
			r.Errorf("%s (-want +got):\n%s", text, diff)
		}
	})
}

// TestLatinHypercube wants one sample of each axis in each of as many equal parts, and axes that do
// not follow each other.
func TestLatinHypercube(t *testing.T) {
	const n = 64
	linear := &Axis{From: &Bound{0, floatBound}, To: &Bound{1, floatBound}, Scale: linearScale}
	log := &Axis{From: &Bound{1, floatBound}, To: &Bound{math.Exp2(n), floatBound}, Scale: logScale}
	numbers := func(texts []string, part func(float64) float64) (parts []int) {
		for _, text := range texts {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, int(part(v)))
		}
		return parts
	}
	x := numbers(linear.samples(n, 1, 0), func(v float64) float64 { return v * n })
	y := numbers(log.samples(n, 1, 1), math.Log2)
	for _, parts := range [][]int{x, y} {
		if sorted := slices.Sorted(slices.Values(parts)); !slices.IsSorted(sorted) || len(slices.Compact(sorted)) != n {
			t.Errorf("want a sample in each of %d parts, got %v", n, sorted)
		}
	}
	if slices.Equal(x, y) {
		t.Error("want axes of different orders")
	}
	if !slices.Equal(linear.samples(n, 1, 0), linear.samples(n, 1, 0)) || slices.Equal(linear.samples(n, 1, 0), linear.samples(n, 2, 0)) {
		t.Error("want samples that follow from the seed")
	}
}

func TestRanges(t *testing.T) {
	for _, test := range []struct {
		from, to any
		scale    string
		steps    int
		want     string
	}{
		{int64(1), int64(8), logScale, 4, "1 2 4 8"},
		{int64(1), 2.0, linearScale, 3, "1.0 1.5 2.0"},
		{"10ms", "1s", logScale, 3, `"10ms" "100ms" "1s"`},
		{"1MB", "3MB", linearScale, 3, `"1MB" "2MB" "3MB"`},
		{0.1, 0.3, linearScale, 3, "0.1 0.2 0.3"},
	} {
		a := &Axis{From: &Bound{}, To: &Bound{}, Scale: test.scale, Steps: test.steps}
		if c := a.From.setGeneric(test.from); c != nil {
			t.Fatal(c)
		}
		if c := a.To.setGeneric(test.to); c != nil {
			t.Fatal(c)
		}
		if a.To.kind == floatBound {
			a.From.kind = floatBound
		}
		if got := strings.Join(a.ticks(), " "); got != test.want {
			t.Errorf("%v to %v: want %s, got %s", test.from, test.to, test.want, got)
		}
	}
}

// TestFractions: whole ends of a key that takes fractions make fractions.
func TestFractions(t *testing.T) {
	app := testApp(t)
	for key, want := range map[string]string{
		"arrivals.load":                 "1.0 1.5 2.0",
		"class[0].share":                "1.0 1.5 2.0",
		"contender[1].params.quantile":  "1.0 1.5 2.0",
		"machine[0].workers":            "1 3",
		"sensor.noise":                  "1.0 1.5 2.0",
		"contender[1].params.nobody":    "1 3",
		"contender[7].params.quantile":  "1 3",
		"interference[0].intensity":     "1.0 1.5 2.0",
		"arrivals.nothing":              "1 3",
		"contender[1].params.window[0]": "1 3",
	} {
		from, to, steps := 1, 2, 3
		if strings.Contains(want, "3") {
			to, steps = 3, 2
		}
		text, _, _ := strings.Cut(smallSweep, "[sweep]")
		text += fmt.Sprintf("[[sweep.axis]]\nkey = %q\nfrom = %d\nto = %d\nsteps = %d\n", key, from, to, steps)
		s, err := Parse("fractions.toml", []byte(text), app.Known())
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		if got := strings.Join(s.Sweep.Axes[0].ticks(), " "); got != want {
			t.Errorf("%s: want %s, got %s", key, want, got)
		}
	}
}

// TestSetBelowAnAxis: a set that an axis would replace is refused.
func TestSetBelowAnAxis(t *testing.T) {
	app, file := testApp(t), sweepFile(t, smallSweep)
	_, err := LoadTemplate(file, app.Known(), "interference[0].for=100ms")
	if ExitCode(err) != ExitUsage || !strings.Contains(err.Error(), "--set interference[0].for=100ms: want a key that no axis replaces") {
		t.Errorf("want a refusal, got %v", err)
	}
	if _, err := LoadTemplate(file, app.Known(), "interference=[]", "arrivals.load=2"); err != nil {
		t.Errorf("want axes fixed, got %v", err)
	}
}

// TestSetFixesAnAxis: --set of an axis's key leaves that value alone.
func TestSetFixesAnAxis(t *testing.T) {
	app := testApp(t)
	template, err := LoadTemplate(sweepFile(t, smallSweep), app.Known(), "arrivals.load=0.7")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := app.draftPlan(template)
	if err != nil || plan.Cells != 4 || !slices.Equal(plan.Axes[0].Values, []string{"0.7"}) {
		t.Errorf("want 4 cells of load 0.7, got %d of %v (%v)", plan.Cells, plan.Axes[0].Values, err)
	}
	if template, err = LoadTemplate(sweepFile(t, smallSweep), app.Known(), "sweep.samples=5"); err != nil {
		t.Fatal(err)
	}
	if plan, err = app.draftPlan(template); err != nil || plan.Cells != 3*2*5 {
		t.Errorf("want 30 cells, got %d (%v)", plan.Cells, err)
	}
}

func TestSweepPoints(t *testing.T) {
	app := testApp(t)
	template, err := LoadTemplate(sweepFile(t, smallSweep), app.Known())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := app.draftPlan(template)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i := range plan.Cells {
		seen[fmt.Sprint(pointSets(plan, i))] = true
	}
	if len(seen) != 12 || plan.Cells != 12 {
		t.Errorf("want 12 points that differ, got %d of %d", len(seen), plan.Cells)
	}
	if got, want := plan.Axes[0].Values, []string{"0.25", "1.0", "4.0"}; !slices.Equal(got, want) {
		t.Errorf("log range: want %v, got %v", want, got)
	}
	if got := pointSets(plan, 0)[:2]; !slices.Equal(got, []string{"arrivals.load=0.25", "interference=[]"}) {
		t.Errorf("first cell: got %v", got)
	}
}
