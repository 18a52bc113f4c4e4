package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// problemsOf parses a text that must be refused.
func problemsOf(t *testing.T, text string, sets ...string) []string {
	t.Helper()
	s, err := Parse("bad.toml", []byte(text), fakeKnown(), sets...)
	if err == nil {
		t.Fatalf("want problems, got a scenario:\n%s", s.Text())
	}
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("want Problems, got %T: %v", err, err)
	}
	return strings.Split(err.Error(), "\n")
}

// bad is an edit of the good scenario and the end of a line that it must lead to.
type bad struct{ name, old, new, want string }

// refuses checks that each edit leads to its problem.
func refuses(t *testing.T, tests []bad) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(good, test.old) {
				t.Fatalf("the good scenario has no %q", test.old)
			}
			got := problemsOf(t, strings.Replace(good, test.old, test.new, 1))
			found := false
			for _, problem := range got {
				found = found || strings.HasSuffix(problem, test.want)
			}
			if !found {
				t.Errorf("want a line that ends with\n%s\ngot\n%s", test.want, strings.Join(got, "\n"))
			}
		})
	}
}

func TestBadFormsAndNumbers(t *testing.T) {
	refuses(t, []bad{
		{"unknown key", "latency = \"15ms\"", "latncy = \"15ms\"", `class[0].latncy: want a known key, got "latncy" (did you mean "latency"?)`},
		{"case of a key", "seed = 3", "Seed = 3", `Seed: want a known key, got "Seed" (did you mean "seed"?)`},
		{"unknown table", "[sensor]", "[censor]", `censor: want a known key, got "censor" (did you mean "sensor"?)`},
		{"string for a number", "seed = 3", `seed = "3"`, `seed: want a whole number, got "3"`},
		{"fraction for a count", "replications = 2", "replications = 2.0", `replications: want a whole number, got 2.0`},
		{"number for a duration", `duration = "10s"`, "duration = 10", `duration: want a duration of 0 or more, such as "15ms", got 10`},
		{"no unit", `duration = "10s"`, `duration = "10"`, `duration: want a duration of 0 or more, such as "15ms", got "10"`},
		{"negative seed", "seed = 3", "seed = -1", `seed: want 0 or more, got -1`},
		{"negative duration", `warmup = "1s"`, `warmup = "-1s"`, `warmup: want a duration of 0 or more, such as "15ms", got "-1s"`},
		{"no replication", "replications = 2", "replications = 0", `replications: want 1 to 10000, got 0`},
		{"warm-up too long", `warmup = "1s"`, `warmup = "10s"`, `warmup: want less than the duration 10s, got 10s`},
		{"nan", "load = 0.5", "load = nan", `arrivals.load: want a finite number, got nan`},
		{"inf", "load = 0.5", "load = -inf", `arrivals.load: want a finite number, got -inf`},
		{"nan in params", "quantile = 0.99", "quantile = nan", `contender[0].params.quantile: want a finite number, got nan`},
		{"load and rate", "load = 0.5", "rate = 5\nload = 0.5", `arrivals.rate: want either load or rate, got both`},
		{"no load", "load = 0.5", "load = 0", `arrivals.load: want above 0, got 0`},
		{"trace and kind", `kind = "gamma"`, `trace = "azure-llm-2023-conv"` + "\nkind = \"gamma\"", `arrivals.kind: want either trace or kind, got both`},
		{"unknown kind", `kind = "gamma"`, `kind = "gama"`, `arrivals.kind: want one of poisson, gamma, mmpp, spike, diurnal, constant, closed, mlperf-single-stream, mlperf-multi-stream, mlperf-server, mlperf-offline, got "gama" (did you mean "gamma"?)`},
		{"key of another kind", "cv = 2.0", "cv = 2.0\nperiod = \"5s\"", `arrivals.period: want nothing: kind = "gamma" has no such key, got 5s`},
		{"load of a closed loop", "kind = \"gamma\"\ncv = 2.0", "kind = \"closed\"\nclients = 3", `arrivals.load: want nothing: kind = "closed" has neither load nor rate, got one`},
		{"no clients", "kind = \"gamma\"\ncv = 2.0\nload = 0.5", "kind = \"closed\"\nclients = 0", `arrivals.clients: want above 0, got 0`},
		{"clients left out", "kind = \"gamma\"\ncv = 2.0\nload = 0.5", "kind = \"closed\"", `arrivals.clients: want 1 to 1048576, got 0`},
		{"negative think", "kind = \"gamma\"\ncv = 2.0\nload = 0.5", "kind = \"closed\"\nclients = 1\nthink = \"-1ms\"", `arrivals.think: want a duration of 0 or more, such as "15ms", got "-1ms"`},
		{"offline in the warm-up", "kind = \"gamma\"\ncv = 2.0\nload = 0.5", "kind = \"mlperf-offline\"\nqueries = 9", `warmup: want 0s with mlperf-offline, whose queries all arrive at 0s, got 1s`},
		{"accuracy in percent", "accuracy = 0.88", "accuracy = 88", `class[0].accuracy: want 0 to 1, got 88`},
		{"no error budget", "accuracy = 0.88", "accuracy = 0.88\nobjective = 1.0", `class[0].objective: want above 0 and below 1: at 1 there is no error budget, got 1.0`},
		{"no objective", "accuracy = 0.88", "accuracy = 0.88\nobjective = 0.0", `class[0].objective: want above 0 and below 1: at 1 there is no error budget, got 0.0`},
	})
}

func TestBadRelations(t *testing.T) {
	refuses(t, []bad{
		{"shares", "share = 0.25", "share = 0.5", `class: want shares that add up to 1, got 1.25`},
		{"double class", `name = "batch"`, `name = "interactive"`, `class[1].name: want a name of its own, got "interactive", which class[0] has too`},
		{"reserved class", `name = "batch"`, `name = "all"`, `class[1].name: want another name: "all" means every class in results, got "all"`},
		{"late change", `at = "5s"`, `at = "10s"`, `class[0].change[0].at: want earlier than the duration 10s, got 10s`},
		{"idle change", `latency = "10ms"`, ``, `class[0].change[0]: want latency, accuracy or both, got nothing that changes`},
		{"size without unit", `memory = "64MB"`, `memory = 64`, `machine[0].memory: want a size above 0, such as "64MB", got 64`},
		{"negative size", `memory = "64MB"`, `memory = "-1MB"`, `machine[0].memory: want a size above 0, such as "64MB", got "-1MB"`},
		{"workers", "workers = 1", "workers = -2", `machine[0].workers: want 1 to 1024, got -2`},
		{"table for a list", "[[machine]]", "[machine]", `machine: want a list of tables, [[machine]], got a table`},
		{"list for a table", "[sensor]", "[[sensor]]", `sensor: want a table, [sensor], got a list`},
		{"unknown antagonist", `antagonist = "cpu"`, `antagonist = "cpus"`, `interference[0].antagonist: want one of cache, cpu, memory, got "cpus" (did you mean "cpu"?)`},
		{"intensity", "intensity = 1.0", "intensity = 1.5", `interference[0].intensity: want above 0, at most 1, got 1.5`},
		{"interference backwards", `from = "2s"`, `from = "4s"`, `interference[0].from: want earlier than to = 4s, got 4s`},
		{"interference too late", `to = "4s"`, `to = "11s"`, `interference[0].to: want at most the duration 10s, got 11s`},
		{"every without for", `to = "4s"`, "to = \"4s\"\nevery = \"1s\"", `interference[0].for: want the active part of every, got nothing`},
		{"for too long", `to = "4s"`, "to = \"4s\"\nevery = \"1s\"\nfor = \"1s\"", `interference[0].for: want less than every = 1s, got 1s`},
		{"no such worker", `antagonist = "cpu"`, "antagonist = \"cpu\"\nworker = 1", `interference[0].worker: want 0 to 0, got 1`},
		{"no such machine", `antagonist = "cpu"`, "antagonist = \"cpu\"\nmachine = 1", `interference[0].machine: want 0 to 0, got 1`},
		{"sensor period", `period = "50ms"`, `period = "0s"`, `sensor.period: want a duration above 0, got "0s"`},
		{"sensor noise", "noise = 0.1", "noise = -0.1", `sensor.noise: want 0 to 10, got -0.1`},
	})
}

func TestBadNames(t *testing.T) {
	refuses(t, []bad{
		{"unknown network", `network = "fashion-mnist"`, `network = "fashion"`, `model[0].network: want one of fashion-mnist, wordnet, got "fashion" (did you mean "fashion-mnist"?)`},
		{"unknown technique", `name = "slo-nn"`, `name = "slonn"`, `contender[0].technique: want one of dense, prune-nodes, prune-weights, relu-skip, slimmable, slo-nn, zoo, got "slonn" (did you mean "slo-nn"?)`},
		{"unknown option", `activator = "lsh"`, `activater = "lsh"`, `contender[0].technique.activater: want a known parameter, got lsh`},
		{"technique of a wrong type", `technique = { name = "slo-nn", activator = "lsh" }`, `technique = 3`, `contender[0].technique: want a technique's name or { name = ..., option = ... }, got 3`},
		{"unknown policy", `policy = "lcao"`, `policy = "laco"`, `contender[0].policy: want one of aclo, always-fastest, clairvoyant-greedy, full, lcao, model-switching, got "laco" (did you mean "lcao"?)`},
		{"unknown parameter", "quantile = 0.99", "quantil = 0.99", `contender[0].params.quantil: want a known parameter, got 0.99`},
		{"unknown policy in the factorial", `policies = ["full"]`, `policies = ["ful"]`, `factorial.policies[0]: want one of aclo, always-fastest, clairvoyant-greedy, full, lcao, model-switching, got "ful" (did you mean "full"?)`},
		{"assertion of nobody", `contender = "zoo/full"`, `contender = "zoo/ful"`, `assert[0].contender: want one of dropout, dense/full, zoo/full, got "zoo/ful" (did you mean "zoo/full"?)`},
		{"assertion of nothing", "min = 0.9", "", `assert[0]: want min, max, not_worse_than or within, got none of them`},
		{"unknown metric", `metric = "attainment"`, `metric = "p99"`, `assert[0].metric: want one of attainment, p99_ms, got "p99" (did you mean "p99_ms"?)`},
		{"schema of the future", "schema = 1", "schema = 2", `schema: want 1, got 2`},
		{"syntax", "seed = 3", "seed = ", `bad.toml:3: want TOML, got expected value but found '\n' instead`},
		{"double key", "seed = 3", "seed = 3\nseed = 4", `bad.toml:4: want TOML, got Key 'seed' has already been defined.`},
	})
}

func TestLinesOfProblems(t *testing.T) {
	text := strings.NewReplacer(
		"latency = \"100ms\"", "latency = \"100\"",
		"quantile = 0.99", "quantil = 0.99",
		"worker", "wroker",
		"network = \"fashion-mnist\"\n", "",
	).Replace(good)
	want := []string{}
	for _, problem := range []struct{ at, text string }{
		{"[[model]]", "model[0].network: want a network's name, got nothing"},
		{`"100"`, `class[1].latency: want a duration of 0 or more, such as "15ms", got "100"`},
		{"wrokers", `machine[0].wrokers: want a known key, got "wrokers" (did you mean "workers"?)`},
		{"quantil", "contender[0].params.quantil: want a known parameter, got 0.99"},
	} {
		want = append(want, fmt.Sprintf("bad.toml:%d: %s", line(t, text, problem.at), problem.text))
	}
	if diff := cmp.Diff(want, problemsOf(t, text)); diff != "" {
		t.Errorf("all problems, in order of lines (-want +got):\n%s", diff)
	}
}

func TestProblemsOfOverridesNameTheFlag(t *testing.T) {
	for set, want := range map[string]string{
		"class[0].latency=-1ms":   `--set class[0].latency=-1ms: class[0].latency: want a duration of 0 or more, such as "15ms", got "-1ms"`,
		"class[7].latency=1ms":    `--set class[7].latency=1ms: class[7].latency: want an index below 2, got 7`,
		"class.latency=1ms":       `--set class.latency=1ms: class.latency: want an index, class[0], got "class"`,
		"sead=1":                  `--set sead=1: sead: want a known key, got "sead" (did you mean "seed"?)`,
		"seed":                    `--set seed: want key=value, got "seed"`,
		"seed.x=1":                `--set seed.x=1: seed.x: want a table called seed, got 3`,
		"class[x].latency=1ms":    `--set class[x].latency=1ms: class[x].latency: want name or name[index], got "class[x]"`,
		"classes[0].latency=1ms":  `--set classes[0].latency=1ms: classes[0].latency: want a list called classes, got nothing`,
		"arrivals.load=inf":       `--set arrivals.load=inf: arrivals.load: want a finite number, got inf`,
		"contender[0].policy=foo": `--set contender[0].policy=foo: contender[0].policy: want one of aclo, always-fastest, clairvoyant-greedy, full, lcao, model-switching, got "foo"`,
	} {
		if got := problemsOf(t, good, set); !cmp.Equal(got, []string{want}) {
			t.Errorf("want only\n%s\ngot\n%s", want, strings.Join(got, "\n"))
		}
	}
}

func TestOnlyOneMachineAndModelForNow(t *testing.T) {
	text := good + "[[machine]]\n[[model]]\nnetwork = \"wordnet\"\n"
	want := []string{
		"bad.toml:7: model: want exactly one [[model]]: serving several networks side by side is not supported yet, got 2",
		"bad.toml:27: machine: want exactly one [[machine]]: placing queries on several is not supported yet, got 2",
	}
	if diff := cmp.Diff(want, problemsOf(t, text)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestEmptyTextListsWhatIsMissing(t *testing.T) {
	got := problemsOf(t, "")
	for _, key := range []string{"schema", "duration", "model", "arrivals", "class", "contender"} {
		found := false
		for _, problem := range got {
			found = found || strings.HasPrefix(problem, "bad.toml: "+key+": want ")
		}
		if !found {
			t.Errorf("want a problem of %s, got\n%s", key, strings.Join(got, "\n"))
		}
	}
}
