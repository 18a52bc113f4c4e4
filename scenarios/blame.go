package scenarios

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"slosim/reports"
	"slosim/reports/result"
	"slosim/sim"
	"slosim/sim/virtual"
)

// misses collects which queries of one replication missed, by their numbers.
type misses struct {
	from, to time.Duration // arrivals that count
	wrong    bool          // an answer in time that is wrong is one too

	queries int
	met     int // in time, right or not
	missed  []bool
	late    []time.Duration // of missed ones: after the deadline; never answered: 0
	queue   int             // longest at an arrival
	probed  bool            // any query was: the policy asks for confidences
}

// Record implements sim.Recorder.
func (m *misses) Record(r *sim.Record) {
	m.queue, m.probed = max(m.queue, r.Queue), m.probed || r.Probed
	if r.Query.ArriveAt < m.from || r.Query.ArriveAt >= m.to {
		return
	}
	m.queries++
	if r.Met() {
		m.met++
		if r.Right || !m.wrong {
			return
		}
	}
	for uint64(len(m.missed)) <= r.Query.ID {
		m.missed, m.late = append(m.missed, false), append(m.late, 0)
	}
	m.missed[r.Query.ID] = true
	if !r.Dropped && !r.Met() {
		m.late[r.Query.ID] = r.FinishAt - r.Deadline
	}
}

// blame finds, for each contender, what its misses are due to. Beside a ContenderError are the findings of all
// other contenders.
func (c *contest) blame(ctx context.Context, o ExplainOptions, summary *result.Summary) (*result.Blame, error) {
	out := &result.Blame{Schema: result.Schema, Scenario: c.scenario.Name, Missed: "not answered by the deadline"}
	if o.Wrong {
		out.Missed = "not answered right by the deadline"
	}
	var failed []error
	o.progress().Start("simulating without each cause", len(c.entrants)*c.scenario.Replications)
	defer o.progress().Done()
	for i := range c.entrants {
		e := &c.entrants[i]
		worlds := make([]reports.Worlds, c.scenario.Replications)
		met, queries := make([]int, len(worlds)), make([]int, len(worlds))
		var causes []cause
		var once sync.Once
		errs := virtual.RunAll(ctx, o.Jobs, len(worlds), func(replication int) error {
			defer o.progress().Add(1)
			base, err := c.missesOf(ctx, e, replication, o.Wrong, func(*virtual.Config) {})
			if err != nil {
				return err
			}
			met[replication], queries[replication] = base.met, base.queries
			list, err := c.causes(e, base)
			if err != nil {
				return err
			}
			once.Do(func() { causes = list })
			worlds[replication], err = c.worlds(ctx, e, replication, o.Wrong, base, list)
			return err
		})
		err := cmp.Or(errs...) // the first that is one
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if failure(err) {
			failed = append(failed, ofContender(e.Name, err))
			continue
		}
		if err != nil {
			return nil, ofContender(e.Name, err)
		}
		if err := sameAsBefore(summary, e.Name, met, queries); err != nil {
			return nil, err
		}
		blamed := reports.Blame(e.Name, namesOf(causes), worlds)
		for k := range blamed.Causes {
			blamed.Causes[k].About, blamed.Causes[k].Why = causes[k].about, causes[k].why
		}
		out.Contenders = append(out.Contenders, blamed)
	}
	return out, errors.Join(failed...)
}

func namesOf(causes []cause) []string {
	names := make([]string, len(causes))
	for i := range causes {
		names[i] = causes[i].name
	}
	return names
}

// missesOf simulates one replication in a changed world.
func (c *contest) missesOf(ctx context.Context, e *entrant, replication int, wrong bool, change func(*virtual.Config)) (*misses, error) {
	m := &misses{from: c.scenario.Warmup.Std(), to: c.scenario.Duration.Std(), wrong: wrong}
	_, err := c.simulate(ctx, *e, c.recorder(e, replication), m, change)
	return m, err
}

// worlds simulates a replication without each cause, and without all of them.
func (c *contest) worlds(ctx context.Context, e *entrant, replication int, wrong bool, base *misses, causes []cause) (w reports.Worlds, err error) {
	w.Replication, w.Queries = replication, base.queries
	w.Missed = base.missed
	w.Examples = base.examples(replication)
	for _, one := range causes {
		if one.why != "" {
			w.Without = append(w.Without, base.missed)
			continue
		}
		without, err := c.missesOf(ctx, e, replication, wrong, one.remove)
		if err != nil {
			return w, err
		}
		w.Without = append(w.Without, without.missed)
	}
	ideal, err := c.missesOf(ctx, e, replication, wrong, func(v *virtual.Config) {
		for _, one := range causes {
			if one.why == "" {
				one.remove(v)
			}
		}
	})
	w.Ideal = ideal.missed
	return w, err
}

// mostExamples is how many misses of a replication are named.
const mostExamples = 3

// examples names the latest misses, those never answered first.
func (m *misses) examples(replication int) (list []result.Miss) {
	var ids []int
	for id := range m.missed {
		if m.missed[id] {
			ids = append(ids, id)
		}
	}
	slices.SortStableFunc(ids, func(a, b int) int { return cmp.Compare(m.late[b], m.late[a]) })
	for _, id := range ids[:min(len(ids), mostExamples)] {
		one := result.Miss{Replication: replication, Query: uint64(id)}
		if late := m.late[id].Seconds() * 1e3; late > 0 {
			one.LateMS = &late
		}
		list = append(list, one)
	}
	return list
}
