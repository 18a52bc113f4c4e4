package script

import (
	"fmt"

	"go.starlark.net/starlark"

	"slosim/scheduler"
)

// worker is a worker as it was at one instant. A script may keep it.
type worker struct {
	constant
	scheduler.Worker
	index int
}

func (p *policy) workerAt(i int) starlark.Value {
	return &worker{Worker: p.view.Workers[i], index: i}
}

// String shows the index.
func (w *worker) String() string { return fmt.Sprintf("worker(index=%d)", w.index) }

// Type returns "worker".
func (w *worker) Type() string { return "worker" }

// Attr implements starlark.HasAttrs.
func (w *worker) Attr(name string) (starlark.Value, error) {
	switch name {
	case "index":
		return starlark.MakeInt(w.index), nil
	case "busy":
		return starlark.Bool(w.Busy), nil
	case "probing":
		return starlark.Bool(w.Probing), nil
	case "running":
		if !w.Busy {
			return starlark.None, nil
		}
		return starlark.MakeInt64(int64(w.Running)), nil
	case "point":
		return starlark.MakeInt(w.Point), nil
	case "started_at":
		return instant(w.StartedAt), nil
	case "slowdown":
		return starlark.Float(w.Slowdown), nil
	case "samples":
		return starlark.MakeInt(w.Samples), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (w *worker) AttrNames() []string {
	return []string{"busy", "index", "point", "probing", "running", "samples", "slowdown", "started_at"}
}

// completion is a finished query as observe sees it.
type completion scheduler.Completion

// String shows the instant.
func (c completion) String() string { return fmt.Sprintf("completion(finish_at=%d)", c.FinishAt) }

// Type returns "completion".
func (c completion) Type() string { return "completion" }

// Freeze does nothing.
func (c completion) Freeze() {}

// Truth returns true.
func (c completion) Truth() starlark.Bool { return true }

// Hash fails.
func (c completion) Hash() (uint32, error) { return constant{}.Hash() }

// Attr implements starlark.HasAttrs.
func (c completion) Attr(name string) (starlark.Value, error) {
	switch name {
	case "cls":
		return starlark.MakeInt(int(c.Class)), nil
	case "model":
		return starlark.MakeInt(int(c.Model)), nil
	case "worker":
		return starlark.MakeInt(c.Worker), nil
	case "point":
		return starlark.MakeInt(c.Point), nil
	case "arrive_at":
		return instant(c.ArriveAt), nil
	case "start_at":
		return instant(c.StartAt), nil
	case "finish_at":
		return instant(c.FinishAt), nil
	case "deadline":
		return instant(c.Deadline), nil
	case "samples":
		return starlark.MakeInt(c.Samples), nil
	case "correct":
		if !c.HasCorrect {
			return starlark.None, nil
		}
		return starlark.Bool(c.Correct), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (c completion) AttrNames() []string {
	return []string{"arrive_at", "cls", "correct", "deadline", "finish_at", "model", "point", "samples", "start_at", "worker"}
}
