package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"slosim/workloads"
)

// fakeKnown is a small world of names with simple checkers.
func fakeKnown() Known {
	return Known{
		Networks:    Entries("fashion-mnist", "wordnet"),
		Techniques:  Entries("dense", "prune-nodes", "prune-weights", "relu-skip", "slimmable", "slo-nn", "zoo"),
		Policies:    Entries("aclo", "always-fastest", "clairvoyant-greedy", "full", "lcao", "model-switching"),
		Traces:      Entries("azure-llm-2023-code", "azure-llm-2023-conv"),
		Antagonists: Entries("cache", "cpu", "memory"),
		Metrics:     Entries("attainment", "p99_ms"),
		CheckTechnique: func(name string, options map[string]any) []Complaint {
			return onlyKeys(options, "activator")
		},
		CheckPolicy: func(name string, params map[string]any) []Complaint {
			return onlyKeys(params, "quantile")
		},
		CheckArrivals: func(spec workloads.ArrivalSpec) []Complaint {
			var complaints []Complaint
			for _, wrong := range spec.Validate() {
				complaints = append(complaints, Complaint(wrong))
			}
			return complaints
		},
	}
}

func onlyKeys(table map[string]any, known ...string) []Complaint {
	var complaints []Complaint
	for _, key := range sortedKeys(table) {
		if !slices.Contains(known, key) {
			complaints = append(complaints, Complaint{key, "a known parameter", fmt.Sprint(table[key])})
		}
	}
	return complaints
}

// good is a scenario without fault that uses every table; its lines are numbered
// from 1.
const good = `schema = 1
title = "good"
seed = 3
replications = 2
duration = "10s"
warmup = "1s"
[[model]]
name = "classifier"
network = "fashion-mnist"
[arrivals]
kind = "gamma"
cv = 2.0
load = 0.5
[[class]]
name = "interactive"
share = 0.75
latency = "15ms"
accuracy = 0.88
[[class.change]]
at = "5s"
latency = "10ms"
[[class]]
name = "batch"
share = 0.25
latency = "100ms"
accuracy = 0.9
[[machine]]
workers = 1
memory = "64MB"
[[interference]]
antagonist = "cpu"
intensity = 1.0
from = "2s"
to = "4s"
[sensor]
period = "50ms"
lag = "100ms"
noise = 0.1
[feedback]
delay = "1s"
[[contender]]
name = "dropout"
technique = { name = "slo-nn", activator = "lsh" }
policy = "lcao"
params = { quantile = 0.99 }
[factorial]
techniques = ["dense", "zoo"]
policies = ["full"]
[[assert]]
contender = "zoo/full"
class = "interactive"
metric = "attainment"
min = 0.9
`

// line returns the number of the first line of a text that holds a part.
func line(t *testing.T, text, part string) int {
	t.Helper()
	before, _, ok := strings.Cut(text, part)
	if !ok {
		t.Fatalf("no %q in the text", part)
	}
	return 1 + strings.Count(before, "\n")
}

// indexOf returns where a part begins in a text.
func indexOf(t *testing.T, text, part string) int {
	t.Helper()
	i := strings.Index(text, part)
	if i < 0 {
		t.Fatalf("no %q in the text", part)
	}
	return i
}
