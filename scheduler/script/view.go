package script

import (
	"fmt"
	"time"

	"go.starlark.net/starlark"

	"slosim/scheduler"
)

// shown is the view as decide sees it: always the present one.
type shown struct {
	constant
	*policy
}

// String and Type name the view.
func (s shown) String() string { return "view" }

// Type implements starlark.Value.
func (s shown) Type() string { return "view" }

// Attr implements starlark.HasAttrs.
func (s shown) Attr(name string) (starlark.Value, error) {
	if ask, ok := s.asks[name]; ok {
		return ask, nil
	}
	if s.view == nil {
		return nil, fmt.Errorf("view.%s: want it used inside decide", name)
	}
	switch name {
	case "waiting":
		return s.policy.waiting, nil
	case "workers":
		return s.policy.workers, nil
	case "now":
		return instant(s.view.Now), nil
	case "stealing":
		return starlark.Bool(s.view.Stealing), nil
	case "arrived":
		return starlark.MakeUint64(s.view.Arrived), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (s shown) AttrNames() []string {
	names := []string{"arrived", "now", "stealing", "waiting", "workers"}
	for name := range s.asks {
		names = append(names, name)
	}
	return sorted(names)
}

func instant(d time.Duration) starlark.Value { return starlark.MakeInt64(int64(d)) }

// question answers a function of the view.
type question struct {
	names  []string
	answer func(v *scheduler.View, a *arguments) starlark.Value
}

// questions makes the view's functions, once for a policy.
func (p *policy) questions() map[string]*starlark.Builtin {
	out := map[string]*starlark.Builtin{}
	for name, q := range questions() {
		out[name] = starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			a := p.arguments(q.names, len(q.names), args, kwargs)
			a.outside()
			if a.err == nil {
				if v := q.answer(p.view, a); a.err == nil {
					return v, nil
				}
			}
			return nil, fmt.Errorf("%s: %w", name, a.err)
		})
	}
	return out
}

func questions() map[string]question {
	return map[string]question{
		"may":            {[]string{"query", "worker"}, may},
		"points":         {[]string{"model"}, points},
		"accuracy":       {[]string{"model", "point"}, accuracy},
		"confidence":     {[]string{"query", "point"}, confidence},
		"mean":           {[]string{"worker", "model", "point"}, mean},
		"quantile":       {[]string{"worker", "model", "point", "q"}, quantile},
		"within":         {[]string{"worker", "model", "point", "limit"}, within},
		"batch_mean":     {[]string{"worker", "model", "point", "count"}, batchMean},
		"batch_quantile": {[]string{"worker", "model", "point", "count", "q"}, batchQuantile},
	}
}

func may(v *scheduler.View, a *arguments) starlark.Value {
	ref, worker := a.query(0), a.worker(1)
	if a.err != nil {
		return nil
	}
	i := a.policy.draft.Find(ref)
	return starlark.Bool(i >= 0 && v.May(&v.Waiting[i], worker))
}

func points(v *scheduler.View, a *arguments) starlark.Value {
	if model := a.within(0, len(v.Models)); a.err == nil {
		return a.policy.pointsOf(v.Models, model)
	}
	return nil
}

func accuracy(v *scheduler.View, a *arguments) starlark.Value {
	if model, point := a.place(0); a.err == nil {
		return starlark.Float(v.Models[model].Accuracy(point))
	}
	return nil
}

func confidence(v *scheduler.View, a *arguments) starlark.Value {
	ref := a.query(0)
	if a.err != nil {
		return nil
	}
	i := a.policy.draft.Find(ref)
	if i < 0 {
		return starlark.None
	}
	point := a.within(1, len(v.Models[v.Waiting[i].Model].Points()))
	if a.err != nil {
		return nil
	}
	if c, ok := v.Confidence(ref, point); ok {
		return starlark.Float(c)
	}
	return starlark.None
}

func mean(v *scheduler.View, a *arguments) starlark.Value {
	if worker, model, point := a.on(); a.err == nil {
		return instant(v.Mean(worker, uint16(model), point))
	}
	return nil
}

func quantile(v *scheduler.View, a *arguments) starlark.Value {
	worker, model, point := a.on()
	if q := a.share(3); a.err == nil {
		return instant(v.Quantile(worker, uint16(model), point, q))
	}
	return nil
}

func within(v *scheduler.View, a *arguments) starlark.Value {
	worker, model, point := a.on()
	if limit := a.whole(3); a.err == nil {
		return starlark.Float(v.Within(worker, uint16(model), point, time.Duration(limit)))
	}
	return nil
}

func batchMean(v *scheduler.View, a *arguments) starlark.Value {
	worker, model, point := a.on()
	if n := a.count(3); a.err == nil {
		return instant(v.BatchMean(worker, uint16(model), point, n))
	}
	return nil
}

func batchQuantile(v *scheduler.View, a *arguments) starlark.Value {
	worker, model, point := a.on()
	n, q := a.count(3), a.share(4)
	if a.err == nil {
		return instant(v.BatchQuantile(worker, uint16(model), point, n, q))
	}
	return nil
}

// on reads a worker, a model and a point.
func (a *arguments) on() (worker, model, point int) {
	worker = a.worker(0)
	if n := len(a.policy.view.Workers); a.err == nil && (worker < 0 || worker >= n) {
		a.complain(0, fmt.Errorf("want 0..%d, got %d", n-1, worker))
	}
	model, point = a.place(1)
	return worker, model, point
}

// place reads a model and a point.
func (a *arguments) place(i int) (model, point int) {
	models := a.policy.view.Models
	if model = a.within(i, len(models)); a.err == nil {
		point = a.within(i+1, len(models[model].Points()))
	}
	return model, point
}

// mostSamples bounds a batch that a script asks about.
const mostSamples = 1 << 20

// count reads how many samples run together.
func (a *arguments) count(i int) int {
	n := a.small(i)
	if a.err == nil && (n < 1 || n > mostSamples) {
		a.complain(i, fmt.Errorf("want 1..%d, got %d", mostSamples, n))
	}
	return n
}
