package scenarios

import (
	"reflect"
	"strings"

	"slosim/reports/result"
	"slosim/workloads"
)

// Settable lists the keys that --set may override in a scenario, as messages have them
// ("class[0].latency"), each with what the file says now. Of a scenario that cannot be read it lists
// the keys that stand in no list.
func Settable(path string, known Known) []Entry {
	text, err := result.ReadBounded(path, maxText)
	if err != nil {
		text, _ = Shipped(path) // neither: no text
	}
	root, problem := parseTOML(path, string(text))
	if problem != nil {
		root = nil
	}
	w := &settable{known: known}
	w.table(reflect.TypeFor[Scenario](), root, "")
	return w.found
}

// settable walks over the schema and a scenario's generic values at once.
type settable struct {
	known Known
	found []Entry
}

func (w *settable) add(path string, v any) {
	about := ""
	switch v.(type) {
	case nil, []any, []map[string]any, map[string]any: // too much for a line
	default:
		about = show(v)
	}
	w.found = append(w.found, Entry{Name: path, About: about})
}

// value walks over what a key of a type holds now; nil: nothing.
func (w *settable) value(t reflect.Type, v any, path string) {
	switch {
	case t.Kind() == reflect.Pointer:
		w.value(t.Elem(), v, path)
	case reflect.PointerTo(t).Implements(reflect.TypeFor[generic]()):
		w.add(path, v)
	case t.Kind() == reflect.Struct:
		table, _ := v.(map[string]any)
		w.table(t, table, path)
	case t.Kind() == reflect.Slice:
		w.add(path, nil)
		elements, _ := elementsOf(v)
		for i := range elements {
			w.value(t.Elem(), elements[i], index(path, i))
		}
	case t.Kind() == reflect.Map: // parameters, which the table above knows
	default:
		w.add(path, v)
	}
}

func (w *settable) table(t reflect.Type, table map[string]any, path string) {
	for i := range t.NumField() {
		key := keyOf(reflect.Zero(t), i)
		if key == "" {
			continue
		}
		w.value(t.Field(i).Type, table[key], join(path, key))
		if t.Field(i).Type.Kind() == reflect.Map {
			w.params(table, join(path, key))
		}
	}
}

// params lists the parameters of a contender's policy.
func (w *settable) params(contender map[string]any, path string) {
	now, _ := contender["params"].(map[string]any)
	seen := map[string]bool{}
	for _, policy := range w.known.Policies {
		if policy.Name != contender["policy"] {
			continue
		}
		for _, p := range policy.Params {
			seen[p.Key] = true
			v, given := now[p.Key]
			if !given {
				w.found = append(w.found, Entry{Name: join(path, p.Key), About: p.Default})
				continue
			}
			w.add(join(path, p.Key), v)
		}
	}
	for _, key := range sortedKeys(now) {
		if !seen[key] {
			w.add(join(path, key), now[key])
		}
	}
}

// SettableValues lists what a key of Settable may be set to, where only names will do.
func SettableValues(key string, known Known) []Entry {
	last := key[strings.LastIndexByte(key, '.')+1:]
	last, _, _ = strings.Cut(last, "[")
	switch last {
	case "policy", "policies":
		return known.Policies
	case "technique", "techniques":
		return known.Techniques
	case "network":
		return known.Networks
	case "trace":
		return known.Traces
	case "kind":
		return known.Arrivals
	case "transform":
		return Entries(workloads.Transforms()...)
	case "antagonist":
		return known.Antagonists
	case "file":
		return known.Recordings
	case "metric":
		return known.Metrics
	case "queues":
		return Entries("one", perWorker)
	case "steal", "correction", "unseen":
		return Entries("true", "false")
	}
	return nil
}
