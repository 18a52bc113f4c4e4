package script

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/workloads"
)

// setting is what bind sees.
func (p *policy) setting(s scheduler.Setting) starlark.Value {
	var classes, models []starlark.Value
	for i := range s.Classes {
		classes = append(classes, class(&s.Classes[i]))
	}
	for i, belief := range s.Models {
		models = append(models, record("model", starlark.StringDict{
			"points": p.pointsOf(s.Models, i), "has_confidence": starlark.Bool(belief.HasConfidence()),
		}))
	}
	return record("setting", starlark.StringDict{
		"workers": starlark.MakeInt(s.Workers), "classes": starlark.NewList(classes), "models": starlark.NewList(models),
	})
}

func class(c *workloads.Class) starlark.Value {
	var changes []starlark.Value
	for _, change := range c.Changes {
		changes = append(changes, record("change", starlark.StringDict{
			"at": instant(change.At), "latency": instant(change.Latency), "accuracy": starlark.Float(change.Accuracy),
		}))
	}
	return record("class", starlark.StringDict{
		"name": starlark.String(c.Name), "share": starlark.Float(c.Share), "latency": instant(c.Latency),
		"accuracy": starlark.Float(c.Accuracy), "changes": starlark.NewList(changes),
	})
}

// pointList is the points of a belief as a script sees them.
type pointList struct {
	belief *profile.Belief
	points starlark.Tuple
}

// pointsOf returns the points of a model, converted once.
func (p *policy) pointsOf(models []*profile.Belief, model int) starlark.Tuple {
	if len(p.points) != len(models) {
		p.points = make([]pointList, len(models))
	}
	known := &p.points[model]
	if belief := models[model]; known.belief != belief {
		known.belief, known.points = belief, nil
		for i := range belief.Points() {
			known.points = append(known.points, point(&belief.Points()[i], belief.Accuracy(i), belief.Mean(i, 1)))
		}
	}
	return known.points
}

func point(p *profile.Point, accuracy float64, mean time.Duration) starlark.Value {
	return record("point", starlark.StringDict{
		"name": starlark.String(p.Name), "density": starlark.Float(p.Density), "ops": starlark.MakeInt64(p.Ops),
		"bytes": starlark.MakeInt64(p.Bytes), "cascade": starlark.Bool(p.Cascade),
		"accuracy": starlark.Float(accuracy), "mean": instant(mean),
	})
}

func record(name string, fields starlark.StringDict) starlark.Value {
	return starlarkstruct.FromStringDict(starlark.String(name), fields)
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}

// dict converts the parameters of a scenario.
func dict(values map[string]any) (*starlark.Dict, error) {
	out := starlark.NewDict(len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		v, err := convert(values[key])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if err := out.SetKey(starlark.String(key), v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// convert makes a Starlark value of what a TOML decoder yields.
func convert(raw any) (starlark.Value, error) {
	switch v := raw.(type) {
	case bool:
		return starlark.Bool(v), nil
	case int:
		return starlark.MakeInt(v), nil
	case int64:
		return starlark.MakeInt64(v), nil
	case float64:
		return starlark.Float(v), nil
	case string:
		return starlark.String(v), nil
	case map[string]any:
		return dict(v)
	case []any:
		var list []starlark.Value
		for _, one := range v {
			element, err := convert(one)
			if err != nil {
				return nil, err
			}
			list = append(list, element)
		}
		return starlark.NewList(list), nil
	}
	return nil, fmt.Errorf("want a number, true or false, a string, a list or a table, got %T", raw)
}
