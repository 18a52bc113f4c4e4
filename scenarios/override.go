package scenarios

import (
	"fmt"
	"strconv"
	"strings"
)

// override applies "key=value" texts to the generic values: keys as in messages,
// "class[0].latency"; values as in TOML, where a string needs no quotes. Tables that
// are missing are made, elements of lists are not.
func (c *checker) override(root map[string]any, sets []string) {
	for _, set := range sets {
		file := "--set " + shorten(set)
		key, value, ok := strings.Cut(set, "=")
		key = strings.TrimSpace(key)
		if !ok || key == "" {
			c.problems = append(c.problems, Problem{File: file, Want: "key=value", Got: show(set)})
			continue
		}
		if strings.Count(key, ".") > maxNesting {
			c.problems = append(c.problems, Problem{File: file, Want: fmt.Sprintf("a key of at most %d parts", maxNesting), Got: "more"})
			continue
		}
		if want, got := assign(root, strings.Split(key, "."), overrideValue(strings.TrimSpace(value))); want != "" {
			c.problems = append(c.problems, Problem{File: file, Key: key, Want: want, Got: got})
			continue
		}
		c.move(key, place{file: file})
	}
}

// move says that a key, with all below it, stands somewhere else now.
func (c *checker) move(key string, to place) {
	for path := range c.places {
		if strings.HasPrefix(path, key+".") || strings.HasPrefix(path, key+"[") {
			delete(c.places, path)
		}
	}
	c.places[key] = to
}

// overrideValue reads a value as TOML or else takes it as a string.
func overrideValue(text string) any {
	var table map[string]any
	if strings.ContainsAny(text, "\n\r") {
		return text
	}
	if _, err := decodeTOML("v = "+text, &table); err != nil {
		return text
	}
	return table["v"]
}

// assign sets a value below a table. want is empty when that worked.
func assign(table map[string]any, parts []string, value any) (want, got string) {
	name, at, err := splitIndex(parts[0])
	if err != nil {
		return "name or name[index]", show(parts[0])
	}
	last := len(parts) == 1
	if at < 0 {
		if last {
			table[name] = value
			return "", ""
		}
		if table[name] == nil {
			table[name] = map[string]any{}
		}
		return below(table[name], name, parts[1:], value)
	}
	elements, ok := elementsOf(table[name])
	switch {
	case !ok:
		return "a list called " + name, show(table[name])
	case at >= len(elements):
		return fmt.Sprintf("an index below %d", len(elements)), strconv.Itoa(at)
	case !last:
		return below(elements[at], parts[0], parts[1:], value)
	}
	elements[at] = value
	table[name] = elements
	return "", ""
}

// below assigns inside what should be a table.
func below(v any, name string, parts []string, value any) (want, got string) {
	inner, ok := v.(map[string]any)
	if ok {
		return assign(inner, parts, value)
	}
	if _, list := elementsOf(v); list {
		return "an index, " + name + "[0]", show(name)
	}
	return "a table called " + name, show(v)
}

// splitIndex cuts "class[0]" into "class" and 0; the index is -1 when there is none.
func splitIndex(part string) (name string, at int, err error) {
	name, rest, indexed := strings.Cut(part, "[")
	if name == "" {
		return "", 0, fmt.Errorf("no name")
	}
	if !indexed {
		return name, -1, nil
	}
	digits, ok := strings.CutSuffix(rest, "]")
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || !ok {
		return "", 0, fmt.Errorf("no index: %q", rest)
	}
	return name, int(n), nil
}

// index appends an index to a path.
func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
