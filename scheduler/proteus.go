package scheduler

import (
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"

	"slosim/engine/profile"
)

// proteus follows Proteus (Ahmad et al., "Proteus: A High-Throughput Inference-Serving System with
// Accuracy Scaling", ASPLOS 2024): when demand exceeds what the workers can serve at the best
// variant (here: operating point), accuracy is what gives way. A resource manager solves, every
// period, with y the samples per second of each stream (here: a class of a model) at each point,
//
//	maximise   sum accuracy x y
//	subject to sum over points of y = beta x demand        for each stream
//	           sum of y / capacity <= workers
//
// capacity being the samples per second of a worker in the largest batches that take at most half of
// the stream's latency target; a point whose single sample takes longer is out. beta is 1.05, lowered in
// steps until the program is feasible (read in its code). A batcher, not work-conserving, then
// waits while one more query in the batch would still meet the head's deadline:
//
//	now < deadline - latency(queued + 1)
//
// runs what is there when that has passed or the batch is full, and drops a head that cannot make it.
//
// Ours: the published program is an integer one, because a worker holds one variant; operating
// points share a worker, so we solve the linear one and take its y as shares of what each group
// of equally slow workers serves. With aware = true (the default) capacities are those at the
// believed slow-down of the groups, and latencies likewise. A plan is also made anew, at most every
// least, when a stream's measured rate leaves what was planned for. The batcher keeps margin
// of the latency target in reserve, and tries the quickest point before it drops.
//
// Parameters: period ("200ms"; the paper's is 30 s), least ("20ms"), window ("100ms"), beta (1.05),
// margin (0.1), batch (32), quantile (0.99), aware (true), drop: with "never" a head that cannot
// make it runs at the quickest point.
type proteus struct {
	batcher
	streams
	period, least time.Duration
	beta, margin  float64

	plannedAt time.Duration
	replans   int
	demands   []float64 // [stream] planned for
	latencies []time.Duration
	groups    []int           // [worker] of the plan
	shares    []float64       // [group][stream][point]
	credits   []float64       // likewise: samples owed
	points    int             // most of a model
	program   accuracyProgram // reused
	slow      []float64       // [group] slow-down
	sizes     []int           // [group] workers
	order     [][]int         // [model] points by accuracy
}

func newProteus(p *Params) Policy {
	q := &proteus{
		batcher: newBatcher(p, 32, 0.99),
		streams: streams{window: p.Duration("window", 100*time.Millisecond, time.Millisecond, time.Hour)},
		period:  p.Duration("period", 200*time.Millisecond, time.Millisecond, time.Hour),
		least:   p.Duration("least", 20*time.Millisecond, time.Millisecond, time.Hour),
		beta:    p.Float("beta", 1.05, 0.05, 10),
		margin:  p.Float("margin", 0.1, 0, 1),
	}
	q.byClass = true
	return q
}

// Bind makes a stream of each class and model.
func (q *proteus) Bind(s Setting) error {
	q.streams.bind(s)
	q.replans, q.points, q.order, q.latencies = 0, 0, nil, nil
	for _, model := range s.Models {
		q.points = max(q.points, len(model.Points()))
		q.order = append(q.order, byAccuracy(model))
	}
	for i := range q.counts {
		q.latencies = append(q.latencies, s.Classes[q.class(i)].Latency)
	}
	q.demands = make([]float64, len(q.counts))
	q.groups = make([]int, s.Workers)
	return nil
}

// Replans counts the plans that were made, which allocate.
func (q *proteus) Replans() int { return q.replans }

// Decide plans when it is time, and serves.
func (q *proteus) Decide(v *View, p *Plan) {
	if q.replans == 0 || v.Now >= q.plannedAt+q.period || (v.Now >= q.plannedAt+q.least && q.outgrown(v)) {
		q.plan(v)
	}
	q.run(v, p, q)
}

// outgrown says whether a stream's rate is beyond what was planned for.
func (q *proteus) outgrown(v *View) bool {
	for i, planned := range q.demands {
		if q.rate(i, v.Now) > q.beta*planned {
			return true
		}
	}
	return false
}

// plan solves the program for the rates as measured.
func (q *proteus) plan(v *View) {
	q.replans++
	q.plannedAt = v.Now
	for i := range q.demands {
		q.demands[i] = q.rate(i, v.Now)
	}
	q.group(v)
	q.shares = make([]float64, len(q.slow)*len(q.demands)*q.points)
	q.credits = make([]float64, len(q.shares))
	q.program.reset(q.sizes)
	for g := range q.slow {
		for stream, demand := range q.demands {
			if demand > 0 {
				q.offer(v, g, stream)
			}
		}
	}
	for _, x := range q.program.solve(q.beta, betaStep) {
		q.shares[x.id] = x.served
	}
}

// betaStep is by how much beta is lowered.
const betaStep = 0.05

// offer adds the points of a stream on a group of workers to the program.
func (q *proteus) offer(v *View, group, stream int) {
	model := v.Models[q.model(stream)]
	usable := 0
	for pass := 0; pass < 2 && usable == 0; pass++ {
		limit := q.latencies[stream] / time.Duration(2-pass) // half; or all of it, if nothing fits half
		for p := range model.Points() {
			n := q.full(model, p, q.slow[group], limit)
			if n == 0 {
				continue
			}
			usable++
			rate := float64(n) / model.BatchMean(p, n, q.slow[group]).Seconds()
			q.program.add(programVar{
				id: q.index(group, stream, p), group: group, stream: stream,
				accuracy: model.Accuracy(p), served: rate, demand: q.demands[stream],
			})
		}
	}
}

// full returns the samples of the largest batch within a limit; 0 if one takes longer.
func (q *proteus) full(model *profile.Belief, point int, slowdown float64, limit time.Duration) int {
	n := 0
	for n < q.most && model.BatchQuantile(point, n+1, q.q, slowdown) <= limit {
		n++
	}
	return n
}

// group puts workers together whose slow-downs differ by less than a tenth.
func (q *proteus) group(v *View) {
	q.slow, q.sizes = q.slow[:0], q.sizes[:0]
	for w := range v.Workers {
		slowdown := 1.0
		if q.aware {
			step := math.Log(1.1)
			believed := v.Workers[w].Slowdown * v.Workers[w].correction()
			slowdown = math.Exp(step * math.Round(math.Log(max(believed, 1e-3))/step))
		}
		g := slices.Index(q.slow, slowdown)
		if g < 0 {
			g = len(q.slow)
			q.slow, q.sizes = append(q.slow, slowdown), append(q.sizes, 0)
		}
		q.sizes[g]++
		q.groups[w] = g
	}
}

// index is where a share is kept.
func (q *proteus) index(group, stream, point int) int {
	return (group*len(q.demands)+stream)*q.points + point
}

func (q *proteus) pack(b *bunch) packed {
	stream := q.of(b.head().Class, b.head().Model)
	point, why := q.due(b, stream), LoadRule
	if b.time(point, b.samples(0)) > b.slack(0) {
		point, why = b.quickest(), Cheapest
		if b.time(point, b.samples(0)) > b.slack(0) {
			if q.drop != dropNever {
				return packed{kind: Drop, why: Late}
			}
			return together(1, point, why)
		}
	}
	target := q.target(b, point)
	count, samples := b.first(target)
	if at := q.until(b, point, samples); why == LoadRule && count == b.len() && samples < target && b.view.Now < at {
		return packed{kind: Wake, at: at}
	}
	count = min(count, b.fitting(point, 1))
	q.charge(b, stream, point, count)
	return together(count, point, why)
}

// target returns the samples of a full batch at a point.
func (q *proteus) target(b *bunch, point int) int {
	limit := (b.head().Deadline - b.head().ArriveAt) / 2
	n := 1
	for n < b.full(point) && b.time(point, n+1) <= limit {
		n++
	}
	return n
}

// until is the instant up to which a batch may wait for one more sample.
func (q *proteus) until(b *bunch, point, samples int) time.Duration {
	head := b.head()
	reserve := time.Duration(q.margin * float64(head.Deadline-head.ArriveAt))
	return head.Deadline - reserve - b.time(point, samples+1)
}

// due returns the point that a stream owes most to on the bunch's worker: on the workers of its
// group, on all workers where the plan gives the group nothing of the stream. Without a plan it is the
// most accurate whose time lies within half of the latency target.
func (q *proteus) due(b *bunch, stream int) int {
	best, most := -1, 0.0
	own := q.groups[b.worker]
	for pass := 0; pass < 2 && best < 0; pass++ {
		for g := range q.slow {
			if pass == 0 && g != own {
				continue
			}
			for p := range b.points() {
				i := q.index(g, stream, p)
				if q.shares[i] > 0 && (best < 0 || q.credits[i] > most) {
					best, most = p, q.credits[i]
				}
			}
		}
	}
	if best >= 0 {
		return best
	}
	for _, p := range q.order[b.head().Model] {
		if b.time(p, 1) <= (b.head().Deadline-b.head().ArriveAt)/2 {
			return p
		}
	}
	return b.quickest()
}

// charge keeps account of what each point of a stream was due and got, on the groups that have it.
func (q *proteus) charge(b *bunch, stream, point, count int) {
	n := 0
	for i := range count {
		n += b.samples(i)
	}
	own := q.groups[b.worker]
	sum := q.sum(own, stream)
	if sum == 0 {
		return
	}
	for p := range b.points() {
		i := q.index(own, stream, p)
		q.credits[i] += float64(n) * q.shares[i] / sum
		if p == point {
			q.credits[i] -= float64(n)
		}
	}
}

func (q *proteus) sum(group, stream int) float64 {
	from := q.index(group, stream, 0)
	return total(q.shares[from : from+q.points])
}

// accuracyProgram is the linear program of a plan.
type accuracyProgram struct {
	sizes []int // [group] workers
	vars  []programVar
}

// programVar is the workers of a group that serve a stream at a point.
type programVar struct {
	id, group, stream        int
	accuracy, served, demand float64 // served: by one worker, then by all, in samples per second
}

func (a *accuracyProgram) reset(sizes []int) { a.sizes, a.vars = sizes, a.vars[:0] }

func (a *accuracyProgram) add(v programVar) { a.vars = append(a.vars, v) }

// solve returns what is served at the highest of beta, beta - step, ... that is feasible; nil if
// there is nothing to serve.
func (a *accuracyProgram) solve(beta, step float64) []programVar {
	if len(a.vars) == 0 {
		return nil
	}
	c, m, rhs := a.matrix()
	for ; beta > 0; beta -= step {
		for row := len(a.sizes); row < len(rhs); row++ {
			rhs[row] = beta
		}
		_, x, err := lp.Simplex(c, m, rhs, 1e-10, nil)
		if err != nil || len(x) == 0 {
			continue
		}
		for i := range a.vars {
			a.vars[i].served *= max(0, x[i])
		}
		return a.vars
	}
	return nil
}

// matrix returns the program in standard form: a row for each group, with a slack, and one for each
// stream, in units of its demand.
func (a *accuracyProgram) matrix() (c []float64, m *mat.Dense, rhs []float64) {
	var streams []int
	sum := 0.0
	for _, v := range a.vars {
		if !slices.Contains(streams, v.stream) {
			streams = append(streams, v.stream)
			sum += v.demand
		}
	}
	rows, columns := len(a.sizes)+len(streams), len(a.vars)+len(a.sizes)
	c, m, rhs = make([]float64, columns), mat.NewDense(rows, columns, nil), make([]float64, rows)
	for i, v := range a.vars {
		c[i] = -v.accuracy * v.served / sum
		m.Set(v.group, i, 1)
		m.Set(len(a.sizes)+slices.Index(streams, v.stream), i, v.served/v.demand)
	}
	for g, n := range a.sizes {
		m.Set(g, len(a.vars)+g, 1)
		rhs[g] = float64(n)
	}
	return c, m, rhs
}
