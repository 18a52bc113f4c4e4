package result

import "fmt"

// The names of the merged files of a sweep's folder, beside pictures in PlotsFolder and ReportFile.
// MergedFile comes last: a folder that has it holds whole results.
const (
	MergedFile       = "merged.json"
	SweepTable       = "sweep"        // .csv and .parquet: a row for each cell, contender, class and window
	ReplicationTable = "replications" // .parquet: a row for each cell, contender, window and replication
	WinsTable        = "wins"         // .csv: a row for each cell and metric
)

// SweepMerged is merged.json: what the cells of a sweep say together.
type SweepMerged struct {
	Schema   int         `json:"schema"`
	Scenario string      `json:"scenario"`
	Title    string      `json:"title"`
	Cells    int         `json:"cells"`  // of the plan
	Merged   int         `json:"merged"` // of these, that are in here
	Digest   string      `json:"digest"` // SHA-256 of the checksums of the cells that are in here
	Queries  int64       `json:"queries"`
	Axes     []SweepAxis `json:"axes"`

	Overall []SweepAverage `json:"overall"` // over all cells, a contender each
	Lines   []SweepLine    `json:"lines"`   // an axis each
	Maps    []SweepMap     `json:"maps"`    // a pair of axes each
	Fronts  []SweepFront   `json:"fronts"`  // a contender and its choices each
	Wins    []SweepWins    `json:"wins"`    // a contender and metric each

	Failed []SweepBroken `json:"failed,omitempty"` // contenders that broke the rules
	Notes  []string      `json:"notes"`
	Nodes  []SweepNode   `json:"nodes"` // where cells were simulated
}

// SweepAverage is a contender's mean over cells, of class "all" in window "all".
type SweepAverage struct {
	Contender string            `json:"contender"`
	Policy    string            `json:"policy"`
	Technique string            `json:"technique"`
	Cells     int               `json:"cells"` // averaged over
	Metrics   map[string]Metric `json:"metrics"`
}

// SweepLine are averages along an axis: over all cells that have its value, or one of its bin's.
type SweepLine struct {
	Axis string     `json:"axis"`
	Unit string     `json:"unit,omitempty"`
	Log  bool       `json:"log"`
	Bins []SweepBin `json:"bins"`
}

// SweepBin is a value of an axis, or several neighbours where there are many or they are samples.
type SweepBin struct {
	Label string   `json:"label"`
	At    *float64 `json:"at"` // on the axis: the mean of the bin's values; null: it has no numbers
	// From and To are the least and the greatest of the bin's numbers; absent: it has one number, or none.
	From     *float64       `json:"from,omitempty"`
	To       *float64       `json:"to,omitempty"`
	Averages []SweepAverage `json:"averages"`
	Best     []SweepBest    `json:"best"`
}

// SweepMap are averages over two axes: [y][x].
type SweepMap struct {
	X     string         `json:"x"`
	Y     string         `json:"y"`
	XBins []SweepBin     `json:"x_bins"` // labels alone
	YBins []SweepBin     `json:"y_bins"`
	Cells [][]SweepPlace `json:"cells"`
}

// SweepPlace is a place of a map.
type SweepPlace struct {
	Averages []SweepAverage `json:"averages"`
	Best     []SweepBest    `json:"best"`
}

// SweepBest is who is best in a metric: the best mean of those that compete, and those that cannot
// be told from it, since the interval of the paired difference holds 0.
type SweepBest struct {
	Metric    string   `json:"metric"`
	Contender string   `json:"contender"`
	Tied      []string `json:"tied,omitempty"`
	RunnerUp  string   `json:"runner_up,omitempty"`
	// Difference is the best's lead over the runner-up: null without a second competitor.
	Difference Against `json:"difference"`
}

// SweepFront is a contender with the values of the axes of choices, averaged over all other axes.
type SweepFront struct {
	Contender   string            `json:"contender"`
	Choice      map[string]string `json:"choice,omitempty"`
	Cells       int               `json:"cells"`
	Metrics     map[string]Metric `json:"metrics"`
	Undominated bool              `json:"undominated"` // no other one beats both its attainment and accuracy
}

// SweepWins counts the cells in which a contender is best in a metric.
type SweepWins struct {
	Contender string `json:"contender"`
	Metric    string `json:"metric"`
	Outright  int    `json:"outright"` // better than every other one, beyond chance
	Tied      int    `json:"tied"`     // best, or not to be told from the best
	Cells     int    `json:"cells"`    // in which it took part
}

// SweepBroken is a contender that broke the rules in some cells.
type SweepBroken struct {
	Contender string `json:"contender"`
	Cells     int    `json:"cells"` // in which it did
	First     int    `json:"first"` // of these
	Why       string `json:"why"`   // there
}

// ReadSweepMerged reads a merged.json; errors as of ReadSummary.
func ReadSweepMerged(path string) (*SweepMerged, error) {
	var m SweepMerged
	if err := readJSON(path, &m, []string{"schema", "digest", "overall", "maps"}); err != nil {
		return nil, err
	}
	if !hexHash.MatchString(m.Digest) {
		return nil, fmt.Errorf("%s: digest: want 64 hexadecimal digits, got %q", path, m.Digest)
	}
	return &m, nil
}
