package scheduler

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// builtin is one built-in policy.
type builtin struct {
	name    string
	about   string
	paper   string // it comes from; empty for our own
	factory Factory
}

// builtins lists the policies that ship.
func builtins() []builtin {
	return slices.Concat(plainBuiltins(), accuracyBuiltins(), batchBuiltins())
}

// plainBuiltins are yardsticks and queue disciplines.
func plainBuiltins() []builtin {
	return []builtin{
		{"full", "every query at the reference point: no adaptation", "", newFull},
		{"fixed", "every query at the point named by the parameter point", "", newFixed},
		{"always-fastest", "every query at the point with the lowest mean time", "", newFastest},
		{"clairvoyant-greedy", "knows outcomes and times to come: the cheapest right point in time", "", newClairvoyant},
		{"edf", "earliest deadline first, at the point that lcao would take or a fixed one",
			"Liu and Layland, Scheduling Algorithms for Multiprogramming in a Hard-Real-Time Environment, JACM 1973", newEDF},
		{"sjf", "shortest job first, at the point that lcao would take or a fixed one",
			"Smith, Various Optimizers for Single-Stage Production, Naval Research Logistics Quarterly 1956", newSJF},
		{"inverse", "pathological, a check of experiments: the opposite of lcao, accurate under pressure, fast when idle, last come first served", "", newInverse},
	}
}

// accuracyBuiltins choose a point for one query at a time.
func accuracyBuiltins() []builtin {
	return []builtin{
		{"aclo", "accuracy-constrained, latency-optimised: the cheapest point that meets the accuracy target (slo-nn)",
			"Mendoza and Trippel, Dynamic Network Adaptation at Inference, arXiv 2204.08400, 2022", newACLO},
		{"lcao", "latency-constrained, accuracy-optimised: the most accurate point that meets the deadlines (slo-nn)",
			"Mendoza and Trippel, Dynamic Network Adaptation at Inference, arXiv 2204.08400, 2022", newLCAO},
		{"model-switching", "the best point for the measured load, from a table (HotCloud 2020)",
			"Zhang et al., Model-Switching: Dealing with Fluctuating Workloads in Machine-Learning-as-a-Service Systems, HotCloud 2020", newModelSwitching},
		{"slackfit", "the most accurate point in the latency bucket just below the head's slack (SuperServe, NSDI 2025)",
			"Khare et al., SuperServe: Fine-Grained Inference Serving for Unpredictable Workloads, NSDI 2025", newSlackFit},
		{"alert", "a Kalman filter on completions predicts each point's chance to meet the deadline (ALERT, ATC 2020)",
			"Wan et al., ALERT: Accurate Learning for Energy and Timeliness, ATC 2020", newALERT},
	}
}

// batchBuiltins start several queries together, or one in parts; chameleon and videostorm choose
// points for a while.
func batchBuiltins() []builtin {
	return []builtin{
		{"clipper", "batches that grow while they meet the latency objective and shrink by a tenth when not; a bandit over points on request (Clipper, NSDI 2017)",
			"Crankshaw et al., Clipper: A Low-Latency Online Prediction Serving System, NSDI 2017", newClipper},
		{"infaas", "the cheapest point that meets accuracy and latency, on workers that suffer no interference (INFaaS, ATC 2021)",
			"Romero et al., INFaaS: Automated Model-less Inference Serving, ATC 2021", newINFaaS},
		{"proteus", "a linear program scales accuracy to the measured demand; batches wait as long as the head's deadline allows (Proteus, ASPLOS 2024)",
			"Ahmad et al., Proteus: A High-Throughput Inference-Serving System with Accuracy Scaling, ASPLOS 2024", newProteus},
		{"clockwork", "earliest deadline first in the largest batches that fit; what cannot make it is dropped before it starts (Clockwork, OSDI 2020)",
			"Gujarati et al., Serving DNNs like Clockwork: Performance Predictability from the Bottom Up, OSDI 2020", newClockwork},
		{"nexus-early-drop", "a window of a full batch slides over the queue; heads that do not leave it time are dropped (Nexus, SOSP 2019)",
			"Shen et al., Nexus: A GPU Cluster Engine for Accelerating DNN-Based Video Analysis, SOSP 2019", newNexus},
		{"orloj", "the batch of highest expected value, times being distributions (Orloj, 2022)",
			"Yu et al., Orloj: Predictably Serving Unpredictable DNNs, arXiv 2209.00159, 2022", newOrloj},
		{"deeprecsys", "large queries in parts side by side, whose size is found by hill climbing on the tail (DeepRecSys, ISCA 2020)",
			"Gupta et al., DeepRecSys: A System for Optimizing End-To-End At-Scale Neural Recommendation Inference, ISCA 2020", newDeepRecSys},
		{"chameleon", "profiles points anew on its own queries, mostly the top few of the last time; the cheapest that is accurate enough serves (Chameleon, SIGCOMM 2018)",
			"Jiang et al., Chameleon: Scalable Adaptation of Video Analytics, SIGCOMM 2018", newChameleon},
		{"videostorm", "hands out worker time and points to classes by a utility of quality and lag, greedily (VideoStorm, NSDI 2017)",
			"Zhang et al., Live Video Analytics at Scale with Approximation and Delay-Tolerance, NSDI 2017", newVideoStorm},
	}
}

// Builtin returns a fresh registry of the policies that ship.
func Builtin() Registry {
	r := Registry{}
	for _, b := range builtins() {
		r[b.name] = b.factory
	}
	return r
}

// About describes a built-in policy in one line; empty for an unknown name.
func About(name string) string { return builtinNamed(name).about }

// Paper cites what a built-in policy was published in; empty for our own and for an
// unknown name.
func Paper(name string) string { return builtinNamed(name).paper }

func builtinNamed(name string) builtin {
	for _, b := range builtins() {
		if b.name == name {
			return b
		}
	}
	return builtin{}
}

// Params describes the parameters that a policy knows, sorted by key, by letting its
// factory read from none; nil for an unknown name.
func (r Registry) Params(name string) []ParamInfo {
	factory, ok := r[name]
	if !ok {
		return nil
	}
	p := NewParams(nil)
	factory(p)
	return p.Infos()
}

// Names returns the names of the policies, sorted.
func (r Registry) Names() []string { return slices.Sorted(maps.Keys(r)) }

// Merge returns a new registry with the policies of both. A name that both have is
// an error: nothing is replaced silently.
func (r Registry) Merge(other Registry) (Registry, error) {
	out := maps.Clone(r)
	if out == nil {
		out = Registry{}
	}
	var twice []string
	for _, name := range other.Names() {
		if _, ok := out[name]; ok {
			twice = append(twice, name)
			continue
		}
		out[name] = other[name]
	}
	if len(twice) > 0 {
		return nil, fmt.Errorf("scheduler: want each policy registered once, got twice: %s", strings.Join(twice, ", "))
	}
	return out, nil
}

// New makes a policy. It reports an unknown name, and everything wrong with the
// parameters.
func (r Registry) New(name string, params *Params) (Policy, error) {
	factory, ok := r[name]
	if !ok {
		names := r.Names()
		return nil, fmt.Errorf("policy: want one of %s%s, got %q", strings.Join(names, ", "), didYouMean(name, names), name)
	}
	policy := factory(params)
	if err := params.Err(); err != nil {
		return nil, err
	}
	return policy, nil
}
