package scenarios

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"slosim/reports"
)

// contenders checks the listed contenders, then those of [factorial], which it
// adds to the list.
func (c *checker) contenders(s *Scenario) {
	seen := map[string]int{}
	for i, contender := range s.Contenders {
		path := index("contender", i)
		c.require(path+".technique", "a technique")
		c.technique(path+".technique", contender.Technique)
		c.allowed(path+".technique", s, contender.Technique)
		c.require(path+".policy", "a policy's name")
		s.Contenders[i].dir = filepath.Dir(c.file)
		c.policy(path, &s.Contenders[i])
		if c.fine(path+".technique", path+".policy") {
			c.label(path+".name", contender.Name)
			c.distinct(path+".name", contender.Name, i, seen)
		}
	}
	c.factorial(s, seen)
	if n := len(s.Contenders); (n < 1 || n > maxContenders) && c.fine("factorial") {
		c.add("contender", fmt.Sprintf("1 to %d [[contender]] tables, or [factorial]", maxContenders), strconv.Itoa(n))
	}
}

func (c *checker) factorial(s *Scenario, seen map[string]int) {
	if s.Factorial == nil {
		return
	}
	c.nonempty("factorial.techniques", len(s.Factorial.Techniques))
	c.nonempty("factorial.policies", len(s.Factorial.Policies))
	for i, technique := range s.Factorial.Techniques {
		c.technique(index("factorial.techniques", i), technique)
		c.allowed(index("factorial.techniques", i), s, technique)
	}
	for i, policy := range s.Factorial.Policies {
		path, one := index("factorial.policies", i), Contender{Policy: policy, dir: filepath.Dir(c.file)}
		if c.named(path, policy) {
			c.complain(path, c.checkPolicy(&one))
		}
	}
	listed := len(s.Contenders)
	s.expand(filepath.Dir(c.file))
	for i, contender := range s.Contenders[listed:] {
		if _, double := seen[contender.Name]; double {
			c.add("factorial", "contenders that are not listed elsewhere", show(contender.Name))
		}
		seen[contender.Name] = listed + i
	}
}

// nonempty notes a list that is missing or empty.
func (c *checker) nonempty(path string, n int) {
	if n == 0 {
		c.add(path, "at least one", "none")
		c.bad["factorial"] = true
	}
}

func (c *checker) technique(path string, t Technique) {
	if !c.fine(path, path+".name") || !c.oneOf(path, "techniques", t.Name, names(c.known.Techniques)) {
		return
	}
	if c.known.CheckTechnique != nil {
		c.complain(path, c.known.CheckTechnique(t.Name, t.Options))
	}
	c.bad[path] = c.bad[path] || c.badBelow(path)
}

// allowed notes a technique that the scenario's network is not made for.
func (c *checker) allowed(path string, s *Scenario, t Technique) {
	if c.known.NetworkTechniques == nil || len(s.Models) != 1 || !c.fine(path) {
		return
	}
	list := c.known.NetworkTechniques(s.Models[0].Network)
	if name := t.plain().Name; list != nil && !slices.Contains(list, name) {
		c.add(path, fmt.Sprintf("one that network %s has: %s", s.Models[0].Network, strings.Join(list, ", ")), show(name))
	}
}

// badBelow reports whether anything below a path has a problem.
func (c *checker) badBelow(path string) bool {
	for bad := range c.bad {
		if len(bad) > len(path) && bad[:len(path)+1] == path+"." {
			return true
		}
	}
	return false
}

func (c *checker) policy(path string, contender *Contender) {
	if !c.fine(path+".params") || !c.named(path+".policy", contender.Policy) {
		return
	}
	for _, complaint := range c.checkPolicy(contender) {
		below := path + ".params"
		if complaint.Key == "" { // of the policy itself
			below = path + ".policy"
		}
		c.complain(below, []Complaint{complaint})
	}
}

// named says whether a policy is known by name, or comes by a route that there is.
func (c *checker) named(path, policy string) bool {
	if isRoute(policy) && c.known.CheckRoute != nil {
		return true
	}
	return c.oneOf(path, "policies", policy, names(c.known.Policies))
}

func (c *checker) checkPolicy(contender *Contender) []Complaint {
	switch {
	case isRoute(contender.Policy):
		return c.known.CheckRoute(contender)
	case c.known.CheckPolicy == nil:
		return nil
	}
	return c.known.CheckPolicy(contender.Policy, contender.Params)
}

// asserts checks the assertions against the contenders and classes that there are.
func (c *checker) asserts(s *Scenario) {
	contenders, classes := []string{}, []string{"all"}
	for _, contender := range s.Contenders {
		contenders = append(contenders, contender.Name)
	}
	for _, class := range s.Classes {
		classes = append(classes, class.Name)
	}
	for i := range s.Asserts {
		a, path := &s.Asserts[i], index("assert", i)
		c.require(path+".contender", "a contender's name")
		c.oneOf(path+".contender", "contenders", a.Contender, contenders)
		c.oneOf(path+".class", "classes", a.Class, classes)
		c.oneOf(path+".window", "windows", a.Window, []string{"all", "quiet", "interference"})
		c.require(path+".metric", "a metric's name")
		c.oneOf(path+".metric", "metrics", a.Metric, names(c.known.Metrics))
		if a.NotWorseThan != "" {
			c.notWorse(a, path, contenders)
		}
		if a.Within != "" {
			c.tolerance(a, path)
		}
		c.bounds(a, path)
		if a.EarlyStopping {
			c.earlyStopping(a, path)
		}
		if reports.IsShare(a.Metric) {
			c.possible(a, path)
		}
	}
}

// notWorse notes a comparison with nobody, with the contender itself, or by what is neither better nor worse.
func (c *checker) notWorse(a *Assert, path string, contenders []string) {
	if !c.oneOf(path+".not_worse_than", "contenders", a.NotWorseThan, contenders) {
		return
	}
	if a.NotWorseThan == a.Contender {
		c.add(path+".not_worse_than", "another contender than the assertion's own", show(a.NotWorseThan))
	}
	if c.fine(path+".metric") && !reports.Directed(a.Metric) {
		c.add(path+".not_worse_than", "a metric of which more or less is better", show(a.Metric))
	}
}

// tolerance notes a distance to the baseline that is none, or none of the metric.
func (c *checker) tolerance(a *Assert, path string) {
	_, relative, ok := parseWithin(a.Within)
	switch {
	case !ok:
		c.add(path+".within", `"1pt" of a share, or "5%" of the value`, show(a.Within))
	case !relative && c.fine(path+".metric") && !reports.IsShare(a.Metric):
		c.add(path+".within", `"5%" of the value: `+a.Metric+" is no share, to have points", show(a.Within))
	}
}

// possible notes bounds of a share that no run can keep, or break.
func (c *checker) possible(a *Assert, path string) {
	if a.Min != nil && !(*a.Min <= 1) {
		c.add(path+".min", "at most 1, of a share", show(*a.Min))
	}
	if a.Max != nil && !(*a.Max >= 0) {
		c.add(path+".max", "at least 0, of a share", show(*a.Max))
	}
}

// earlyStopping notes an early-stopping bound of anything but a share of met deadlines.
func (c *checker) earlyStopping(a *Assert, path string) {
	alone := a.Max == nil && a.NotWorseThan == "" && a.Within == ""
	if a.Metric != "attainment" || a.Min == nil || !alone {
		c.add(path+".early_stopping", `metric = "attainment" with min and no other condition`, "true")
		return
	}
	if !(*a.Min > 0 && *a.Min < 1) {
		c.add(path+".min", "above 0 and below 1, for early_stopping", show(*a.Min))
	}
}

func (c *checker) bounds(a *Assert, path string) {
	switch {
	case !c.fine(path+".min", path+".max", path+".not_worse_than", path+".within"): // which says enough
	case a.Min == nil && a.Max == nil && a.NotWorseThan == "" && a.Within == "":
		c.add(path, "min, max, not_worse_than or within", "none of them")
	case a.Min != nil && a.Max != nil && *a.Min > *a.Max:
		c.add(path+".max", "at least min = "+show(*a.Min), show(*a.Max))
	}
}
