package scenarios

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"slosim/engine"
)

// Technique names a technique and its options. A scenario writes it as a string,
// "slo-nn", or as an inline table, { name = "slo-nn", activator = "lsh" }.
type Technique struct {
	Name    string
	Options map[string]any // every key but name; nil without one
}

// plain returns the technique without options where it has a name of its own: slo-nn with
// an activator is one of the variants.
func (t Technique) plain() Technique {
	activator, ok := t.Options["activator"].(string)
	if t.Name != "slo-nn" || !ok || len(t.Options) != 1 {
		return t
	}
	switch activator {
	case "best", engine.LinearActivator, engine.DefaultOutputActivator:
		return Technique{Name: "slo-nn"}
	}
	return Technique{Name: "slo-nn-" + activator}
}

// Key returns the name with the options, sorted: "slo-nn" or "mine(size=3,speed=2)".
// Equal keys are the same technique; profiles and result files use it. An activator is
// part of the name: slo-nn with "lsh" is "slo-nn-lsh".
func (t Technique) Key() string {
	t = t.plain()
	if len(t.Options) == 0 {
		return t.Name
	}
	var parts []string
	for _, key := range sortedKeys(t.Options) {
		parts = append(parts, fmt.Sprintf("%s=%v", key, t.Options[key]))
	}
	return t.Name + "(" + strings.Join(parts, ",") + ")"
}

// MarshalTOML writes it as a scenario has it.
func (t Technique) MarshalTOML() ([]byte, error) {
	if len(t.Options) == 0 {
		return []byte(strconv.Quote(t.Name)), nil
	}
	parts := []string{"name = " + strconv.Quote(t.Name)}
	for _, key := range sortedKeys(t.Options) {
		text, err := inlineTOML(t.Options[key])
		if err != nil {
			return nil, fmt.Errorf("technique %s: %s: %w", t.Name, key, err)
		}
		parts = append(parts, toml.Key{key}.String()+" = "+text)
	}
	return []byte("{ " + strings.Join(parts, ", ") + " }"), nil
}

// inlineTOML writes a plain value or a list of them.
func inlineTOML(v any) (string, error) {
	text, err := toml.Marshal(map[string]any{"v": v})
	if err != nil {
		return "", err
	}
	_, value, _ := strings.Cut(string(text), "=")
	return strings.TrimSpace(value), nil
}

// setGeneric takes a value as TOML has it. The problem, if any, is about the value
// itself (key "") or one of its keys.
func (t *Technique) setGeneric(v any) *Complaint {
	switch v := v.(type) {
	case string:
		t.Name = v
		return nil
	case map[string]any:
		return t.setTable(v)
	}
	return &Complaint{Want: `a technique's name or { name = ..., option = ... }`, Got: show(v)}
}

func (t *Technique) setTable(table map[string]any) *Complaint {
	name, given := table["name"]
	if !given {
		return &Complaint{Key: "name", Want: "a technique's name", Got: "nothing"}
	}
	text, ok := name.(string)
	if !ok {
		return &Complaint{Key: "name", Want: "a technique's name", Got: show(name)}
	}
	t.Name = text
	for key, value := range table {
		if key == "name" {
			continue
		}
		if _, nested := value.(map[string]any); nested {
			return &Complaint{Key: key, Want: "a plain value", Got: show(value)}
		}
		if t.Options == nil {
			t.Options = map[string]any{}
		}
		t.Options[key] = value
	}
	return nil
}

// sortedKeys returns the keys of a table in order.
func sortedKeys(table map[string]any) []string {
	keys := make([]string, 0, len(table))
	for key := range table {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
