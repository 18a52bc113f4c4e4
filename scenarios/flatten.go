package scenarios

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// flat is a TOML text as values by path, for comparing two texts.
type flat struct {
	text  map[string]string // the values, as TOML has them; of a list, how many entries it has
	lists map[string]int    // entries of the lists
	paths []string          // of text, in its order
}

// flatten reads a text that was written by Scenario.Text.
func flatten(text string) (flat, error) {
	root, problem := parseTOML("scenario", text)
	if problem != nil {
		return flat{}, *problem
	}
	f := flat{text: map[string]string{}, lists: map[string]int{}}
	f.add("", root)
	for _, k := range keyLines(text) {
		list, _, _ := strings.Cut(k.path, "[") // is said before its entries
		for _, path := range []string{list, k.path} {
			if _, ok := f.text[path]; ok {
				f.paths = appendNew(f.paths, path)
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(f.text)) { // within a value, which has one line
		f.paths = appendNew(f.paths, path)
	}
	return f, nil
}

func (f *flat) add(path string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			f.add(join(path, key), inner)
		}
	case []map[string]any:
		f.list(path, len(v))
		for i, inner := range v {
			f.add(index(path, i), inner)
		}
	case []any:
		f.list(path, len(v))
		for i, inner := range v {
			f.add(index(path, i), inner)
		}
	case string:
		f.text[path] = strconv.Quote(v)
	default:
		f.text[path] = show(v)
	}
}

func (f *flat) list(path string, n int) {
	f.lists[path] = n
	f.text[path] = strconv.Itoa(n) + " entries"
	if n == 1 {
		f.text[path] = "1 entry"
	}
}

// lacking says whether a path is within an entry that one of two texts does not have, because
// its list is shorter or not there: there is nothing to say but that.
func lacking(path string, a, b map[string]int) bool {
	for i, r := range path {
		if r != '[' {
			continue
		}
		number, _, _ := strings.Cut(path[i+1:], "]")
		if n, err := strconv.Atoi(number); err == nil && n >= min(a[path[:i]], b[path[:i]]) {
			return true
		}
	}
	return false
}

// keysOfBoth lists the keys of two maps, each once, sorted.
func keysOfBoth(a, b map[string]string) []string {
	keys := maps.Clone(a)
	if keys == nil {
		return slices.Sorted(maps.Keys(b))
	}
	maps.Copy(keys, b)
	return slices.Sorted(maps.Keys(keys))
}
