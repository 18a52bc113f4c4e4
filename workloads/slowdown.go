package workloads

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Slowdown is a row of a recording: from At on the machine takes Factor times as long.
type Slowdown struct {
	At     time.Duration // since the recording's first row, recorded time
	Factor float64       // above 0; 1 is the machine undisturbed
}

// Slowdowns is a recorded slow-down, in ascending order of time. Each factor holds until
// the next row; the last row ends the recording, so its own factor is not used.
type Slowdowns []Slowdown

// Span returns the length of the recording.
func (s Slowdowns) Span() time.Duration { return s[len(s)-1].At }

// LineError is something wrong with a line of a data file.
type LineError struct {
	File      string
	Line      int    // from 1
	Column    string // empty: the line as a whole
	Want, Got string
}

// Error returns "file:line: column: want ..., got ...".
func (e LineError) Error() string {
	where := fmt.Sprintf("%s:%d: ", e.File, e.Line)
	if e.Column != "" {
		where += e.Column + ": "
	}
	return fmt.Sprintf("%swant %s, got %s", where, e.Want, e.Got)
}

// LineErrors is everything that is wrong with a data file, in order of lines.
type LineErrors []LineError

// Error returns one line a mistake.
func (e LineErrors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

const (
	maxSlowdownRows  = 1 << 20
	maxLineErrors    = 20 // a file of another kind need not be listed in full
	minFactor        = 1e-3
	maxFactor        = 1e3
	slowdownsHeader  = "t_s,factor"
	slowdownsColumns = 2
)

// OpenSlowdowns returns a recorded slow-down that ships ([Recordings]) by name, or else
// reads the file of that path, plain or gzip. Mistakes in it are a LineErrors.
func OpenSlowdowns(path string) (Slowdowns, error) {
	if s, ok, err := openRecording(path); ok {
		return s, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return ReadSlowdowns(path, file)
}

// ReadSlowdowns reads a recorded slow-down from CSV text, plain or gzip: the header
// t_s,factor and at least two rows. t_s is seconds of any origin, strictly ascending;
// factor is service time / service time alone, 0.001 to 1000. name is for the errors:
// a LineErrors has every mistake, up to 20.
func ReadSlowdowns(name string, r io.Reader) (Slowdowns, error) {
	plain, err := decompress(r)
	if err != nil {
		return nil, fmt.Errorf("%s:1: %w", name, err)
	}
	text := &rowLimit{r: plain}
	s := &slowdownReader{name: name, rows: csv.NewReader(text), before: -1}
	s.rows.FieldsPerRecord = -1 // counted here, with a message of our own
	s.rows.ReuseRecord = true
	for first := true; len(s.wrong) < maxLineErrors; first = false {
		text.refill()
		record, err := s.rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.syntax(err)
			break // the reader may have lost its place
		}
		if first {
			s.header(record)
		} else {
			s.row(record)
		}
	}
	return s.finish()
}

type slowdownReader struct {
	name   string
	rows   *csv.Reader
	seen   int     // lines that were read
	before float64 // t_s of the last good row; below 0: none
	origin float64
	out    Slowdowns
	wrong  LineErrors
}

// finish judges what only the whole file shows.
func (s *slowdownReader) finish() (Slowdowns, error) {
	switch {
	case s.seen == 0 && len(s.wrong) == 0:
		s.wrong = append(s.wrong, LineError{s.name, 1, "", "the header " + slowdownsHeader, "an empty file"})
	case len(s.out) < 2 && len(s.wrong) == 0:
		s.wrong = append(s.wrong, LineError{s.name, s.seen, "", "at least 2 rows, the last of which ends the recording", strconv.Itoa(len(s.out))})
	}
	if len(s.wrong) > 0 {
		return nil, s.wrong
	}
	return s.out, nil
}

// header wants the two columns and no others: a strange file is not a recording.
func (s *slowdownReader) header(record []string) {
	s.seen++
	if got := strings.Join(record, ","); got != slowdownsHeader {
		s.fail("", "the header "+slowdownsHeader, quoted([]byte(got)))
	}
}

func (s *slowdownReader) row(record []string) {
	s.seen++
	if len(record) != slowdownsColumns {
		s.fail("", fmt.Sprintf("%d columns", slowdownsColumns), strconv.Itoa(len(record)))
		return
	}
	if len(s.out) >= maxSlowdownRows {
		s.fail("", fmt.Sprintf("at most %d rows", maxSlowdownRows), "more")
		return
	}
	at, okAt := s.number("t_s", record[0], 0, maxTraceSeconds)
	factor, okFactor := s.number("factor", record[1], minFactor, maxFactor)
	if okAt && at <= s.before {
		s.fail("t_s", "ascending", fmt.Sprintf("%v after %v", at, s.before))
		okAt = false
	}
	if !okAt || !okFactor {
		return
	}
	if s.before < 0 {
		s.origin = at
	}
	s.before = at
	s.out = append(s.out, Slowdown{time.Duration(math.Round((at - s.origin) * 1e9)), factor})
}

// number parses a column; NaN is out of any range.
func (s *slowdownReader) number(column, text string, low, high float64) (v float64, ok bool) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= low && v <= high) {
		s.fail(column, fmt.Sprintf("a number, %g to %g", low, high), quoted([]byte(text)))
		return 0, false
	}
	return v, true
}

// fail notes a mistake at the row that was read last.
func (s *slowdownReader) fail(column, want, got string) {
	line, _ := s.rows.FieldPos(0)
	s.wrong = append(s.wrong, LineError{s.name, line, column, want, got})
}

// syntax notes what the CSV or gzip reader cannot read.
func (s *slowdownReader) syntax(err error) {
	line := s.seen + 1
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		line, err = parse.Line, parse.Err
	}
	s.wrong = append(s.wrong, LineError{s.name, line, "", "CSV", err.Error()})
}

// Play lays the recording on virtual time [from, to) at speed seconds of recording a
// second. It returns where each factor begins, equal neighbours joined; the first
// begins at from. The recording must be long enough.
func (s Slowdowns) Play(from, to time.Duration, speed float64) Slowdowns {
	var out Slowdowns
	for _, row := range s[:len(s)-1] {
		at := from + time.Duration(math.Round(float64(row.At)/speed))
		if at >= to {
			break
		}
		if n := len(out); n > 0 && at == out[n-1].At { // too fast to tell apart: the later holds
			out = out[:n-1]
		}
		if n := len(out); n == 0 || out[n-1].Factor != row.Factor {
			out = append(out, Slowdown{at, row.Factor})
		}
	}
	return slices.Clip(out)
}
