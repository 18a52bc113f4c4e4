package scenarios

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"slosim/engine"
	"slosim/engine/antagonist"
	"slosim/engine/measure"
	"slosim/engine/profile"
	"slosim/reports"
	"slosim/reports/result"
	"slosim/scheduler"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// Validate runs a scenario on the wall clock, with real kernels in virtual time, and from its
// profile, with the same queries, and compares the three: see [validation].
func (a *App) Validate(ctx context.Context, o ValidateOptions) error {
	if err := antagonist.Supported(); err != nil {
		return Usagef("validate: %w", err)
	}
	run := RunOptions{Console: o.Console, Scenario: o.Scenario}
	if _, err := a.readyFor(ctx, run); err != nil {
		return err
	}
	s, err := a.subjectOf(o.Scenario)
	if err != nil {
		return err
	}
	if problems := a.unliveable(o.Scenario, s.techniques); len(problems) > 0 {
		return problems
	}
	if o.Dir != "" {
		if _, err := ClaimDir(o.Dir, "", ""); err != nil {
			return Usagef("-o: want a folder that can be made or is there, got %s: %w", o.Dir, err)
		}
		if err := writable("-o", filepath.Join(o.Dir, "validation.json")); err != nil {
			return Usagef("%w", err)
		}
	}
	p, err := a.profileOf(ctx, s, o.Profile, o.progress())
	if err != nil {
		return err
	}
	c, err := a.newContest(o.Scenario, p)
	if err != nil {
		return err
	}
	v, err := a.newValidation(c, s)
	if err != nil {
		return err
	}
	err = v.run(ctx, o)
	if closing := v.stage.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return v.tell(o)
}

// unliveable lists what a scenario asks for that cannot be had on the wall clock here.
func (a *App) unliveable(s *Scenario, techniques []engine.Technique) (problems Problems) {
	add := func(path, want, got string) { problems = append(problems, s.problem(path, want, got)) }
	if n := s.Machines[0].Workers; n != 1 {
		add("machine[0].workers", "1: live mode has one worker", fmt.Sprint(n))
	}
	if kind := s.Arrivals.Kind; kind != "" && !workloads.HasRate(kind) {
		add("arrivals.kind", "arrivals that do not wait for answers: live mode releases a schedule", fmt.Sprintf("%q", kind))
	}
	for i := range s.Interference {
		block, path := &s.Interference[i], index("interference", i)
		if block.scales() {
			add(path, "an antagonist: a slow-down that is recorded or made up cannot be made for real", fmt.Sprintf("%q", block.source()))
		} else if _, err := antagonist.Place(block.Antagonist, antagonist.Cores()[0], antagonist.Cores()); err != nil {
			add(path+".antagonist", "one that this machine has a core for", fmt.Sprintf("%q: %v", block.Antagonist, err))
		}
	}
	if s.ProfileError != 0 {
		add("profile_error", "0: real kernels take what they take", fmt.Sprint(s.ProfileError))
	}
	for i := range s.Contenders {
		policy, err := makers{a.Policies}.of(context.Background(), &s.Contenders[i])
		if _, knows := policy.(scheduler.TruthUser); err == nil && knows {
			add(index("contender", i)+".policy", "one that does not know the truth, which nobody does in life", fmt.Sprintf("%q", s.Contenders[i].Policy))
		}
	}
	return append(problems, tooMuch(s, techniques)...)
}

// tooMuch lists techniques whose weights would have to be loaded in the middle of a run.
func tooMuch(s *Scenario, techniques []engine.Technique) (problems Problems) {
	memory := int64(s.Machines[0].Memory)
	for _, t := range techniques {
		sum := int64(0)
		for _, g := range t.Groups() {
			sum += g.Bytes
		}
		if memory > 0 && sum > memory {
			problems = append(problems, s.problem("machine[0].memory",
				fmt.Sprintf("%d bytes or more, so that all weights of %s stay resident: live mode loads none", sum, t.Name()), fmt.Sprint(memory)))
		}
	}
	return problems
}

// The modes of a validation.
const (
	live = iota
	kernels
	profiled
	modes
)

// validation compares three ways to run a scenario.
//
//  1. Contenders run in random order, each several times on the wall clock. Between two such
//     runs it rehearses: it serves other queries of the same traffic. What the runtime takes for
//     a start there, and what kernels take longer than in the profile, is a parameter of the
//     simulations of the runs before and after.
//  2. The same queries run with real kernels in virtual time, then from the profile.
//  3. Before and after each live run a look at the machine times the dense reference and counts
//     the time for which the worker's core was away. A run next to which the machine was another
//     one than the profile's, or in which an antagonist did not get its share, is void and
//     repeated; one that stays void is left out and the verdict is void. What a run's queries
//     got is never looked at for that.
type validation struct {
	*contest
	*realKernels
	limits Validate
	random *rand.Rand

	starts  []profile.Dist // [entrant], overheads in rehearsals, in order
	tallies [modes][][]*reports.Tally
	void    []string
	looks   []measure.Reading
	late    []uint32
	service []float64 // ratios of live to profiled service times, one a live run
	wall    time.Duration
}

func (a *App) newValidation(c *contest, s subject) (*validation, error) {
	kernels, err := a.newRealKernels(c, s)
	if err != nil {
		return nil, err
	}
	v := &validation{
		contest: c, realKernels: kernels, limits: defaultValidate(),
		random: rand.New(rand.NewPCG(uint64(c.scenario.Seed), 7)), starts: make([]profile.Dist, len(c.entrants)),
	}
	if c.scenario.Validate != nil {
		v.limits = *c.scenario.Validate
	}
	for mode := range modes {
		v.tallies[mode] = make([][]*reports.Tally, len(c.entrants))
	}
	return v, nil
}

// run runs all modes of all contenders.
func (v *validation) run(ctx context.Context, o ValidateOptions) error {
	began := time.Now()
	defer func() { v.wall = time.Since(began) }()
	n := v.limits.Repetitions
	o.progress().Start("live and simulated", len(v.entrants)*n)
	defer o.progress().Done()
	for _, i := range v.random.Perm(len(v.entrants)) {
		cost, err := v.rehearse(ctx, i, 0)
		if err != nil {
			return err
		}
		for repetition := range n {
			if cost, err = v.compare(ctx, i, repetition, cost); err != nil {
				return err
			}
			o.progress().Add(1)
		}
	}
	return nil
}

// voidAttempts is how often a live run is tried on a machine that is not itself.
const voidAttempts = 3

// compare runs a repetition of a contender in all modes, unless the machine is not itself. It is
// given what the rehearsal before it took and returns what the one after it did.
func (v *validation) compare(ctx context.Context, entrant, repetition int, before runtimeCost) (after runtimeCost, err error) {
	key := rng.Key{Seed: uint64(v.scenario.Seed), Replication: uint32(repetition)}
	var why []string
	for attempt := range voidAttempts {
		tally, reasons, err := v.live(ctx, entrant, repetition, key)
		if err != nil {
			return after, v.blame(entrant, err)
		}
		if after, err = v.rehearse(ctx, entrant, 1+repetition*voidAttempts+attempt); err != nil {
			return after, err
		}
		if why = reasons; len(why) == 0 {
			v.tallies[live][entrant] = append(v.tallies[live][entrant], tally)
			cost := before.with(after)
			v.starts[entrant] = append(v.starts[entrant], after.overhead...)
			return after, errors.Join(v.simulate(ctx, kernels, entrant, repetition, key, cost), v.simulate(ctx, profiled, entrant, repetition, key, cost))
		}
		before = after
	}
	v.void = append(v.void, fmt.Sprintf("%s, repetition %d: %s", v.entrants[entrant].Name, repetition+1, strings.Join(why, "; ")))
	return after, nil
}

// blame says whose an error is.
func (v *validation) blame(entrant int, err error) error {
	if failure(err) {
		return ContenderError{v.entrants[entrant].Name, err}
	}
	return err
}

// odd says what makes a live run void: the machine was another one than the profile's.
func (v *validation) odd(looks ...measure.Reading) (why []string) {
	was := v.profile.Campaign.Reference.Quantile(0.5)
	for _, look := range looks {
		if off := float64(look.Reference)/float64(was) - 1; math.Abs(off) > v.limits.Drift {
			why = append(why, fmt.Sprintf("the dense reference takes %v, the profile says %v", look.Reference, was))
		}
		if look.Away > mostAway {
			why = append(why, fmt.Sprintf("something else had the worker's core for %.1f %% of the time", 100*look.Away))
		}
	}
	return why
}

// mostAway is the share of the time for which the worker's core may be away on a machine that
// nothing disturbs: interrupts take some tenths of a per cent.
const mostAway = 0.02

// tell prints what was found and writes the folder.
func (v *validation) tell(o ValidateOptions) error {
	found, err := v.found()
	if err != nil {
		return err
	}
	if o.Dir != "" {
		if err := reports.WriteValidation(o.Dir, found); err != nil {
			return err
		}
	}
	if o.JSON {
		err = result.EncodeJSON(o.Out, found)
	} else {
		err = reports.PrintValidation(o.Out, found)
	}
	if err != nil || found.Verdict == result.Passed {
		return err
	}
	return AssertionError{Failed: []string{"validation: " + found.Verdict}}
}

// found makes the result of the tallies.
func (v *validation) found() (*result.Validation, error) {
	out := &result.Validation{
		Schema: result.Schema, Scenario: v.scenario.Name, Title: v.scenario.Title, CPU: v.profile.Machine.CPU, Kernel: v.profile.Machine.Variant,
		Repetitions: v.limits.Repetitions, Seconds: v.wall.Seconds(), Void: v.void, Notes: v.notes(),
		ReferenceUS: v.profile.Campaign.Reference.Quantile(0.5).Seconds() * 1e6,
	}
	for _, look := range v.looks {
		out.LooksUS = append(out.LooksUS, look.Reference.Seconds()*1e6)
	}
	for i, e := range v.entrants {
		out.Overheads = append(out.Overheads, reports.OverheadOf(e.Name, v.starts[i], rehearsalChunk))
	}
	slices.Sort(v.late)
	lateness := profile.Dist(v.late)
	if len(lateness) > 0 {
		out.Lateness = result.Lateness{P50US: lateness.Quantile(0.5).Seconds() * 1e6, P95US: lateness.Quantile(0.95).Seconds() * 1e6,
			P99US: lateness.Quantile(0.99).Seconds() * 1e6, N: len(lateness)}
	}
	out.ServiceRatio = slices.Clone(v.service)
	var runs [modes][]reports.Contender
	for i, e := range v.entrants {
		if len(v.tallies[live][i]) == 0 {
			continue
		}
		for mode := range modes {
			runs[mode] = append(runs[mode], reports.Contender{Name: e.Name, Technique: e.Technique.Key(), Policy: e.Policy, Tallies: v.tallies[mode][i]})
		}
	}
	return out, reports.Validate(out, v.tolerances(), runs[live], runs[kernels], runs[profiled])
}

func (v *validation) tolerances() reports.Tolerances {
	t := v.limits
	return reports.Tolerances{
		Attainment: t.Attainment, MeanAttainment: t.MeanAttainment, KernelAttainment: t.KernelAttainment,
		EffectiveAccuracy: t.EffectiveAccuracy, P50: t.P50, P99: t.P99, Halfwidth: t.HalfWidth,
	}
}
