package workloads

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	maxTraceRows    = 1 << 33 // two hundred a second for a year
	maxTraceSeconds = 9e9     // with maxTraceBin, what a time.Duration can hold
	maxTraceBin     = 365 * 24 * time.Hour
	maxBinCount     = 1 << 31 // arrivals in one bin
)

// ReadTrace reads a trace from CSV text, plain or gzip. The first row is the
// header. The column arrival_s holds seconds (of any origin, not negative),
// ascending; a file with a column count, or count_WIDTH (count_1s, count_10m),
// is of kind Counts: arrival_s is the start of a bin, count its arrivals, and
// bins left out are empty. The width comes from the header or else from bin.
// Other columns are not read. name is for the errors, which are name:line: column: want, got.
func ReadTrace(name string, r io.Reader, bin time.Duration) (*Trace, error) {
	return readTrace(name, r, bin, memoryRows)
}

// readTrace is ReadTrace with up to so many rows in memory.
func readTrace(name string, r io.Reader, bin time.Duration, inMemory int) (*Trace, error) {
	plain, err := decompress(r)
	if err != nil {
		return nil, fmt.Errorf("%s:1: %w", name, err)
	}
	t := &traceReader{name: name, text: &rowLimit{r: plain}}
	t.rows = csv.NewReader(t.text)
	t.rows.ReuseRecord = true
	if err := t.header(bin); err != nil {
		return nil, err
	}
	t.trace.rows = newTable(t.count >= 0, inMemory)
	for {
		t.text.refill()
		record, err := t.rows.Read()
		if errors.Is(err, io.EOF) {
			return t.finish()
		}
		if err != nil {
			return nil, t.syntax(err)
		}
		if err := t.row(record); err != nil {
			return nil, err
		}
	}
}

type traceReader struct {
	name           string
	text           *rowLimit
	rows           *csv.Reader
	arrival, count int // columns; count is -1 for Events
	origin         time.Duration
	trace          Trace
}

// header finds the columns and, for counts, the width of the bins.
func (t *traceReader) header(bin time.Duration) error {
	t.text.refill()
	record, err := t.rows.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s:1: want a header row with the column arrival_s, got an empty file", t.name)
	}
	if err != nil {
		return t.syntax(err)
	}
	t.arrival, t.count = -1, -1
	t.trace = Trace{TraceInfo: TraceInfo{Name: t.name, Kind: Events}}
	for i, column := range record {
		column = strings.TrimSpace(column)
		width, hasWidth := strings.CutPrefix(column, "count_")
		switch {
		case column == "arrival_s" && t.arrival < 0:
			t.arrival = i
		case column == "count" && t.count < 0:
			t.count = i
		case hasWidth && t.count < 0:
			// An unrelated column may start with count_: only a duration makes it ours.
			if parsed, err := time.ParseDuration(width); err == nil {
				t.count, bin = i, parsed
			}
		}
	}
	return t.kind(record, bin)
}

func (t *traceReader) kind(record []string, bin time.Duration) error {
	if t.arrival < 0 {
		return fmt.Errorf("%s:1: want a column arrival_s, got %s", t.name, quoted([]byte(strings.Join(record, ","))))
	}
	if t.count < 0 {
		return nil
	}
	if bin <= 0 || bin > maxTraceBin {
		return fmt.Errorf("%s:1: count: want the width of a bin, above 0 and up to a year, in the header (count_1s) or as trace_bin, got %v", t.name, bin)
	}
	t.trace.Kind, t.trace.Bin = Counts, bin
	return nil
}

// row appends one record.
func (t *traceReader) row(record []string) error {
	if t.trace.rows.n >= maxTraceRows {
		return t.wrong("rows", fmt.Sprintf("at most %d", maxTraceRows), "more")
	}
	count := uint64(1)
	if t.count >= 0 {
		parsed, err := strconv.ParseUint(strings.TrimSpace(record[t.count]), 10, 32)
		if err != nil || parsed > maxBinCount {
			return t.wrong("count", fmt.Sprintf("a whole number, 0 to %d", maxBinCount), record[t.count])
		}
		count = parsed
	}
	at, err := t.instant(record[t.arrival])
	if err != nil {
		return err
	}
	if err := t.trace.rows.add(at, count); err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	return nil
}

// instant parses an arrival_s and shifts the first one to 0.
func (t *traceReader) instant(text string) (time.Duration, error) {
	seconds, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > maxTraceSeconds {
		return 0, t.wrong("arrival_s", fmt.Sprintf("seconds, 0 to %g", float64(maxTraceSeconds)), text)
	}
	at := time.Duration(math.Round(seconds * 1e9))
	rows := t.trace.rows
	if rows.n == 0 {
		t.origin = at
	}
	at -= t.origin
	switch {
	case rows.n == 0:
		return 0, nil
	case at < rows.last:
		return 0, t.wrong("arrival_s", "ascending", fmt.Sprintf("%s after %gs", text, (rows.last+t.origin).Seconds()))
	case t.trace.Kind == Counts && at < rows.last+t.trace.Bin:
		return 0, t.wrong("arrival_s", fmt.Sprintf("bins at least %v apart", t.trace.Bin), fmt.Sprint(at-rows.last))
	}
	return at, nil
}

func (t *traceReader) finish() (*Trace, error) {
	trace := t.trace
	if err := trace.rows.finish(); err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	trace.Requests = trace.rows.total
	if trace.Requests < 2 {
		return nil, fmt.Errorf("%s: want at least 2 arrivals, got %d", t.name, trace.Requests)
	}
	trace.Span = trace.rows.last + trace.Bin
	if trace.Span <= 0 {
		return nil, fmt.Errorf("%s: want arrivals at more than one instant, got all %d at the same", t.name, trace.Requests)
	}
	return &trace, nil
}

// wrong is an error at the row that was read last.
func (t *traceReader) wrong(column, want, got string) error {
	line, _ := t.rows.FieldPos(0)
	return fmt.Errorf("%s:%d: %s: want %s, got %s", t.name, line, column, want, quoted([]byte(got)))
}

// syntax turns an error of the CSV or gzip reader into one with a position.
func (t *traceReader) syntax(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("%s:%d: %w", t.name, parse.Line, parse.Err)
	}
	// The reader gave no row: the place is the line after the last whole one.
	line := 2
	if t.trace.rows != nil {
		line += t.trace.rows.n
	}
	return fmt.Errorf("%s:%d: %w", t.name, line, err)
}
