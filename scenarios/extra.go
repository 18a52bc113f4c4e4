package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// With returns the scenario with more policies: each on every technique that a contender has, as a
// contender named "technique/policy". policies are names, or file: and exec: from the working folder.
func (s *Scenario) With(known Known, policies []string) (*Scenario, error) {
	if len(policies) == 0 {
		return s, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	more := *s
	more.Contenders = slices.Clone(s.Contenders)
	c := newChecker("--policy", nil, known)
	seen := map[string]int{}
	for i := range s.Contenders {
		seen[s.Contenders[i].Name] = i
	}
	for _, policy := range policies {
		if !c.named(policy, policy) {
			continue
		}
		c.complain(policy, c.checkPolicy(&Contender{Policy: policy, dir: dir}))
		for _, technique := range techniquesOnce(s) {
			one := Contender{Name: technique.Key() + "/" + shortPolicy(policy), Technique: technique, Policy: policy, dir: dir}
			c.distinct(policy, one.Name, len(more.Contenders), seen)
			more.Contenders = append(more.Contenders, one)
		}
	}
	if n := len(more.Contenders); n > maxContenders {
		c.add("", fmt.Sprintf("at most %d contenders in all", maxContenders), fmt.Sprint(n))
	}
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return &more, nil
}

// techniquesOnce lists the techniques of a scenario's contenders, each once.
func techniquesOnce(s *Scenario) (list []Technique) {
	for _, t := range s.techniques() {
		if !slices.ContainsFunc(list, func(one Technique) bool { return one.Key() == t.Key() }) {
			list = append(list, t)
		}
	}
	return list
}

// shortPolicy is a policy's name, or that of a script's file without folder and ending.
func shortPolicy(policy string) string {
	if path, ok := strings.CutPrefix(policy, scriptRoute); ok {
		return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	return policy
}
