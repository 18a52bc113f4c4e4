package kernel

import "fmt"

// Best returns the fastest variant that this CPU can run.
func Best() *Set {
	all := All()
	return all[len(all)-1]
}

// All returns every variant that this CPU can run, slowest first. Pure is always there.
func All() []*Set { return append([]*Set{Pure()}, native()...) }

// ByName returns the variant of that name, or an error if there is none or this CPU
// cannot run it.
func ByName(name string) (*Set, error) {
	var names []string
	for _, s := range All() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("kernel variant %q: want one of %q", name, names)
}
