package scenarios

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"slosim/workloads"
)

// The limits of a scenario: far above use, low enough that a slip of the pen does
// not fill a machine.
const (
	maxReplications = 10_000
	maxWorkers      = 1_024
	maxClasses      = 1_000
	maxContenders   = 1_000
	maxStretches    = 100_000
)

// check notes everything that is wrong with the values of a decoded scenario.
func (c *checker) check(s *Scenario) {
	c.require("schema", strconv.Itoa(Schema))
	if s.Schema != Schema {
		c.add("schema", strconv.Itoa(Schema), strconv.Itoa(s.Schema))
	}
	c.run(s)
	c.models(s.Models)
	c.checkArrivals(&s.Arrivals, s.Warmup, s.Duration)
	c.bursts(s)
	c.within("profile_error", s.ProfileError, -0.9, 100)
	c.classes(s)
	c.machines(s.Machines)
	c.interference(s)
	c.sensor(s)
	c.contenders(s)
	c.asserts(s)
	if s.Validate != nil {
		c.validation(s.Validate)
	}
	if s.Sweep != nil {
		c.sweep(s)
	}
}

func (c *checker) validation(v *Validate) {
	c.count("validate.repetitions", v.Repetitions, 2, 1000)
	c.above0("validate.half_width", v.HalfWidth, 1)
	c.above0("validate.attainment", v.Attainment, 1)
	c.above0("validate.mean_attainment", v.MeanAttainment, 1)
	c.above0("validate.kernel_attainment", v.KernelAttainment, 1)
	c.above0("validate.effective_accuracy", v.EffectiveAccuracy, 1)
	c.above0("validate.p50", v.P50, 100)
	c.above0("validate.p99", v.P99, 100)
	c.above0("validate.drift", v.Drift, 10)
}

func (c *checker) run(s *Scenario) {
	if s.Seed < 0 {
		c.add("seed", "0 or more", show(s.Seed))
	}
	c.count("replications", s.Replications, 1, maxReplications)
	c.require("duration", `a duration above 0, such as "60s"`)
	c.longer0("duration", s.Duration)
	if s.Warmup >= s.Duration && c.fine("duration") {
		c.add("warmup", "less than the duration "+s.Duration.String(), s.Warmup.String())
	}
}

func (c *checker) models(models []Model) {
	if len(models) != 1 {
		c.add("model", "exactly one [[model]]: serving several networks side by side is not supported yet",
			strconv.Itoa(len(models)))
	}
	for i, model := range models {
		path := index("model", i)
		c.require(path+".network", "a network's name")
		if c.known.CheckNetwork == nil || !openEnded(model.Network) {
			c.oneOf(path+".network", "networks", model.Network, names(c.known.Networks))
		} else {
			c.complain(path, c.known.CheckNetwork(model.Network))
		}
		if c.fine(path + ".network") {
			c.label(path+".name", model.Name)
		}
	}
}

func (c *checker) machines(machines []Machine) {
	if len(machines) != 1 {
		c.add("machine", "exactly one [[machine]]: placing queries on several is not supported yet",
			strconv.Itoa(len(machines)))
	}
	for i, machine := range machines {
		path := index("machine", i)
		c.count(path+".workers", machine.Workers, 1, maxWorkers)
		if machine.Queues != "" && c.oneOf(path+".queues", "queues", machine.Queues, []string{"one", perWorker}) && machine.Steal && machine.Queues != perWorker {
			c.add(path+".steal", `queues = "per-worker", without which there is nothing to steal`, "true")
		}
		if machine.Queues == "" && machine.Steal {
			c.add(path+".steal", `queues = "per-worker", without which there is nothing to steal`, "true")
		}
	}
}

func (c *checker) sensor(s *Scenario) {
	c.longer0("sensor.period", s.Sensor.Period)
	c.within("sensor.noise", s.Sensor.Noise, 0, 10)
	if s.Feedback != nil {
		c.above0("feedback.share", s.Feedback.Share, 1)
	}
}

func (c *checker) classes(s *Scenario) {
	if n := len(s.Classes); n < 1 || n > maxClasses {
		c.add("class", fmt.Sprintf("1 to %d [[class]] tables", maxClasses), strconv.Itoa(n))
	}
	sum, summable, seen := 0.0, c.fine("class"), map[string]int{}
	for i := range s.Classes {
		class, path := &s.Classes[i], index("class", i)
		c.class(class, path, s.Duration, len(s.Classes) == 1)
		c.distinct(path+".name", class.Name, i, seen)
		if class.Name == "all" {
			c.add(path+".name", `another name: "all" means every class in results`, `"all"`)
		}
		sum += class.Share
		summable = summable && c.fine(path, path+".share")
	}
	if summable && math.Abs(sum-1) > 1e-9 {
		c.add("class", "shares that add up to 1", strconv.FormatFloat(sum, 'g', 6, 64))
	}
}

func (c *checker) class(class *Class, path string, duration Duration, only bool) {
	c.require(path+".name", "a name")
	c.label(path+".name", class.Name)
	if !only {
		c.require(path+".share", "a share of the arrivals, above 0, at most 1")
	}
	c.above0(path+".share", class.Share, 1)
	c.require(path+".latency", `a latency target, such as "15ms"`)
	c.longer0(path+".latency", class.Latency)
	c.within(path+".accuracy", class.Accuracy, 0, 1)
	if !(class.Objective > 0 && class.Objective < 1) {
		c.add(path+".objective", "above 0 and below 1: at 1 there is no error budget", show(class.Objective))
	}
	c.count(path+".size", class.Size, 0, workloads.MaxSize) // 0: left out
	c.within(path+".size_spread", class.SizeSpread, 0, 5)
	before := Duration(0)
	for j, change := range class.Changes {
		path := index(path+".change", j)
		c.change(change, path, before, duration)
		before = max(before, change.At)
	}
}

func (c *checker) change(change Change, path string, before, duration Duration) {
	c.require(path+".at", "an instant")
	if change.At <= before {
		c.add(path+".at", "later than "+before.String()+": changes are in order of time", change.At.String())
	}
	if change.At >= duration && c.fine("duration") {
		c.add(path+".at", "earlier than the duration "+duration.String(), change.At.String())
	}
	if !c.given[path+".latency"] && !c.given[path+".accuracy"] {
		c.add(path, "latency, accuracy or both", "nothing that changes")
	}
	if c.given[path+".latency"] {
		c.longer0(path+".latency", change.Latency)
	}
	if c.given[path+".accuracy"] {
		c.within(path+".accuracy", change.Accuracy, 0, 1)
	}
}

// distinct notes a name that an earlier element has too.
func (c *checker) distinct(path, name string, i int, seen map[string]int) {
	if first, ok := seen[name]; ok && c.fine(path) {
		list, _, _ := strings.Cut(path, "[")
		c.add(path, "a name of its own", fmt.Sprintf("%s, which %s has too", show(name), index(list, first)))
		return
	}
	seen[name] = i
}

func (c *checker) interference(s *Scenario) {
	for i := range s.Interference {
		path := index("interference", i)
		switch {
		case c.given[path+".file"]:
			c.recording(&s.Interference[i], path)
		case c.given[path+".factor"]:
			c.factor(&s.Interference[i], path)
		default:
			c.antagonist(&s.Interference[i], path)
		}
		c.placed(s, &s.Interference[i], path)
	}
	for i := range s.Interference {
		for j := range i {
			c.apart(&s.Interference[j], &s.Interference[i], j, i)
		}
	}
}

func (c *checker) antagonist(a *Interference, path string) {
	c.require(path+".antagonist", "an antagonist's name, file or factor")
	if c.given[path+".speed"] {
		c.add(path+".speed", "nothing: it goes with file", show(a.Speed))
	}
	c.oneOf(path+".antagonist", "antagonists", a.Antagonist, names(c.known.Antagonists))
	c.above0(path+".intensity", a.Intensity, 1)
	c.period(a, path)
}

// factor checks a slow-down that is made up.
func (c *checker) factor(a *Interference, path string) {
	for _, key := range []string{"antagonist", "intensity", "unseen", "speed"} {
		if c.given[path+"."+key] {
			c.add(path+"."+key, "nothing: factor says how much slower", "one")
		}
	}
	c.above0(path+".factor", a.Factor, 1000)
	c.period(a, path)
}

// bursts checks traffic on top.
func (c *checker) bursts(s *Scenario) {
	for i, b := range s.Bursts {
		path := index("burst", i)
		if s.Arrivals.Kind != "" && !workloads.HasRate(s.Arrivals.Kind) {
			c.add(path, "nothing: kind = "+strconv.Quote(s.Arrivals.Kind)+" does not have bursts", "one")
		}
		c.require(path+".to", "the instant at which it ends")
		if c.fine("duration", path+".from", path+".to") && (b.From >= b.To || b.To > s.Duration) {
			c.add(path+".to", "later than from = "+b.From.String()+", at most the duration "+s.Duration.String(), b.To.String())
		}
		switch load, rate := c.given[path+".load"], c.given[path+".rate"]; {
		case load == rate:
			c.add(path, "load or rate, one of them", map[bool]string{true: "both", false: "neither"}[load])
		case load:
			c.above0(path+".load", b.Load, 1e6)
		default:
			c.above0(path+".rate", b.Rate, 1e9)
		}
	}
}

// placed checks when and where a block disturbs.
func (c *checker) placed(s *Scenario, a *Interference, path string) {
	if a.To > s.Duration && c.fine("duration") {
		c.add(path+".to", "at most the duration "+s.Duration.String(), a.To.String())
	}
	if a.From >= a.To && c.fine("duration", path+".to") {
		c.add(path+".from", "earlier than to = "+a.To.String(), a.From.String())
	}
	if c.fine("machine") {
		c.count(path+".machine", a.Machine, 0, len(s.Machines)-1)
	}
	if machine := index("machine", a.Machine); c.fine("machine", path+".machine", machine, machine+".workers") {
		c.count(path+".worker", a.Worker, 0, s.Machines[a.Machine].Workers-1)
	}
}

// period checks every and for: both or neither, and the pause between.
func (c *checker) period(a *Interference, path string) {
	every, active := path+".every", path+".for"
	if !c.given[every] && !c.given[active] {
		return
	}
	c.require(every, "the period that goes with for")
	c.require(active, "the active part of every")
	c.longer0(every, a.Every)
	c.longer0(active, a.For)
	if !c.fine(every, active, path+".from", path+".to") {
		return
	}
	if a.For >= a.Every {
		c.add(active, "less than every = "+a.Every.String(), a.For.String())
	}
	if n := int64((a.To - a.From) / a.Every); n > maxStretches {
		c.add(every, fmt.Sprintf("at most %d repetitions", maxStretches), strconv.FormatInt(n, 10))
	}
}

// apart notes two blocks that let the same antagonist loose on a worker twice at once,
// or a recording play beside anything else: what they do together is not known.
func (c *checker) apart(a, b *Interference, i, j int) {
	path := index("interference", j)
	recorded := a.scales() || b.scales()
	if !recorded && a.Profile() == b.Profile() && a.Unseen != b.Unseen {
		c.add(path+".unseen", fmt.Sprintf("%t, as interference[%d] has it, which is the same antagonist at the same intensity", a.Unseen, i), show(b.Unseen))
	}
	if a.Antagonist != b.Antagonist && !recorded || a.Machine != b.Machine || a.Worker != b.Worker {
		return
	}
	for _, key := range []string{".from", ".to", ".every", ".for"} {
		if !c.fine("duration", path+key, index("interference", i)+key) {
			return
		}
	}
	if at, both := overlap(a.Stretches(), b.Stretches()); both {
		what := "has the same antagonist on the same worker"
		if recorded {
			what = "is on the same worker: nobody knows what a recorded slow-down, or a factor, and something else do together"
		}
		c.add(path+".from", fmt.Sprintf("stretches apart from those of interference[%d], which %s", i, what),
			"both at "+at.String())
	}
}
