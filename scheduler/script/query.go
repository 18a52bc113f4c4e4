package script

import (
	"fmt"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"slosim/scheduler"
	"slosim/workloads"
)

// query is a waiting query as it was at one instant. A script may keep it.
type query struct {
	constant
	scheduler.Waiting
	now    time.Duration
	serial uint64 // of the Decide that showed it
}

func (p *policy) queryAt(i int) starlark.Value {
	return &query{Waiting: p.view.Waiting[i], now: p.view.Now, serial: p.serial}
}

// String shows the reference.
func (q *query) String() string { return fmt.Sprintf("query(ref=%d)", q.Ref) }

// Type returns "query".
func (q *query) Type() string { return "query" }

// Attr implements starlark.HasAttrs.
func (q *query) Attr(name string) (starlark.Value, error) {
	switch name {
	case "ref":
		return starlark.MakeInt64(int64(q.Ref)), nil
	case "cls":
		return starlark.MakeInt(int(q.Class)), nil
	case "model":
		return starlark.MakeInt(int(q.Model)), nil
	case "arrive_at":
		return instant(q.ArriveAt), nil
	case "deadline":
		return instant(q.Deadline), nil
	case "accuracy":
		return starlark.Float(q.Accuracy), nil
	case "slack":
		return instant(q.Slack(q.now)), nil
	case "probed":
		return starlark.Bool(q.Probed), nil
	case "probed_on":
		return starlark.MakeInt(int(q.ProbedOn)), nil
	case "left":
		return starlark.MakeInt(q.Left), nil
	case "queue":
		return starlark.MakeInt(int(q.Queue)), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (q *query) AttrNames() []string {
	return []string{"accuracy", "arrive_at", "cls", "deadline", "left", "model", "probed", "probed_on", "queue", "ref", "slack"}
}

// Hash makes queries keys of a dict.
func (q *query) Hash() (uint32, error) { return uint32(q.Ref), nil }

// CompareSameType implements starlark.Comparable: two copies of one query are equal.
func (q *query) CompareSameType(op syntax.Token, other starlark.Value, _ int) (bool, error) {
	o := other.(*query)
	same := q.Ref == o.Ref && q.ArriveAt == o.ArriveAt
	switch op {
	case syntax.EQL:
		return same, nil
	case syntax.NEQ:
		return !same, nil
	}
	return false, fmt.Errorf("want == or != of queries, got %s (compare deadlines, or arrivals)", op)
}

// arrival is a query on its way into the queue, as key sees it.
type arrival workloads.Query

// String shows the arrival.
func (a arrival) String() string { return fmt.Sprintf("arrival(arrive_at=%d)", a.ArriveAt) }

// Type returns "arrival".
func (a arrival) Type() string { return "arrival" }

// Freeze does nothing.
func (a arrival) Freeze() {}

// Truth returns true.
func (a arrival) Truth() starlark.Bool { return true }

// Hash fails.
func (a arrival) Hash() (uint32, error) { return constant{}.Hash() }

// Attr implements starlark.HasAttrs.
func (a arrival) Attr(name string) (starlark.Value, error) {
	switch name {
	case "cls":
		return starlark.MakeInt(int(a.Class)), nil
	case "model":
		return starlark.MakeInt(int(a.Model)), nil
	case "arrive_at":
		return instant(a.ArriveAt), nil
	case "size":
		return starlark.MakeInt(int(a.Size)), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (a arrival) AttrNames() []string { return []string{"arrive_at", "cls", "model", "size"} }
