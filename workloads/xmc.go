package workloads

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strconv"
)

// Limits of an extreme-classification file: a wrong one must not cost the machine its memory.
const (
	maxXMC     = 100_000_000 // samples, features and labels a header may state; published sets stay below a tenth
	maxXMCLine = 1 << 26     // bytes
	maxXMCSaid = 10          // problems reported of one file
)

// OpenXMC reads a file of the extreme-classification format, see [ReadXMC].
func OpenXMC(path string) (*SparseSet, error) { return readFile(path, ReadXMC) }

// ReadXMC reads the text format of the Extreme Classification Repository (Bhatia et al.,
// manikvarma.org/downloads/XC), plain or gzip, lines ended by LF or CRLF:
//
//	samples features labels
//	3,17 5:0.25 8:1.5 40
//
// The first line counts; then each line is a sample: its labels, a space, its features as
// id:value. Ids count from 0, in any order, each once. A feature without a value has value
// 1; one whose value is 0 (as float32) is left out. A sample without labels starts with
// the space, one without features ends with it; spaces at the end of a line mean nothing
// otherwise. A line may have 64 MiB.
//
// Memory is taken as lines come, whatever the first line says. name is the set's, and
// begins each error: "name:line: what: want ..., got ...". Up to 10 problems are reported.
func ReadXMC(name string, r io.Reader) (*SparseSet, error) {
	x := &xmcReader{name: name, line: 1, set: &SparseSet{Name: name}}
	plain, err := decompress(r)
	if err != nil {
		x.fail("file", "plain text or gzip", err.Error())
		return nil, errors.Join(x.problems...)
	}
	x.lines, x.line = bufio.NewReaderSize(plain, 1<<16), 0
	x.read()
	if len(x.problems) > 0 {
		return nil, errors.Join(x.problems...)
	}
	return x.set, nil
}

// xmcReader reads one file. Its slices are of the sample it is at.
type xmcReader struct {
	name  string
	lines *bufio.Reader
	line  int    // number of the line last read, from 1
	long  []byte // a line that lines' own memory did not hold

	set      *SparseSet
	samples  int // as the header says
	labels   []int32
	features xmcFeatures
	problems []error
}

// fail notes a problem of the current line.
func (x *xmcReader) fail(what, want, got string) {
	if !x.full() {
		x.problems = append(x.problems, fmt.Errorf("%s:%d: %s: want %s, got %s", x.name, x.line, what, want, got))
	}
}

func (x *xmcReader) full() bool { return len(x.problems) >= maxXMCSaid }

func (x *xmcReader) read() {
	if !x.readHeader() {
		return
	}
	for n := range x.samples {
		line, err := x.next()
		if err == io.EOF {
			x.fail("samples", x.counted(), fmt.Sprintf("%d: the file ends", n))
			return
		}
		if err != nil {
			return
		}
		x.readSample(line)
		if x.full() {
			return
		}
	}
	if _, err := x.next(); err == nil {
		x.fail("samples", x.counted(), "more lines")
	}
}

func (x *xmcReader) counted() string { return fmt.Sprintf("%d, as line 1 says", x.samples) }

// next returns the next line without its end; it is valid until the next call. Every
// error but io.EOF is noted.
func (x *xmcReader) next() ([]byte, error) {
	x.line++
	x.long = x.long[:0]
	for {
		part, err := x.lines.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			x.long = append(x.long, part...)
			if len(x.long) <= maxXMCLine {
				continue
			}
			x.fail("line", fmt.Sprintf("at most %d bytes", maxXMCLine), "more")
			return nil, err
		}
		if err == io.EOF && len(x.long)+len(part) > 0 {
			err = nil // the last line need not end
		}
		if err != nil && err != io.EOF {
			x.fail("line", "to read it", err.Error())
		}
		if len(x.long) > 0 {
			x.long = append(x.long, part...)
			part = x.long
		}
		return bytes.TrimSuffix(bytes.TrimSuffix(part, []byte("\n")), []byte("\r")), err
	}
}

func (x *xmcReader) readHeader() bool {
	line, err := x.next()
	if err != nil && err != io.EOF {
		return false
	}
	fields := bytes.Split(bytes.TrimRight(line, " "), []byte(" "))
	if len(fields) != 3 {
		x.fail("header", "samples, features and labels, three numbers", quoted(line))
		return false
	}
	counts := [3]int{}
	for i, what := range []string{"samples", "features", "labels"} {
		n, ok := parseID(fields[i], maxXMC+1)
		if !ok || n == 0 {
			x.fail(what, fmt.Sprintf("1..%d", maxXMC), quoted(fields[i]))
		}
		counts[i] = int(n)
	}
	x.samples, x.set.Features, x.set.Classes = counts[0], counts[1], counts[2]
	return len(x.problems) == 0
}

// readSample adds the sample of a line to the set, or notes what is wrong with it.
func (x *xmcReader) readSample(line []byte) {
	labels, features, found := bytes.Cut(line, []byte(" "))
	if !found {
		x.fail("sample", "labels, a space and features", quoted(line))
		return
	}
	x.readLabels(labels)
	x.readFeatures(bytes.TrimRight(features, " "))
	if len(x.problems) == 0 { // else the set is lost
		x.set.add(x.features.ids, x.features.values, x.labels)
	}
}

func (x *xmcReader) readLabels(rest []byte) {
	x.labels = x.labels[:0]
	for more := len(rest) > 0; more && !x.full(); {
		var field []byte
		field, rest, more = bytes.Cut(rest, []byte(","))
		label, ok := parseID(field, x.set.Classes)
		if !ok {
			x.fail("label", fmt.Sprintf("0..%d", x.set.Classes-1), quoted(field))
			continue
		}
		x.labels = append(x.labels, label)
	}
	slices.Sort(x.labels)
	x.once("label", x.labels)
}

func (x *xmcReader) readFeatures(rest []byte) {
	f := &x.features
	f.ids, f.values = f.ids[:0], f.values[:0]
	for more := len(rest) > 0; more && !x.full(); {
		var field []byte
		field, rest, more = bytes.Cut(rest, []byte(" "))
		text, number, stated := bytes.Cut(field, []byte(":"))
		id, ok := parseID(text, x.set.Features)
		if !ok {
			x.fail("feature", fmt.Sprintf("0..%d", x.set.Features-1), quoted(text))
			continue
		}
		value := float32(1)
		if stated {
			if value, ok = parseValue(number); !ok {
				x.fail("value", "a finite number", quoted(number))
				continue
			}
		}
		f.ids, f.values = append(f.ids, id), append(f.values, value)
	}
	if !slices.IsSorted(f.ids) {
		sort.Sort(f)
	}
	x.once("feature", f.ids)
	f.dropZeros()
}

// once notes what comes twice among ascending ids.
func (x *xmcReader) once(what string, ids []int32) {
	for i := 1; i < len(ids) && !x.full(); i++ {
		if ids[i] == ids[i-1] {
			x.fail(what, "each once", fmt.Sprintf("%d again", ids[i]))
		}
	}
}

// xmcFeatures are the features of a sample. It sorts them by id.
type xmcFeatures struct {
	ids    []int32
	values []float32
}

func (f *xmcFeatures) Len() int           { return len(f.ids) }
func (f *xmcFeatures) Less(i, j int) bool { return f.ids[i] < f.ids[j] }
func (f *xmcFeatures) Swap(i, j int) {
	f.ids[i], f.ids[j] = f.ids[j], f.ids[i]
	f.values[i], f.values[j] = f.values[j], f.values[i]
}

func (f *xmcFeatures) dropZeros() {
	kept := 0
	for i, value := range f.values {
		if value != 0 {
			f.ids[kept], f.values[kept] = f.ids[i], value
			kept++
		}
	}
	f.ids, f.values = f.ids[:kept], f.values[:kept]
}

// parseID returns the number that text is if it is below n, which is at most maxXMC+1.
func parseID(text []byte, n int) (int32, bool) {
	if len(text) == 0 || len(text) > 9 {
		return 0, false
	}
	id := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		id = 10*id + int(c-'0')
	}
	return int32(id), id < n
}

// parseValue takes decimal numbers only: strconv would take Go's hexadecimal ones too.
func parseValue(text []byte) (float32, bool) {
	value, err := strconv.ParseFloat(string(text), 32)
	if err != nil || math.IsInf(value, 0) || math.IsNaN(value) || bytes.ContainsAny(text, "xX") {
		return 0, false
	}
	return float32(value), true
}

// quoted returns text for an error, cut when it is long.
func quoted(text []byte) string {
	const most = 40
	if len(text) > most {
		return fmt.Sprintf("%q...", text[:most])
	}
	return fmt.Sprintf("%q", text)
}

// WriteXMC writes a set in the format that [ReadXMC] reads: every feature with its value,
// lines ended by LF. Reading it gives the same set. A set without samples cannot be written.
func WriteXMC(w io.Writer, s *SparseSet) error { return writeXMC(w, s, false) }

// WriteXMCIDs is [WriteXMC] without the values of features that have value 1, which is what
// readers take a feature without a value for.
func WriteXMCIDs(w io.Writer, s *SparseSet) error { return writeXMC(w, s, true) }

func writeXMC(w io.Writer, s *SparseSet, bare bool) error {
	if s.Len() == 0 {
		return fmt.Errorf("%s: samples: want 1 or more, got none", s.Name)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	fmt.Fprintf(out, "%d %d %d\n", s.Len(), s.Features, s.Classes)
	var line []byte
	for i := range s.Len() {
		line = appendSample(line[:0], s, i, bare)
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

func appendSample(line []byte, s *SparseSet, i int, bare bool) []byte {
	for j, label := range s.Labels(i) {
		if j > 0 {
			line = append(line, ',')
		}
		line = strconv.AppendInt(line, int64(label), 10)
	}
	ids, values := s.Sparse(i)
	if len(ids) == 0 {
		line = append(line, ' ')
	}
	for j, id := range ids {
		line = append(line, ' ')
		line = strconv.AppendInt(line, int64(id), 10)
		if bare && values[j] == 1 {
			continue
		}
		line = append(line, ':')
		line = strconv.AppendFloat(line, float64(values[j]), 'g', -1, 32)
	}
	return append(line, '\n')
}
