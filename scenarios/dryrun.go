package scenarios

import (
	"fmt"
	"math"
	"time"

	"slosim/engine/profile"
	"slosim/reports/result"
	"slosim/workloads"
)

// Plan is what run --dry-run says would run. What is not known before something is measured, or
// depends on how fast contenders answer, is null.
type Plan struct {
	Schema       int            `json:"schema"`
	Scenario     string         `json:"scenario"`
	ScenarioText string         `json:"scenario_text"` // resolved
	ScenarioHash string         `json:"scenario_hash"`
	Profile      string         `json:"profile"` // where times come from, or why there are none
	ReferenceUS  *float64       `json:"reference_us"`
	Workers      int            `json:"workers"`
	Contenders   []PlannedEntry `json:"contenders"`
	Replications int            `json:"replications"`
	Runs         int            `json:"runs"` // contenders x replications
	DurationS    float64        `json:"duration_s"`
	Arrivals     string         `json:"arrivals"`           // what the process keeps and loses of reality
	QPS          *float64       `json:"queries_per_second"` // expected mean over a run
	Load         *float64       `json:"load"`               // offered load of the dense network on the workers
	Classes      []PlannedClass `json:"classes"`
	Queries      *float64       `json:"queries"` // expected, of all runs
	Seconds      *float64       `json:"seconds"` // to simulate them, about
	Warnings     []string       `json:"warnings"`

	jobs    int
	noRates string // why there is no rate
}

// PlannedEntry is a contender.
type PlannedEntry struct {
	Name      string `json:"name"`
	Technique string `json:"technique"`
	Policy    string `json:"policy"`
}

// PlannedClass is the traffic of a class.
type PlannedClass struct {
	Name  string   `json:"name"`
	Share float64  `json:"share"` // of the queries
	Size  float64  `json:"size"`  // mean number of samples of a query
	QPS   *float64 `json:"queries_per_second"`
	Load  *float64 `json:"load"`
}

// simulatedPerSecond is a cautious guess of how many queries a core simulates a second.
const simulatedPerSecond = 1e6

// dryRun says what would run: the resolved scenario, its traffic and its size.
func (a *App) dryRun(o RunOptions, s subject) error {
	p, source, err := a.expectedProfile(s, o.Profile)
	if err != nil {
		return err
	}
	return a.tellPlan(o, p, source)
}

// tellPlan prints the plan, as far as it is known without a profile.
func (a *App) tellPlan(o RunOptions, p *measured, source string) error {
	plan, err := a.planOf(o, p, source)
	if err != nil {
		return err
	}
	if o.JSON {
		return result.EncodeJSON(o.Out, plan)
	}
	return plan.print(o)
}

func (a *App) planOf(o RunOptions, p *measured, source string) (*Plan, error) {
	s := o.Scenario
	plan := &Plan{
		Schema: result.Schema, Scenario: s.Name, ScenarioText: s.Text(), ScenarioHash: s.Hash(), Profile: source,
		Workers: s.Machines[0].Workers, Replications: s.Replications, Runs: len(s.Contenders) * s.Replications,
		DurationS: s.Duration.Std().Seconds(), jobs: max(1, o.Jobs),
	}
	for _, c := range s.Contenders {
		plan.Contenders = append(plan.Contenders, PlannedEntry{c.Name, c.Technique.Key(), c.Policy})
	}
	c := &contest{scenario: s}
	if p != nil {
		// As the run would do it, so that what it would refuse is refused now.
		var err error
		if c, err = a.newContest(s, *p); err != nil {
			return nil, err
		}
	} else if err := c.expect(); err != nil {
		return nil, err
	}
	plan.traffic(c, p)
	return plan, nil
}

// expect makes what a contest knows without a profile: classes, and arrivals unless a load says how
// many there are.
func (c *contest) expect() error {
	for i := range c.scenario.Classes {
		c.classes = append(c.classes, c.scenario.Classes[i].Workload())
	}
	if c.scenario.Arrivals.Load > 0 && c.scenario.Arrivals.Transform != "none" {
		return nil
	}
	return c.arrive()
}

// traffic fills in rates, loads and sizes.
func (p *Plan) traffic(c *contest, m *measured) {
	for i := range c.classes {
		class := &c.classes[i]
		p.Classes = append(p.Classes, PlannedClass{Name: class.Name, Share: class.Share, Size: sizeOf(class)})
	}
	if m != nil {
		us := m.Campaign.Reference.Mean().Seconds() * 1e6
		p.ReferenceUS = &us
	}
	if c.process == nil {
		p.noRates = p.Profile + ": rates and times are known once it is measured"
		return
	}
	p.Arrivals = c.process.Caveat()
	kind := c.scenario.Arrivals.Kind
	if rate := c.process.Rate(); rate > 0 {
		p.queries(rate * p.DurationS)
		if kind == "" || workloads.HasRate(kind) {
			p.offered(rate)
			return
		}
	}
	p.noRates = fmt.Sprintf("kind = %q has no rate: how many queries a second there are depends on the contender", kind)
	if p.Queries != nil {
		p.noRates = fmt.Sprintf("kind = %q has no rate: all queries of a run are there at once", kind)
	}
}

// offered fills in what goes with a rate of queries a second.
func (p *Plan) offered(rate float64) {
	p.QPS = &rate
	total := 0.0
	for i := range p.Classes {
		class := &p.Classes[i]
		qps := rate * class.Share
		class.QPS = &qps
		if p.ReferenceUS != nil {
			load := qps * class.Size * *p.ReferenceUS / 1e6 / float64(p.Workers)
			class.Load = &load
			total += load
		}
	}
	if p.ReferenceUS == nil {
		return
	}
	p.Load = &total
	if total >= 1 {
		p.Warnings = append(p.Warnings, fmt.Sprintf("offered load %.2f of the dense network is not below 1: its queue grows without bound", total))
	}
}

// queries fills in the size of it all, from the queries of a run.
func (p *Plan) queries(each float64) {
	all := each * float64(p.Runs)
	seconds := math.Ceil(all / simulatedPerSecond / float64(p.jobs))
	p.Queries, p.Seconds = &all, &seconds
}

// print prints the plan behind the scenario, as comments of TOML: what is printed is a scenario.
func (p *Plan) print(o RunOptions) error {
	text := fmt.Sprintf("%s\n# contenders x replications: %d x %d = %d runs of %v, on %d worker(s)\n",
		p.ScenarioText, len(p.Contenders), p.Replications, p.Runs, o.Scenario.Duration.Std(), p.Workers)
	for _, c := range p.Contenders {
		text += fmt.Sprintf("#   %s: %s under %s\n", c.Name, c.Technique, c.Policy)
	}
	if p.ReferenceUS != nil {
		text += fmt.Sprintf("# %s: the dense network takes %v\n", p.Profile, time.Duration(*p.ReferenceUS*1e3).Round(100*time.Nanosecond))
	} else if p.noRates == "" {
		text += fmt.Sprintf("# %s: loads are known once it is measured\n", p.Profile)
	}
	if p.noRates != "" {
		text += "# " + p.noRates + "\n"
	}
	for _, class := range p.Classes {
		text += class.line()
	}
	if p.Queries != nil {
		text += fmt.Sprintf("# %.2g queries in all: about %.0f s at a million a second on each of %d core(s)\n", *p.Queries, *p.Seconds, p.jobs)
	}
	for _, warning := range p.Warnings {
		text += "# warning: " + warning + "\n"
	}
	_, err := fmt.Fprint(o.Out, text)
	return err
}

// line is a class in words; empty without a rate.
func (c *PlannedClass) line() string {
	if c.QPS == nil {
		return ""
	}
	text := fmt.Sprintf("# class %s: %.4g queries a second", c.Name, *c.QPS)
	if c.Size != 1 {
		text += fmt.Sprintf(" of %.3g samples", c.Size)
	}
	if c.Load != nil {
		text += fmt.Sprintf(", %.2f of the workers at the dense network", *c.Load)
	}
	return text + "\n"
}

// expectedProfile returns the profile given or cached, nil if there is none yet, and says which.
func (a *App) expectedProfile(s subject, file string) (*measured, string, error) {
	if file != "" {
		p, err := a.givenProfile(s, file)
		return &p, "profile " + file, err
	}
	p, err := profile.Load(a.cachePath(s))
	if err == nil {
		err = check(p, s)
	}
	if err != nil { // a run would measure
		return nil, "no profile yet", nil
	}
	return &measured{Profile: p, hash: p.Hash(), origin: "cache"}, "the cached profile", nil
}
