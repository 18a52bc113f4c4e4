package scheduler

import (
	"maps"
	"slices"
	"strings"
)

// Rest returns a copy of the parameters that nobody has read, and counts them as read. It is for
// policies whose parameters are known outside Go alone: those of a script or a program.
func (p *Params) Rest() map[string]any {
	rest := map[string]any{}
	maps.Copy(rest, p.values)
	for _, info := range p.Infos() {
		delete(rest, info.Key)
	}
	for key := range rest {
		p.read(ParamInfo{Key: key})
	}
	return rest
}

// Wrong complains of a parameter of a Rest that is given.
func (p *Params) Wrong(key, want string) { p.complain(key, want, p.values[key]) }

// Only complains of every parameter of a Rest that is not among the names.
func (p *Params) Only(rest map[string]any, names []string) {
	known := slices.Sorted(slices.Values(names))
	for key, raw := range rest {
		if !slices.Contains(known, key) {
			p.complain(key, "one of "+strings.Join(known, ", ")+didYouMean(key, known), raw)
		}
	}
}
