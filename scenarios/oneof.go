package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// OneOf says what is wrong with a name given on the command line, nil when it is one
// of the entries. where is the flag or argument, kind the plural of what is named.
func OneOf(where, kind, got string, entries []Entry) error {
	if slices.Contains(names(entries), got) {
		return nil
	}
	return Usagef("%s: want %s, got %s", where, wantName(kind, names(entries)), strconv.Quote(got)+didYouMean(got, names(entries)))
}

// maxNames is how many names a message lists.
const maxNames = 16

// wantName says that one of the names is wanted.
func wantName(kind string, entries []string) string {
	switch n := len(entries); {
	case n == 0:
		return fmt.Sprintf("one of the %s, of which there are none", kind)
	case n > maxNames:
		return fmt.Sprintf("one of the %d %s", n, kind)
	}
	return "one of " + strings.Join(entries, ", ")
}

// OneNetwork says what is wrong with a network given on the command line, nil when it is
// one of Networks, or xmc: and a folder, which is looked at when it is used.
func (k Known) OneNetwork(where, got string) error {
	if k.CheckNetwork != nil && openEnded(got) {
		return nil
	}
	return OneOf(where, "networks", got, k.Networks)
}

// ParseTechnique reads a technique as command lines have it: "slo-nn", or with
// options "slo-nn:activator=lsh" (several are separated by commas). The error is a
// UsageError that begins with where.
func (k Known) ParseTechnique(where, text string) (Technique, error) {
	name, rest, _ := strings.Cut(text, ":")
	t := Technique{Name: name}
	if err := OneOf(where, "techniques", name, k.Techniques); err != nil {
		return t, err
	}
	for rest != "" {
		var option string
		option, rest, _ = strings.Cut(rest, ",")
		key, value, ok := strings.Cut(option, "=")
		if !ok {
			return t, Usagef("%s: want option=value after %q, got %q", where, name+":", option)
		}
		if t.Options == nil {
			t.Options = map[string]any{}
		}
		t.Options[key] = overrideValue(value)
	}
	if k.CheckTechnique != nil {
		for _, wrong := range k.CheckTechnique(t.Name, t.Options) {
			return t, Usagef("%s: %s: want %s, got %s", where, wrong.Key, wrong.Want, wrong.Got)
		}
	}
	return t, nil
}

// ParseAntagonist reads "cpu", or "cpu:0.5" with an intensity.
func (k Known) ParseAntagonist(where, text string) (Interference, error) {
	kind, intensity, given := strings.Cut(text, ":")
	a := Interference{Antagonist: kind, Intensity: 1}
	if err := OneOf(where, "antagonists", kind, k.Antagonists); err != nil {
		return a, err
	}
	if !given {
		return a, nil
	}
	v, err := strconv.ParseFloat(intensity, 64)
	if err != nil || !(v > 0 && v <= 1) {
		return a, Usagef("%s: want an intensity above 0, at most 1, got %q", where, intensity)
	}
	a.Intensity = v
	return a, nil
}
