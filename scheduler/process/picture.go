package process

import (
	"strconv"
	"time"

	"slosim/scheduler"
)

// picture writes views as lines of JSON, and remembers which tables the child has.
type picture struct {
	quantiles []float64 // of the tables
	most      int       // waiting queries that are shown; 0: all
	seq       uint64
	line      []byte
	sent      []belief // [worker x model]
	finished  []byte   // completions that the next request tells
}

// belief is what a table that was sent was made for.
type belief struct {
	sent                 bool
	slowdown, correction float64
}

// request is the line of one Decide, valid until the next.
func (p *picture) request(v *scheduler.View) []byte {
	p.seq++
	b := append(p.line[:0], `{"seq":`...)
	b = strconv.AppendUint(b, p.seq, 10)
	b = whole64(b, `,"now":`, int64(v.Now))
	b = strconv.AppendUint(append(b, `,"arrived":`...), v.Arrived, 10)
	b = whole64(b, `,"queued":`, int64(len(v.Waiting)))
	b = truth(b, `,"stealing":`, v.Stealing)
	b = append(b, `,"waiting":[`...)
	shown := len(v.Waiting)
	if p.most > 0 {
		shown = min(shown, p.most)
	}
	for i := range v.Waiting[:shown] {
		b = comma(b, i)
		b = waiting(b, v, &v.Waiting[i])
	}
	b = append(b, `],"workers":[`...)
	for i := range v.Workers {
		b = comma(b, i)
		b = worker(b, &v.Workers[i])
	}
	b = p.tables(append(b, `],"tables":[`...), v)
	b = append(append(b, `],"finished":[`...), p.finished...)
	p.finished = p.finished[:0]
	p.line = append(b, "]}\n"...)
	return p.line
}

func waiting(b []byte, v *scheduler.View, q *scheduler.Waiting) []byte {
	b = whole64(b, `{"ref":`, int64(q.Ref))
	b = whole64(b, `,"class":`, int64(q.Class))
	b = whole64(b, `,"model":`, int64(q.Model))
	b = whole64(b, `,"arrive_at":`, int64(q.ArriveAt))
	b = whole64(b, `,"deadline":`, int64(q.Deadline))
	b = float(append(b, `,"accuracy":`...), q.Accuracy)
	b = whole64(b, `,"left":`, int64(q.Left))
	b = whole64(b, `,"queue":`, int64(q.Queue))
	b = truth(b, `,"probed":`, q.Probed)
	b = whole64(b, `,"probed_on":`, int64(q.ProbedOn))
	if q.Probed {
		b = append(b, `,"confidence":[`...)
		for point := range v.Models[q.Model].Points() {
			b = confidence(comma(b, point), v, q.Ref, point)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

func confidence(b []byte, v *scheduler.View, ref scheduler.QueryRef, point int) []byte {
	if c, ok := v.Confidence(ref, point); ok {
		return float(b, c)
	}
	return append(b, "null"...)
}

func worker(b []byte, w *scheduler.Worker) []byte {
	b = truth(b, `{"busy":`, w.Busy)
	b = truth(b, `,"probing":`, w.Probing)
	if w.Busy {
		b = whole64(b, `,"running":`, int64(w.Running))
	} else {
		b = append(b, `,"running":null`...)
	}
	b = whole64(b, `,"point":`, int64(w.Point))
	b = whole64(b, `,"started_at":`, int64(w.StartedAt))
	b = whole64(b, `,"samples":`, int64(w.Samples))
	b = float(append(b, `,"slowdown":`...), w.Slowdown)
	return append(b, '}')
}

// tables writes the service times of workers and models that have changed.
func (p *picture) tables(b []byte, v *scheduler.View) []byte {
	models := len(v.Models)
	if len(p.sent) != models*len(v.Workers) {
		p.sent = make([]belief, models*len(v.Workers))
	}
	count := 0
	for i := range p.sent {
		w := &v.Workers[i/models]
		now := belief{true, w.Slowdown, w.Correction}
		if p.sent[i] == now {
			continue
		}
		p.sent[i] = now
		b = p.table(comma(b, count), v, i/models, i%models)
		count++
	}
	return b
}

func (p *picture) table(b []byte, v *scheduler.View, worker, model int) []byte {
	b = whole64(b, `{"worker":`, int64(worker))
	b = whole64(b, `,"model":`, int64(model))
	b = append(b, `,"mean":[`...)
	for point := range v.Models[model].Points() {
		b = nanoseconds(comma(b, point), v.Mean(worker, uint16(model), point))
	}
	b = append(b, `],"quantiles":[`...)
	for point := range v.Models[model].Points() {
		b = append(comma(b, point), '[')
		for i, q := range p.quantiles {
			b = nanoseconds(comma(b, i), v.Quantile(worker, uint16(model), point, q))
		}
		b = append(b, ']')
	}
	return append(b, "]}"...)
}

// finish notes a completion.
func (p *picture) finish(c *scheduler.Completion) {
	b := comma(p.finished, len(p.finished))
	b = whole64(b, `{"class":`, int64(c.Class))
	b = whole64(b, `,"model":`, int64(c.Model))
	b = whole64(b, `,"worker":`, int64(c.Worker))
	b = whole64(b, `,"point":`, int64(c.Point))
	b = whole64(b, `,"arrive_at":`, int64(c.ArriveAt))
	b = whole64(b, `,"start_at":`, int64(c.StartAt))
	b = whole64(b, `,"finish_at":`, int64(c.FinishAt))
	b = whole64(b, `,"deadline":`, int64(c.Deadline))
	b = whole64(b, `,"samples":`, int64(c.Samples))
	if c.HasCorrect {
		b = truth(b, `,"correct":`, c.Correct)
	} else {
		b = append(b, `,"correct":null`...)
	}
	p.finished = append(b, '}')
}

// comma separates the i-th element from the one before it.
func comma(b []byte, i int) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	return b
}

func whole64(b []byte, key string, n int64) []byte {
	return strconv.AppendInt(append(b, key...), n, 10)
}

func truth(b []byte, key string, v bool) []byte { return strconv.AppendBool(append(b, key...), v) }

func nanoseconds(b []byte, d time.Duration) []byte { return strconv.AppendInt(b, int64(d), 10) }

// float writes a number so that reading it gives the same; null if it is none.
func float(b []byte, v float64) []byte {
	if v-v != 0 {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}
