package process

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"slosim/scheduler"
)

// answers is the line that answers questions.
func (p *picture) answers(v *scheduler.View, ask [][]json.RawMessage) ([]byte, error) {
	b := strconv.AppendUint(append(p.line[:0], `{"seq":`...), p.seq, 10)
	b = append(b, `,"answers":[`...)
	for i, one := range ask {
		q := question{view: v, words: one}
		if b = q.answer(comma(b, i)); q.err != nil {
			return nil, fmt.Errorf("ask[%d]: %w", i, q.err)
		}
	}
	p.line = append(b, "]}\n"...)
	return p.line, nil
}

// question is a name and numbers; the first error is kept.
type question struct {
	view  *scheduler.View
	words []json.RawMessage
	err   error
}

// answer appends the answer.
func (q *question) answer(b []byte) []byte {
	var name string
	if len(q.words) > 0 {
		_ = json.Unmarshal(q.words[0], &name) // no name is an unknown one
	}
	switch name {
	case "confidence":
		return q.confidence(b)
	case "mean", "quantile", "within", "batch_mean", "batch_quantile":
		return q.time(b, name)
	}
	q.err = fmt.Errorf("want one of mean, quantile, within, batch_mean, batch_quantile, confidence, got %s", shorten(fmt.Sprintf("%s", q.words)))
	return b
}

// time answers what is asked of a worker, a model and a point.
func (q *question) time(b []byte, name string) []byte {
	v := q.view
	w := q.index(1, "worker", len(v.Workers))
	m := q.index(2, "model", len(v.Models))
	if q.err != nil {
		return b
	}
	point, model := q.index(3, "point", len(v.Models[m].Points())), uint16(m)
	var answer time.Duration
	switch name {
	case "mean":
		if q.exactly(4); q.err == nil {
			answer = v.Mean(w, model, point)
		}
	case "quantile":
		if share := q.share(4, 5); q.err == nil {
			answer = v.Quantile(w, model, point, share)
		}
	case "within":
		limit := q.number(4, "limit")
		if q.exactly(5); q.err == nil {
			return float(b, v.Within(w, model, point, time.Duration(limit)))
		}
	case "batch_mean":
		n := q.samples(4)
		if q.exactly(5); q.err == nil {
			answer = v.BatchMean(w, model, point, n)
		}
	case "batch_quantile":
		n := q.samples(4)
		if share := q.share(5, 6); q.err == nil {
			answer = v.BatchQuantile(w, model, point, n, share)
		}
	}
	return nanoseconds(b, answer)
}

func (q *question) confidence(b []byte) []byte {
	ref, point := q.number(1, "ref"), q.number(2, "point")
	if q.exactly(3); q.err != nil {
		return b
	}
	for i := range q.view.Waiting {
		if w := &q.view.Waiting[i]; int64(w.Ref) == ref {
			if n := len(q.view.Models[w.Model].Points()); point < 0 || point >= int64(n) {
				q.err = fmt.Errorf("point: want 0..%d, got %d", n-1, point)
				return b
			}
			return confidence(b, q.view, w.Ref, int(point))
		}
	}
	return append(b, "null"...)
}

// number reads the i-th word.
func (q *question) number(i int, name string) int64 {
	if q.err != nil {
		return 0
	}
	var raw json.RawMessage
	if i < len(q.words) {
		raw = q.words[i]
	}
	n, err := whole(raw)
	if err != nil {
		q.err = fmt.Errorf("%s: %w", name, err)
	}
	return n
}

// index reads a number in 0..n-1.
func (q *question) index(i int, name string, n int) int {
	v := q.number(i, name)
	if q.err == nil && (v < 0 || v >= int64(n)) {
		q.err = fmt.Errorf("%s: want 0..%d, got %d", name, n-1, v)
	}
	return int(v)
}

// mostSamples bounds a batch that is asked about.
const mostSamples = 1 << 20

func (q *question) samples(i int) int {
	n := q.number(i, "count")
	if q.err == nil && (n < 1 || n > mostSamples) {
		q.err = fmt.Errorf("count: want 1..%d, got %d", mostSamples, n)
	}
	return int(n)
}

// share reads a number in 0..1, the last of so many words.
func (q *question) share(i, words int) float64 {
	if q.exactly(words); q.err != nil {
		return 0
	}
	v, err := real(q.words[i])
	if err == nil && (v < 0 || v > 1) {
		err = fmt.Errorf("want 0..1, got %v", v)
	}
	if err != nil {
		q.err = fmt.Errorf("q: %w", err)
	}
	return v
}

func (q *question) exactly(words int) {
	if q.err == nil && len(q.words) != words {
		q.err = fmt.Errorf("want %d numbers after the name, got %d", words-1, len(q.words)-1)
	}
}
