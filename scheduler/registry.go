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
	factory Factory
}

// builtins lists the policies that ship.
func builtins() []builtin {
	return []builtin{
		{"full", "every query at the reference point: no adaptation", newFull},
		{"fixed", "every query at the point named by the parameter point", newFixed},
		{"always-fastest", "every query at the point with the lowest mean time", newFastest},
		{"aclo", "accuracy-constrained, latency-optimised: the cheapest point that meets the accuracy target (slo-nn)", newACLO},
		{"lcao", "latency-constrained, accuracy-optimised: the most accurate point that meets the deadlines (slo-nn)", newLCAO},
		{"model-switching", "the best point for the measured load, from a table (HotCloud 2020)", newModelSwitching},
		{"slackfit", "the most accurate point in the latency bucket just below the head's slack (SuperServe, NSDI 2025)", newSlackFit},
		{"alert", "a Kalman filter on completions predicts each point's chance to meet the deadline (ALERT, ATC 2020)", newALERT},
		{"clairvoyant-greedy", "knows outcomes and times to come: the cheapest right point in time", newClairvoyant},
		{"inverse", "pathological, a check of experiments: the opposite of lcao, accurate under pressure, fast when idle, last come first served", newInverse},
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
func About(name string) string {
	for _, b := range builtins() {
		if b.name == name {
			return b.about
		}
	}
	return ""
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
