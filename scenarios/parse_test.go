package scenarios

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func mustParse(t *testing.T, text string, sets ...string) *Scenario {
	t.Helper()
	s, err := Parse("good.toml", []byte(text), fakeKnown(), sets...)
	if err != nil {
		t.Fatalf("a good scenario is refused:\n%v", err)
	}
	return s
}

func TestParseReadsEveryTable(t *testing.T) {
	s := mustParse(t, good)
	minimum := 0.9
	want := &Scenario{
		Schema: 1, Title: "good", Seed: 3, Replications: 2, Name: "good",
		Duration: Duration(10 * time.Second), Warmup: Duration(time.Second),
		Models:   []Model{{Name: "classifier", Network: "fashion-mnist"}},
		Arrivals: Arrivals{Kind: "gamma", CV: 2, Load: 0.5},
		Classes: []Class{
			{Name: "interactive", Share: 0.75, Latency: Duration(15 * time.Millisecond), Accuracy: 0.88, Objective: 0.99,
				Changes: []Change{{At: Duration(5 * time.Second), Latency: Duration(10 * time.Millisecond), Accuracy: 0.88}}},
			{Name: "batch", Share: 0.25, Latency: Duration(100 * time.Millisecond), Accuracy: 0.9, Objective: 0.99},
		},
		Machines: []Machine{{Workers: 1, Memory: 64e6}},
		Interference: []Interference{
			{Antagonist: "cpu", Intensity: 1, From: Duration(2 * time.Second), To: Duration(4 * time.Second)}},
		Sensor:   Sensor{Period: defaultSensorPeriod, Lag: defaultSensorLag, Noise: 0.1},
		Feedback: &Feedback{Delay: Duration(time.Second), Share: 1},
		Contenders: []Contender{
			{Name: "dropout", Technique: Technique{"slo-nn", map[string]any{"activator": "lsh"}},
				Policy: "lcao", Params: map[string]any{"quantile": 0.99}},
			{Name: "dense/full", Technique: Technique{Name: "dense"}, Policy: "full"},
			{Name: "zoo/full", Technique: Technique{Name: "zoo"}, Policy: "full"},
		},
		Asserts: []Assert{{Contender: "zoo/full", Class: "interactive", Window: "all", Metric: "attainment", Min: &minimum}},
	}
	if diff := cmp.Diff(want, s, cmpopts.IgnoreUnexported(Scenario{}, Contender{})); diff != "" {
		t.Errorf("scenario (-want +got):\n%s", diff)
	}
}

func TestDefaultsOfTheSmallestScenario(t *testing.T) {
	s := mustParse(t, `schema = 1
duration = "10s"
model = [{network = "wordnet"}]
arrivals = {trace = "azure-llm-2023-conv", transform = "modulate", load = 0.5}
class = [{name = "only", latency = "15ms"}]
contender = [{technique = "zoo", policy = "full"}]
interference = [{antagonist = "memory"}]
`)
	want := &Scenario{
		Schema: 1, Title: "good", Seed: 1, Replications: defaultReplications, Name: "good",
		Duration: Duration(10 * time.Second),
		Models:   []Model{{Name: "wordnet", Network: "wordnet"}},
		Arrivals: Arrivals{Trace: "azure-llm-2023-conv", Transform: "modulate", Window: "start",
			Bin: defaultBin, Speed: 1, Load: 0.5},
		Classes:      []Class{{Name: "only", Share: 1, Latency: Duration(15 * time.Millisecond), Objective: 0.99}},
		Machines:     []Machine{{Workers: 1}},
		Interference: []Interference{{Antagonist: "memory", Intensity: 1, To: Duration(10 * time.Second)}},
		Sensor:       Sensor{Period: defaultSensorPeriod, Lag: defaultSensorLag, Noise: defaultSensorNoise},
		Contenders:   []Contender{{Name: "zoo/full", Technique: Technique{Name: "zoo"}, Policy: "full"}},
	}
	if diff := cmp.Diff(want, s, cmpopts.IgnoreUnexported(Scenario{}, Contender{})); diff != "" {
		t.Errorf("scenario (-want +got):\n%s", diff)
	}
}

func parseKnown(t *testing.T, text string, known Known) *Scenario {
	t.Helper()
	s, err := Parse("example.toml", []byte(text), known)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTextIsAFixedPoint(t *testing.T) {
	app, err := NewApp()
	if err != nil {
		t.Fatal(err)
	}
	type example struct {
		text  string
		known Known
	}
	examples := map[string]example{"good": {good, fakeKnown()}}
	for _, name := range ShippedNames() {
		text, _ := Shipped(name)
		examples[name] = example{string(text), app.Known()}
	}
	for name, e := range examples {
		t.Run(name, func(t *testing.T) {
			s := parseKnown(t, e.text, e.known)
			again := parseKnown(t, s.Text(), e.known)
			if diff := cmp.Diff(s, again, cmpopts.IgnoreUnexported(Scenario{}, Contender{}), cmp.AllowUnexported(Bound{})); diff != "" {
				t.Errorf("parsed again from its text (-want +got):\n%s\n%s", diff, s.Text())
			}
			if s.Hash() != again.Hash() {
				t.Error("the same scenario has two hashes")
			}
		})
	}
}

func TestHashSeesWhatDecidesNumbers(t *testing.T) {
	base := mustParse(t, good).Hash()
	for _, set := range []string{"title=another", "assert[0].min=0.5"} {
		if got := mustParse(t, good, set).Hash(); got != base {
			t.Errorf("%s: want the same hash, got another", set)
		}
	}
	for _, set := range []string{"seed=4", "class[0].latency=16ms", "contender[0].params.quantile=0.5",
		"contender[0].technique.activator=best", "arrivals.load=0.6"} {
		if got := mustParse(t, good, set).Hash(); got == base {
			t.Errorf("%s: want another hash, got the same", set)
		}
	}
}

func TestFactorialEqualsItsContendersSpelledOut(t *testing.T) {
	const crossed = "[factorial]\ntechniques = [\"dense\", \"zoo\"]\npolicies = [\"full\"]\n"
	const spelled = "[[contender]]\ntechnique = \"dense\"\npolicy = \"full\"\n[[contender]]\ntechnique = \"zoo\"\npolicy = \"full\"\n"
	head := good[:len(good)-len(good[indexOf(t, good, "[factorial]"):])]
	a, b := mustParse(t, head+crossed), mustParse(t, head+spelled)
	if a.Hash() != b.Hash() {
		t.Errorf("want one hash, got two:\n%s\n%s", a.Text(), b.Text())
	}
}

func TestOverrides(t *testing.T) {
	s := mustParse(t, good, "class[0].latency=20ms", "title = two words", `contender[0].technique="zoo"`,
		"replications=7", "class[0].change[0].accuracy=0.5", "seed=1", "seed=2")
	if got := s.Classes[0].Latency.Std(); got != 20*time.Millisecond {
		t.Errorf("latency: want 20ms, got %v", got)
	}
	if s.Title != "two words" || s.Replications != 7 || s.Seed != 2 {
		t.Errorf("want title, replications and the last seed, got %q, %d, %d", s.Title, s.Replications, s.Seed)
	}
	if got := s.Contenders[0].Technique.Key(); got != "zoo" {
		t.Errorf("technique: want zoo, got %s", got)
	}
	if got := s.Classes[0].Changes[0].Accuracy; got != 0.5 {
		t.Errorf("changed accuracy: want 0.5, got %v", got)
	}
}

func TestOverrideMakesMissingTables(t *testing.T) {
	text := good[:indexOf(t, good, "[sensor]")] + good[indexOf(t, good, "[[contender]]"):]
	if got := mustParse(t, text, "sensor.noise=0.5").Sensor.Noise; got != 0.5 {
		t.Errorf("noise: want 0.5, got %v", got)
	}
}
