package process

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"slosim/scheduler"
	"slosim/scheduler/draft"
)

// answer is what a child says to the hello.
type answer struct {
	Slosim    json.RawMessage `json:"slosim"`
	Name      string          `json:"name"`
	Quantiles []float64       `json:"quantiles"`
	Show      int             `json:"show"`
	Observe   bool            `json:"observe"`
	Error     string          `json:"error"`
}

// mostQuantiles bounds the tables.
const mostQuantiles = 64

func parseAnswer(line []byte) (a answer, err error) {
	if err := decode(line, &a); err != nil {
		return a, fmt.Errorf("want {\"slosim\":%d, ...} in answer to the hello, got %s (%v)", version, shorten(string(line)), err)
	}
	if got := string(a.Slosim); got != strconv.Itoa(version) {
		if got == "" {
			got = "none"
		}
		return a, fmt.Errorf("slosim: want protocol version %d, got %s", version, shorten(got))
	}
	if a.Quantiles == nil {
		a.Quantiles = []float64{0.5, 0.9, 0.99}
	}
	for _, q := range a.Quantiles {
		if !(q >= 0 && q <= 1) {
			return a, fmt.Errorf("quantiles: want 0..1, got %v", q)
		}
	}
	if len(a.Quantiles) > mostQuantiles {
		return a, fmt.Errorf("quantiles: want at most %d, got %d", mostQuantiles, len(a.Quantiles))
	}
	if a.Show < 0 {
		return a, fmt.Errorf("show: want at least 0, got %d", a.Show)
	}
	return a, nil
}

// reply is what a child says to a request: commands, or questions first.
type reply struct {
	Seq      *uint64             `json:"seq"`
	Commands []order             `json:"commands"`
	Ask      [][]json.RawMessage `json:"ask"`
	Error    string              `json:"error"`
}

// mostQuestions bounds one line of questions.
const mostQuestions = 100_000

func parseReply(line []byte, seq uint64) (r reply, err error) {
	if err := decode(line, &r); err != nil {
		return r, fmt.Errorf("want {\"commands\":[...]}, got %s (%v)", shorten(string(line)), err)
	}
	switch {
	case r.Seq != nil && *r.Seq != seq:
		return r, fmt.Errorf("seq: want %d, got %d", seq, *r.Seq)
	case r.Error == "" && (r.Ask == nil) == (r.Commands == nil):
		return r, fmt.Errorf("want commands, or ask, got %s", shorten(string(line)))
	case len(r.Ask) > mostQuestions:
		return r, fmt.Errorf("ask: want at most %d, got %d", mostQuestions, len(r.Ask))
	}
	return r, nil
}

// decode reads one JSON value with no key that is unknown.
func decode(line []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more follows")
	}
	return nil
}

// order is a command as a child writes it.
type order struct {
	Do      string              `json:"do"`
	Worker  json.RawMessage     `json:"worker"`
	Query   json.RawMessage     `json:"query"`
	Point   json.RawMessage     `json:"point"`
	Count   json.RawMessage     `json:"count"`
	At      json.RawMessage     `json:"at"`
	Queries [][]json.RawMessage `json:"queries"`
	Why     string              `json:"why"`
}

// command reads an order. What a kind of command has no use for is ignored.
func (o *order) command(reasons draft.Reasons) (c scheduler.Command, err error) {
	var f fields
	switch o.Do {
	case "start":
		c.Kind, c.Worker, c.Query, c.Point = scheduler.Start, f.small("worker", o.Worker), f.query("query", o.Query), f.small("point", o.Point)
	case "split":
		c.Kind, c.Worker, c.Query, c.Point = scheduler.Start, f.small("worker", o.Worker), f.query("query", o.Query), f.small("point", o.Point)
		if c.Count = f.small("count", o.Count); f.err == nil && c.Count < 1 {
			f.err = fmt.Errorf("count: want at least 1, got %d", c.Count)
		}
	case "batch":
		c.Kind, c.Worker, c.Batch = scheduler.Start, f.small("worker", o.Worker), f.batch(o.Queries)
		if f.err == nil {
			c.Query, c.Point = c.Batch[0].Query, c.Batch[0].Point
		}
	case "probe":
		c.Kind, c.Worker, c.Query = scheduler.Probe, f.small("worker", o.Worker), f.query("query", o.Query)
	case "drop":
		c.Kind, c.Query = scheduler.Drop, f.query("query", o.Query)
	case "wake":
		c.Kind, c.At = scheduler.Wake, time.Duration(f.whole("at", o.At))
	default:
		return c, fmt.Errorf("do: want one of start, batch, split, probe, drop, wake, got %q", shorten(o.Do))
	}
	if f.err != nil {
		return c, fmt.Errorf("%s: %w", o.Do, f.err)
	}
	c.Why = reasons.Find(o.Why)
	return c, nil
}

// fields reads numbers; the first error is kept.
type fields struct{ err error }

func (f *fields) whole(name string, raw json.RawMessage) int64 {
	if f.err != nil {
		return 0
	}
	n, err := whole(raw)
	if err != nil {
		f.err = fmt.Errorf("%s: %w", name, err)
	}
	return n
}

// small is a whole number that fits an int32; what it means is checked elsewhere.
func (f *fields) small(name string, raw json.RawMessage) int {
	n := f.whole(name, raw)
	if f.err == nil && int64(int32(n)) != n {
		f.err = fmt.Errorf("%s: want a number below 2147483648, got %d", name, n)
	}
	return int(n)
}

func (f *fields) query(name string, raw json.RawMessage) scheduler.QueryRef {
	n := f.whole(name, raw)
	if f.err == nil && (n < 0 || n > math.MaxUint32) {
		f.err = fmt.Errorf("%s: want the ref of a query that waits, got %d", name, n)
	}
	return scheduler.QueryRef(n)
}

func (f *fields) batch(pairs [][]json.RawMessage) (batch []scheduler.Assign) {
	if f.err == nil && len(pairs) == 0 {
		f.err = errors.New("queries: want [[ref, point], ...], got none")
	}
	for i, pair := range pairs {
		if f.err == nil && len(pair) != 2 {
			f.err = fmt.Errorf("queries[%d]: want [ref, point], got %d numbers", i, len(pair))
		}
		if f.err != nil {
			return nil
		}
		name := fmt.Sprintf("queries[%d]", i)
		batch = append(batch, scheduler.Assign{Query: f.query(name, pair[0]), Point: f.small(name, pair[1])})
	}
	return batch
}

// whole reads a whole number; 2.0 and 2e3 are ones.
func whole(raw json.RawMessage) (int64, error) {
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return n, nil
	}
	if v, err := strconv.ParseFloat(string(raw), 64); err == nil && v == math.Trunc(v) && math.Abs(v) < 1<<63 {
		return int64(v), nil
	}
	if len(raw) == 0 {
		return 0, errors.New("want a whole number, got none")
	}
	return 0, fmt.Errorf("want a whole number, got %s", shorten(string(raw)))
}

// real reads a number.
func real(raw json.RawMessage) (float64, error) {
	v, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, fmt.Errorf("want a number, got %s", shorten(string(raw)))
	}
	return v, nil
}
