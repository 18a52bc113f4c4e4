package scenarios

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"slosim/reports/result"
	"slosim/sim"
	"slosim/sim/virtual"
)

// story follows one query through a replication.
type story struct {
	id      uint64
	stays   []stay // of all queries
	record  *sim.Record
	arrived []virtual.Choice
	started []virtual.Choice
	worker  int
	dropAt  time.Duration // sim.Never: it was not dropped
	gaveUp  int           // other queries that were dropped while it waited

	whole misses // of the replication
}

// stay is when a query was on a worker.
type stay struct {
	query    uint64
	from, to time.Duration
	worker   int
	point    int
}

// Record implements sim.Recorder.
func (s *story) Record(r *sim.Record) {
	s.whole.Record(r)
	if r.Query.ID == s.id {
		copied := *r
		s.record = &copied
	}
	if r.Dropped && r.StartAt < 0 && r.Query.ID != s.id && s.arrived != nil && s.started == nil {
		s.gaveUp++
	}
	if r.StartAt >= 0 {
		s.stays = append(s.stays, stay{r.Query.ID, r.StartAt, max(r.FinishAt, r.StartAt+r.Busy), r.Worker, r.Point})
	}
}

// Wants implements virtual.Inspector.
func (s *story) Wants(id uint64) bool { return id == s.id }

// Inspect implements virtual.Inspector.
func (s *story) Inspect(what virtual.What, at time.Duration, worker int, choices []virtual.Choice) {
	if what == virtual.Arrived {
		s.arrived = slices.Clone(choices)
		return
	}
	if s.started == nil { // of a large query, its first part
		s.started, s.worker = slices.Clone(choices), worker
	}
	if what == virtual.Dropped {
		s.dropAt = at
	}
}

// explainQuery tells the story of one query of one contender.
func (c *contest) explainQuery(ctx context.Context, o ExplainOptions, folder *result.Folder) (*result.Told, error) {
	if len(c.entrants) != 1 {
		return nil, Usagef("--contender: want the one whose query it is, of %v", entrantNames(c.entrants))
	}
	if o.Replication >= c.scenario.Replications {
		return nil, Usagef("--replication: want 0 to %d, got %d", c.scenario.Replications-1, o.Replication)
	}
	e := &c.entrants[0]
	s := &story{id: *o.Query, dropAt: sim.Never, worker: -1, whole: misses{from: c.scenario.Warmup.Std(), to: c.scenario.Duration.Std()}}
	r := c.recorder(e, o.Replication)
	stats, err := c.simulate(ctx, *e, r, s, func(v *virtual.Config) { v.Inspector = s })
	if err != nil {
		return nil, ofContender(e.Name, err)
	}
	if err := s.whole.sameAs(folder, e.Name, o.Replication); err != nil {
		return nil, err
	}
	if s.record == nil {
		return nil, Usagef("QUERY: want a number from 0 to %d, got %d", max(stats.Arrived, 1)-1, s.id)
	}
	return c.told(e, r, s), nil
}

// sameAs makes sure that a replication gave what the result says, to the digits that are written. A result
// without values by replication cannot say.
func (m *misses) sameAs(folder *result.Folder, contender string, replication int) error {
	stored, err := folder.Replications()
	if err != nil {
		return UsageError{err}
	}
	place := slices.Index(stored.Replications, replication)
	for _, one := range stored.Contenders {
		for _, cell := range one.Cells {
			if one.Contender != contender || cell.Class != "all" || cell.Window != "all" || place < 0 || len(cell.Metrics["attainment"].Values) <= place {
				continue
			}
			got, want := float64(m.met)/float64(max(m.queries, 1)), cell.Metrics["attainment"].Values[place]
			if math.Abs(got-want) > 1e-5*max(got, want) {
				return anotherResult(contender, got, want)
			}
		}
	}
	return nil
}

func entrantNames(entrants []entrant) (names []string) {
	for i := range entrants {
		names = append(names, entrants[i].Name)
	}
	return names
}

// ms is a duration in milliseconds.
func ms(d time.Duration) float64 { return float64(d) / 1e6 }

// told puts the story into numbers.
func (c *contest) told(e *entrant, r *recorder, s *story) *result.Told {
	q, near := s.record, 0
	t := &result.Told{
		Schema: result.Schema, Contender: e.Name, Replication: r.replication, Query: s.id,
		Class: c.classes[q.Query.Class].Name, Sample: int(r.images[q.Query.Sample]),
		ArriveMS: ms(q.Query.ArriveAt), DeadlineMS: ms(q.Deadline), AccuracyTarget: q.AccuracyTarget,
		Queue: q.Queue, DroppedN: s.gaveUp, Interference: c.truth.on(q.Query.ArriveAt), Slowdown: c.truth.slowdownAt(q.Query.ArriveAt, &near),
		Believed: q.Believed, Worker: q.Worker, Why: q.Why.String(), Because: q.Why.Explain(),
		BusyMS: ms(q.Busy), Together: q.Together, Right: q.Right, Met: q.Met(),
	}
	at := func(instant time.Duration) *float64 {
		if instant < 0 {
			return nil
		}
		value := ms(instant)
		return &value
	}
	t.StartMS, t.DropMS = at(q.StartAt), at(s.dropAt)
	if !q.Dropped {
		t.FinishMS = at(q.FinishAt)
	}
	if q.Point >= 0 {
		t.Point, t.AloneMS = e.set.Points[q.Point].Name, ms(s.started[q.Point].Alone)
	}
	left := max(q.StartAt, s.dropAt)
	for p := range s.arrived {
		one := result.PointTold{
			Point: e.set.Points[p].Name, Taken: p == q.Point, Right: s.arrived[p].Right,
			Accuracy: e.belief.Accuracy(p), BelievedMS: ms(e.belief.Mean(p, max(q.Believed, 1))),
			AloneMS: ms(s.arrived[p].Alone), AtArrivalMS: ms(s.arrived[p].Finish - q.Query.ArriveAt),
		}
		if s.started != nil {
			one.AtStartMS = at(s.started[p].Finish - q.Query.ArriveAt)
		}
		t.Points = append(t.Points, one)
	}
	c.ahead(t, e, s, left)
	return t
}

// ahead finds the queries that ran on its worker while the query waited.
func (c *contest) ahead(t *result.Told, e *entrant, s *story, until time.Duration) {
	for _, one := range s.stays {
		inside := min(one.to, until) - max(one.from, s.record.Query.ArriveAt)
		if one.query == s.id || inside <= 0 || s.worker >= 0 && one.worker != s.worker {
			continue
		}
		t.AheadN++
		t.AheadMS += ms(inside)
		t.Ahead = append(t.Ahead, result.Ahead{Query: one.query, Point: e.set.Points[one.point].Name, MS: ms(inside)})
	}
	slices.SortStableFunc(t.Ahead, func(a, b result.Ahead) int { return cmp.Compare(b.MS, a.MS) })
	t.Ahead = t.Ahead[:min(len(t.Ahead), result.AheadListed)]
}
