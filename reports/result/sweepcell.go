package result

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// SweepCell is what a cell file holds: the statistics of one point of a sweep's axes. It does not hold
// its number: points of equal values, as samples may have, are one file.
type SweepCell struct {
	Set map[string]string `json:"set"` // the axes' labels, by name
	// ScenarioHash is that of the resolved scenario, as a run's manifest has it.
	ScenarioHash string `json:"scenario_hash"`
	// Cells are those of the summary that `slosim run` writes. Of their paired differences those of
	// class "all" in window "all" to contenders that come earlier are kept.
	Cells   []Cell        `json:"cells"`
	Values  []SweepValues `json:"values"`
	Queries int64         `json:"queries"` // simulated, all contenders and replications
	Notes   []string      `json:"notes"`
	Failed  []SweepFailed `json:"failed,omitempty"`
}

// SweepFailed is a contender that broke the rules in a cell.
type SweepFailed struct {
	Contender string `json:"contender"`
	Why       string `json:"why"`
}

// SweepValues are a contender's metrics in each replication, of class "all" in a window, so that
// cells can be averaged and contenders compared in pairs: replications of the same number saw the
// same draws in all cells of a seed.
type SweepValues struct {
	Contender string                `json:"contender"`
	Window    string                `json:"window"`
	Metrics   map[string]CellValues `json:"metrics"`
}

// CellValues are those of a metric in replications: NaN where there is none, +Inf of a quantile that
// falls among queries that never finished. In JSON these are null and Never.
type CellValues []float64

// Never stands for +Inf in a file, where all values are 0 or more.
const Never = -1

// UnmarshalJSON reads them.
func (v *CellValues) UnmarshalJSON(text []byte) error {
	var raw []*float64
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	*v = make(CellValues, len(raw))
	for i, x := range raw {
		switch {
		case x == nil:
			(*v)[i] = math.NaN()
		case *x == Never:
			(*v)[i] = math.Inf(1)
		default:
			(*v)[i] = *x
		}
	}
	return nil
}

// written returns the values as EncodeJSON can tell them apart.
func (v CellValues) written() CellValues {
	out := slices.Clone(v)
	for i, x := range out {
		if math.IsInf(x, 1) {
			out[i] = Never
		}
	}
	return out
}

// SweepStore keeps the cells of a sweep: cells/HH/HASH.json below a folder, a file a cell, HH
// being the first two digits of its hash. Several processes may use one folder at the same time.
type SweepStore struct{ dir string }

// NewSweepStore returns the store of a sweep's folder. Nothing is made yet.
func NewSweepStore(dir string) SweepStore { return SweepStore{filepath.Join(dir, SweepCellsFolder)} }

// Path returns where the cell of a hash stands.
func (s SweepStore) Path(hash string) string { return filepath.Join(s.dir, hash[:2], hash+".json") }

// CorruptError is a cell file that is not what was written.
type CorruptError struct{ Path, Why string }

// Error says which file and why.
func (e CorruptError) Error() string { return e.Path + ": corrupt: " + e.Why }

// A cell file is one JSON object, {"schema":1,"checksum":"HEX","cell":{...}}, and a newline. The
// checksum is the SHA-256 of the cell's hash and the bytes of its object, so that a file is judged
// without being decoded, and not taken for another cell's.
const (
	cellBefore = `{"schema":1,"checksum":"`
	cellMiddle = `","cell":`
	cellAfter  = "}\n"
)

func cellChecksum(hash string, content []byte) string {
	sum := sha256.New()
	io.WriteString(sum, hash+"\n")
	sum.Write(content)
	return hex.EncodeToString(sum.Sum(nil))
}

// EncodeSweepCell returns the bytes of a cell's file. Equal cells are equal bytes.
func EncodeSweepCell(hash string, c *SweepCell) ([]byte, error) {
	written := *c
	written.Values = slices.Clone(c.Values)
	for i := range written.Values {
		v := &written.Values[i]
		v.Metrics = maps.Clone(v.Metrics)
		for name, values := range v.Metrics {
			v.Metrics[name] = values.written()
		}
	}
	var wide, content bytes.Buffer
	if err := EncodeJSON(&wide, &written); err != nil {
		return nil, fmt.Errorf("cell %s: %w", hash, err)
	}
	if err := json.Compact(&content, wide.Bytes()); err != nil {
		return nil, fmt.Errorf("cell %s: %w", hash, err)
	}
	return []byte(cellBefore + cellChecksum(hash, content.Bytes()) + cellMiddle + content.String() + cellAfter), nil
}

// DecodeSweepCell reads the bytes of the file of the cell with a hash; a CorruptError says what is
// wrong with them.
func DecodeSweepCell(path, hash string, data []byte) (*SweepCell, error) {
	content, _, err := cellContent(path, hash, data)
	if err != nil {
		return nil, err
	}
	var c SweepCell
	if err := json.Unmarshal(content, &c); err != nil {
		return nil, CorruptError{path, err.Error()}
	}
	return &c, nil
}

// cellContent checks the bytes of a cell file and returns its object, and the checksum.
func cellContent(path, hash string, data []byte) (content []byte, checksum string, err error) {
	const sum = len(cellBefore) + 64
	rest, ok := bytes.CutPrefix(data, []byte(cellBefore))
	if !ok || len(data) < sum+len(cellMiddle)+len(cellAfter) || string(data[sum:sum+len(cellMiddle)]) != cellMiddle || !bytes.HasSuffix(data, []byte(cellAfter)) {
		return nil, "", CorruptError{path, fmt.Sprintf("want a whole cell file of schema %d, got %d bytes of something else", Schema, len(data))}
	}
	checksum = string(rest[:64])
	content = data[sum+len(cellMiddle) : len(data)-len(cellAfter)]
	if got := cellChecksum(hash, content); got != checksum {
		return nil, "", CorruptError{path, "its checksum is of other bytes"}
	}
	return content, checksum, nil
}

// Check returns the checksum of a cell's file without decoding it. Without the file the error is
// os.ErrNotExist, and of one that is not what was written it is a CorruptError.
func (s SweepStore) Check(hash string) (checksum string, err error) {
	path := s.Path(hash)
	data, err := readCell(path)
	if err != nil {
		return "", err
	}
	_, checksum, err = cellContent(path, hash, data)
	return checksum, err
}

// Get reads a cell. Errors are as of Check.
func (s SweepStore) Get(hash string) (*SweepCell, error) {
	path := s.Path(hash)
	data, err := readCell(path)
	if err != nil {
		return nil, err
	}
	return DecodeSweepCell(path, hash, data)
}

func readCell(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, syscall.ELOOP):
		return nil, CorruptError{path, "want a file, got a link to itself"}
	case err == nil && !info.Mode().IsRegular(): // to read a pipe would wait forever
		return nil, CorruptError{path, "want a file, got " + info.Mode().Type().String()}
	}
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: cannot read: %w", path, plainCause(err))
	}
	return data, err
}

// Put keeps a cell: its file is whole or absent at any moment.
func (s SweepStore) Put(hash string, c *SweepCell) error {
	data, err := EncodeSweepCell(hash, c)
	if err != nil {
		return err
	}
	path := s.Path(hash)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("%s: cannot write: %w", path, plainCause(err))
	}
	return WriteFile(path, func(w io.Writer) error { _, err := w.Write(data); return err })
}
