package scenarios

import (
	"fmt"
	"os"
	"slices"

	"slosim/engine"
	"slosim/engine/antagonist"
	"slosim/reports"
	"slosim/scheduler"
	"slosim/workloads"
)

// Known lists what a scenario may name here, with who checks it.
func (a *App) Known() Known {
	return Known{
		Networks:       familyEntries(),
		Techniques:     techniqueEntries(),
		Policies:       a.policyEntries(),
		Traces:         traceEntries(),
		Arrivals:       arrivalEntries(),
		Antagonists:    antagonistEntries(),
		Recordings:     recordingEntries(),
		Metrics:        metricEntries(),
		Datasets:       datasetEntries(),
		CheckNetwork:   checkNetwork,
		CheckTechnique: checkTechnique,
		CheckPolicy:    a.checkPolicy,
		CheckRoute:     a.checkRoute,

		NetworkTechniques: networkTechniques,
		CheckArrivals:     checkArrivalSpec,
		IsFile:            isFile,
		OpenSlowdowns:     workloads.OpenSlowdowns,
	}
}

func familyEntries() []Entry {
	var entries []Entry
	for _, f := range Families() {
		entries = append(entries, Entry{Name: f.Name, About: f.About})
	}
	return entries
}

// techniqueAbout says in a line what each technique is.
func techniqueAbout() map[string]string {
	return map[string]string{
		"dense":      "the plain network, our dense kernel: one point",
		"relu-skip":  "exact: nodes that ReLU set to zero (and zero inputs) are skipped",
		"slo-nn":     "dropout of nodes per query: winner-take-all training, candidates of a linear activator, cascades; over wide outputs those that the query's features list; activator = NAME names one of the next",
		"slo-nn-lsh": "the paper's design as reconstructed: hashing tables over the plain network, in every hidden layer",

		"slo-nn-clustered":       "slo-nn with lists of nodes for clusters of inputs",
		"slo-nn-lsh-wta":         "slo-nn with hashing tables that propose the candidates",
		"slo-nn-linear-plain":    "slo-nn over the plain network, which was not trained to lose nodes",
		"slo-nn-clustered-plain": "the same with lists of nodes for clusters of inputs",

		"slo-nn-probe": "slo-nn whose activation runs a cheap point first; its margin is the query's confidence",
		"zoo":          "model switching: networks of several sizes, and margin cascades over them",

		"prune-frequent":    "static pruning of wide outputs: the same ones for every query, of the most samples",
		"slo-nn-kmeans":     "slo-nn over wide outputs: lists for clusters of hidden vectors",
		"slo-nn-beam":       "slo-nn over wide outputs: clusters of outputs by a small distilled network",
		"slo-nn-tree":       "slo-nn over wide outputs: a beam over a tree of them",
		"slo-nn-lsh-hidden": "slo-nn over wide outputs: sign hashing of hidden vectors, 16 tables",
		"slo-nn-lsh-input":  "slo-nn over wide outputs: sign hashing of inputs, the paper's way",
		"slo-nn-slide":      "slo-nn over wide outputs: SLIDE's hash tables of output rows",
		"slo-nn-mips":       "slo-nn over wide outputs: the same by inner product",
		"slo-nn-mongoose":   "slo-nn over wide outputs: the same with learned planes",

		"slimmable":     "one network trained for eight widths, with distillation (universally slimmable networks)",
		"prune-outputs": "static pruning of wide outputs: the same ones for every query, of the largest mean probability",
		"screen-int8":   "every output in 8 bits, the best three again exactly",

		"prune-nodes":   "static pruning: the full network cut to its nodes of largest L1 norm, and fine-tuned",
		"prune-weights": "static pruning: the full network without its smallest weights, fine-tuned, as sparse matrices",
	}
}

func techniqueEntries() []Entry {
	var entries []Entry
	about := techniqueAbout()
	names := slices.Concat(engine.Techniques(), wideTechniques())
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		entries = append(entries, Entry{Name: name, About: about[name]})
	}
	return entries
}

func (a *App) policyEntries() []Entry {
	var entries []Entry
	for _, name := range a.Policies.Names() {
		entry := Entry{Name: name, About: scheduler.About(name), Paper: scheduler.Paper(name)}
		for _, p := range a.Policies.Params(name) {
			entry.Params = append(entry.Params, Param(p))
		}
		entries = append(entries, entry)
	}
	return entries
}

func traceEntries() []Entry {
	var entries []Entry
	for _, t := range workloads.Traces() {
		entries = append(entries, Entry{Name: t.Name, About: fmt.Sprintf("%s; %s; %s", t.Description, t.Licence, t.Attribution)})
	}
	return entries
}

func recordingEntries() []Entry {
	var entries []Entry
	for _, r := range workloads.Recordings() {
		entries = append(entries, Entry{Name: r.Name, About: fmt.Sprintf("%s; %s; %s", r.Description, r.Licence, r.Attribution)})
	}
	return entries
}

func arrivalEntries() []Entry {
	var entries []Entry
	for _, kind := range workloads.Kinds() {
		entries = append(entries, Entry{Name: kind, About: workloads.AboutKind(kind)})
	}
	return entries
}

func antagonistEntries() []Entry {
	about := map[string]string{
		"cpu":    "computes on the worker's own core: the scheduler takes the core away for milliseconds",
		"memory": "streams through 256 MB on the next core: memory bandwidth",
		"cache":  "writes 32 MB in random order on the next core: the shared cache",
	}
	var entries []Entry
	for _, kind := range antagonist.Kinds() {
		entries = append(entries, Entry{Name: kind, About: about[kind]})
	}
	return entries
}

func metricEntries() []Entry {
	var entries []Entry
	for _, name := range reports.MetricNames() {
		entries = append(entries, Entry{Name: name, About: reports.AboutMetric(name)})
	}
	return entries
}

func datasetEntries() []Entry {
	var entries []Entry
	for _, d := range workloads.Datasets() {
		entries = append(entries, Entry{Name: d.Name, About: fmt.Sprintf("%s; %s, %s", d.Description, d.Licence, d.Copyright)})
	}
	for _, d := range workloads.SparseDatasets() {
		entries = append(entries, Entry{Name: d.Name, About: fmt.Sprintf("%s; %s, %s", d.Description, d.Licence, d.Copyright)})
	}
	return entries
}

// checkNetwork judges a network by looking for it.
func checkNetwork(name string) []Complaint {
	if _, err := FindFamily(name); err != nil {
		return []Complaint{{Key: "network", Want: "a folder with the files of a data set", Got: err.Error()}}
	}
	return nil
}

// checkTechnique judges a technique's options.
func checkTechnique(name string, options map[string]any) []Complaint {
	var complaints []Complaint
	for _, key := range sortedKeys(options) {
		if name != "slo-nn" || key != "activator" {
			complaints = append(complaints, Complaint{Key: key, Want: "no such option of " + name, Got: show(options[key])})
			continue
		}
		known := slices.Concat([]string{"best", engine.LinearActivator, engine.ClusteredActivator, engine.LSHActivator}, engine.OutputActivators())
		text, ok := options[key].(string)
		if !ok || !slices.Contains(known, text) {
			complaints = append(complaints, Complaint{Key: key, Want: wantName("activators", known), Got: show(options[key]) + didYouMean(text, known)})
		}
	}
	return complaints
}

// networkTechniques returns what a family allows, nil for an unknown one.
func networkTechniques(network string) []string {
	family, err := FindFamily(network)
	if err != nil {
		return nil
	}
	return family.Techniques
}

// checkPolicy judges a policy's parameters by making one.
func (a *App) checkPolicy(name string, params map[string]any) []Complaint {
	p := scheduler.NewParams(params)
	a.Policies[name](p)
	var complaints []Complaint
	for _, problem := range p.Problems() {
		complaints = append(complaints, Complaint{Key: problem.Key, Want: problem.Want, Got: problem.Got})
	}
	return complaints
}

// checkArrivalSpec lets the workloads package judge the arrivals.
func checkArrivalSpec(spec workloads.ArrivalSpec) []Complaint {
	var complaints []Complaint
	for _, e := range spec.Validate() {
		complaints = append(complaints, Complaint{Key: e.Key, Want: e.Want, Got: e.Got})
	}
	return complaints
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
