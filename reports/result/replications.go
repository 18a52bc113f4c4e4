package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
)

// Replications is replications.json: what each replication gave, which paired comparisons
// of two results need. A mean hides it.
type Replications struct {
	Schema int `json:"schema"` // 1
	// Replications are their numbers, from 0, ascending. All lists below go with them.
	Replications []int `json:"replications"`
	// Files are the SHA-256 sums, in hexadecimal, of a trace that is a file and of recorded
	// slow-downs, by key: "arrivals.trace", "interference[0].file". The scenario's text has
	// only their names.
	Files      map[string]string `json:"files,omitempty"`
	Contenders []Replicated      `json:"contenders"`
}

// Replicated is one contender.
type Replicated struct {
	Contender string           `json:"contender"`
	Cells     []ReplicatedCell `json:"cells"`
	// Images are counts by groups of images, which say how much a share of queries owes to
	// the images of the data set; absent where images are not told apart.
	Images []ImageCounts `json:"images,omitempty"`
}

// ReplicatedCell is a class and window.
type ReplicatedCell struct {
	Class   string            `json:"class"`   // "all" or a class's name
	Window  string            `json:"window"`  // "all", "quiet" or "interference"
	Queries []int64           `json:"queries"` // [replication] arrived
	Metrics map[string]Series `json:"metrics"`
}

// Series is a metric by replication. A value that is null is in one of the two lists of
// places, which say why, as Missing does.
type Series struct {
	Values   Values `json:"values"`             // [replication]
	Infinite []int  `json:"infinite,omitempty"` // places of infinite ones
	Few      []int  `json:"few,omitempty"`      // places without enough samples
}

// Values are numbers; those that are not finite are null in JSON, and NaN once read.
type Values []float64

// UnmarshalJSON reads numbers and nulls.
func (v *Values) UnmarshalJSON(data []byte) error {
	var read []*float64
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	*v = make(Values, len(read))
	for i, f := range read {
		(*v)[i] = math.NaN()
		if f != nil {
			(*v)[i] = *f
		}
	}
	return nil
}

// NewSeries makes a series of values in which +Inf is an infinite one and NaN one that
// had too few samples.
func NewSeries(values []float64) Series {
	s := Series{Values: slices.Clone(values)}
	for i, v := range values {
		switch {
		case math.IsNaN(v):
			s.Few = append(s.Few, i)
		case math.IsInf(v, 0):
			s.Infinite = append(s.Infinite, i)
		}
	}
	return s
}

// Floats returns the values as NewSeries takes them.
func (s *Series) Floats() []float64 {
	out := slices.Clone([]float64(s.Values))
	for _, i := range s.Infinite {
		out[i] = math.Inf(1)
	}
	return out
}

// ImageCounts are the queries of one class in one window by what became of them. Images
// belong to groups for good, by chance: what differs between groups is luck of the images.
type ImageCounts struct {
	Class    string    `json:"class"`     // never "all"
	Window   string    `json:"window"`    // "quiet" or "interference"
	Arrived  [][]int64 `json:"arrived"`   // [replication][group]
	Answered [][]int64 `json:"answered"`  // finished, in time or not
	Right    [][]int64 `json:"right"`     // of these
	Met      [][]int64 `json:"met"`       // finished within the latency target
	RightMet [][]int64 `json:"right_met"` // both
}

// Of finds a contender; nil if there is none of that name.
func (r *Replications) Of(contender string) *Replicated {
	for i := range r.Contenders {
		if r.Contenders[i].Contender == contender {
			return &r.Contenders[i]
		}
	}
	return nil
}

// Cell finds a class and window; nil if there is none.
func (c *Replicated) Cell(class, window string) *ReplicatedCell {
	for i := range c.Cells {
		if c.Cells[i].Class == class && c.Cells[i].Window == window {
			return &c.Cells[i]
		}
	}
	return nil
}

// Replications reads replications.json. Results of versions before there was one have none:
// the error is then one that errors.Is says is os.ErrNotExist.
func (f *Folder) Replications() (*Replications, error) {
	return ReadReplications(f.Path(ReplicationsFile))
}

// WriteReplications writes replications.json.
func (f *Folder) WriteReplications(r *Replications) error {
	return f.Write(ReplicationsFile, func(w io.Writer) error { return EncodeJSON(w, r) })
}

// ReadReplications reads a replications.json; errors as ReadSummary's.
func ReadReplications(path string) (*Replications, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: want the values by replication, got none, as of a result of an older slosim: run it again (%w)", path, os.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: cannot read: %w", path, plainCause(err))
	}
	r, err := ParseReplications(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// ParseReplications reads the text of a replications.json and checks that its lists go together.
func ParseReplications(data []byte) (*Replications, error) {
	var r Replications
	if err := decodeJSON(data, &r, []string{"schema", "replications", "contenders"}); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	return &r, nil
}

func (r *Replications) check() error {
	if len(r.Replications) == 0 {
		return errors.New("replications: want at least one, got none")
	}
	for i, n := range r.Replications {
		if n < 0 || i > 0 && n <= r.Replications[i-1] {
			return fmt.Errorf("replications[%d]: want ascending numbers from 0, got %d", i, n)
		}
	}
	seen := map[string]bool{}
	for i := range r.Contenders {
		c := &r.Contenders[i]
		if c.Contender == "" || seen[c.Contender] {
			return fmt.Errorf("contenders[%d]: want a name of its own, got %q", i, c.Contender)
		}
		seen[c.Contender] = true
		if err := c.check(len(r.Replications)); err != nil {
			return fmt.Errorf("contenders[%d].%w", i, err)
		}
	}
	return nil
}

// check wants lists of n replications.
func (c *Replicated) check(n int) error {
	seen := map[[2]string]bool{}
	for i := range c.Cells {
		cell := &c.Cells[i]
		where := [2]string{cell.Class, cell.Window}
		if cell.Class == "" || !slices.Contains(cellWindows(), cell.Window) || seen[where] {
			return fmt.Errorf("cells[%d]: want a class and a window of its own, got %q and %q", i, cell.Class, cell.Window)
		}
		seen[where] = true
		if err := cell.check(n); err != nil {
			return fmt.Errorf("cells[%d].%w", i, err)
		}
	}
	clear(seen)
	for i := range c.Images {
		counts := &c.Images[i]
		where := [2]string{counts.Class, counts.Window}
		if counts.Class == "" || !slices.Contains(cellWindows()[1:], counts.Window) || seen[where] {
			return fmt.Errorf("images[%d]: want a class and a window of its own, got %q and %q", i, counts.Class, counts.Window)
		}
		seen[where] = true
		if err := counts.check(n, c.Images[0].groups()); err != nil {
			return fmt.Errorf("images[%d].%w", i, err)
		}
	}
	return nil
}

func (c *ReplicatedCell) check(n int) error {
	if len(c.Queries) != n || slices.ContainsFunc(c.Queries, negative) {
		return fmt.Errorf("queries: want %d counts, got %d, or one below 0", n, len(c.Queries))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Metrics)) {
		s := c.Metrics[name]
		if err := s.check(n); err != nil {
			return fmt.Errorf("metrics.%s: %w", name, err)
		}
	}
	return nil
}

// check wants a reason for each null, and for nothing else.
func (s *Series) check(n int) error {
	if len(s.Values) != n {
		return fmt.Errorf("want %d values, got %d", n, len(s.Values))
	}
	reasons := make([]int, n)
	for _, i := range slices.Concat(s.Infinite, s.Few) {
		if i < 0 || i >= n {
			return fmt.Errorf("want places of values, 0 to %d, got %d", n-1, i)
		}
		reasons[i]++
	}
	for i, v := range s.Values {
		if want := count(math.IsNaN(v)); reasons[i] != want {
			return fmt.Errorf("values[%d]: want %d reasons for being null, got %d", i, want, reasons[i])
		}
	}
	return nil
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// groups is into how many groups the images are divided.
func (c *ImageCounts) groups() int {
	if len(c.Arrived) == 0 {
		return 0
	}
	return len(c.Arrived[0])
}

func (c *ImageCounts) check(n, groups int) error {
	lists := [][][]int64{c.Arrived, c.Answered, c.Right, c.Met, c.RightMet}
	for k, name := range []string{"arrived", "answered", "right", "met", "right_met"} {
		if len(lists[k]) != n {
			return fmt.Errorf("%s: want %d replications, got %d", name, n, len(lists[k]))
		}
		for r, list := range lists[k] {
			if len(list) != groups || slices.ContainsFunc(list, negative) {
				return fmt.Errorf("%s[%d]: want %d counts, got %d, or one below 0", name, r, groups, len(list))
			}
		}
	}
	for r := range n {
		for g := range groups {
			answered, right, met := c.Answered[r][g], c.Right[r][g], c.Met[r][g]
			if both := c.RightMet[r][g]; answered > c.Arrived[r][g] || max(right, met) > answered || both > min(right, met) {
				return fmt.Errorf("counts of replication %d, group %d: want right_met within right and met, these within answered, and that within arrived, got %d, %d, %d, %d and %d",
					r, g, both, right, met, answered, c.Arrived[r][g])
			}
		}
	}
	return nil
}

func negative(n int64) bool { return n < 0 }
