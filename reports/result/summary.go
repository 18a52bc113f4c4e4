package result

import (
	"cmp"
	"slices"
)

// Summary is summary.json: every statistic of a run.
type Summary struct {
	Schema int    `json:"schema"` // 1
	Title  string `json:"title"`
	Cells  []Cell `json:"cells"`
	// Notes are caveats and warnings that belong to the numbers (transform used,
	// too few replications, extrapolated levels, a profile that does not match).
	Notes []string `json:"notes"`
	// Bounds are what no policy can beat, one a technique; absent where nobody knows the truth.
	Bounds []Bound `json:"bounds,omitempty"`
}

// Bound is what a technique could reach if every query ran alone, at its cheapest right
// point: from outcomes and times of the profile's truth half, without waiting or interference.
type Bound struct {
	Technique string `json:"technique"`
	Images    int    `json:"images"` // test images
	// Right is the share of images for which some point is right, Wilson's interval:
	// what effective accuracy would be if time were free.
	Right Metric `json:"right"`
	// ServiceUS is the mean service time in microseconds of the cheapest right point,
	// activation included, over those images; the interval holds images and timing.
	ServiceUS Metric `json:"service_us"`
	// MemoryBytes is what all weights and tables of the technique's points take in
	// memory; LeastBytes what its smallest point needs. 0: not known.
	MemoryBytes int64 `json:"memory_bytes,omitempty"`
	LeastBytes  int64 `json:"least_bytes,omitempty"`
}

// Cell holds the metrics of one contender, class and window.
type Cell struct {
	Contender    string             `json:"contender"`
	Technique    string             `json:"technique"`
	Policy       string             `json:"policy"`
	Class        string             `json:"class"`  // "all" or a class's name
	Window       string             `json:"window"` // "all", "quiet" or "interference"
	Set          map[string]string  `json:"set,omitempty"`
	Replications int                `json:"replications"`
	Batches      int                `json:"batches,omitempty"` // of a single replication, which its intervals are of
	Queries      int64              `json:"queries"`           // arrived in the window, over all replications
	Metrics      map[string]Metric  `json:"metrics"`
	Versus       map[string]Against `json:"versus,omitempty"` // paired differences, by the other contender's name and metric: "full attainment"
}

// Metric is an estimate with its 95 % interval over replications. Null when it does
// not exist (an infinite quantile, fewer than 20/(1-q) samples); Missing then says why.
type Metric struct {
	Mean    *float64 `json:"mean"`
	Lo      *float64 `json:"lo"`
	Hi      *float64 `json:"hi"`
	Missing Missing  `json:"missing,omitempty"`
}

// Missing is the reason for a null mean.
type Missing string

// The reasons for a null mean.
const (
	Infinite Missing = "infinite" // the quantile falls among queries that never finished
	Few      Missing = "few"      // fewer samples than the quantile needs, or none at all
)

// Against is a paired difference (this minus the other) under common draws.
type Against struct {
	Metric
	Significant bool `json:"significant"` // the interval excludes 0
}

// Manifest is manifest.json: how a result came to be. It alone holds timestamps.
type Manifest struct {
	Schema           int      `json:"schema"`
	Version          string   `json:"version"`
	Commit           string   `json:"commit"`
	Go               string   `json:"go"`
	CPU              string   `json:"cpu"`
	Cores            int      `json:"cores"`
	Kernel           string   `json:"kernel"`  // variant
	Command          string   `json:"command"` // as typed, quoted for a shell; "" if unknown
	Scenario         string   `json:"scenario"`
	ScenarioFile     string   `json:"scenario_file,omitempty"` // as named; relative to Folder
	Folder           string   `json:"folder,omitempty"`        // the working one
	Service          string   `json:"service,omitempty"`       // where service times come from: "profile" or "kernel"
	ScenarioHash     string   `json:"scenario_hash"`
	ScenarioText     string   `json:"scenario_text"`
	ProfileHash      string   `json:"profile_hash"`
	ProfileOrigin    string   `json:"profile_origin"` // "measured", "cache" or the file given
	Seed             int64    `json:"seed"`
	StartedAt        string   `json:"started_at"` // RFC 3339
	WallSeconds      float64  `json:"wall_seconds"`
	QueriesPerSecond float64  `json:"simulated_queries_per_second"`
	Interrupted      bool     `json:"interrupted"`
	Warnings         []string `json:"warnings"`
	Failed           []string `json:"failed,omitempty"` // contenders that broke the rules, with the reason
	// Files are the SHA-256 sums of summary.json, figures.json and replications.json, by name, as written.
	Files map[string]string `json:"files,omitempty"`
}

// Figures is figures.json: the series that the report draws.
type Figures struct {
	Schema   int        `json:"schema"`
	Fronts   []Front    `json:"fronts"`
	Timeline []Timeline `json:"timeline"`
	CDFs     []CDF      `json:"cdfs"`
	Shaded   []Interval `json:"interference"`
	Classes  []SLO      `json:"classes"`
	Campaign Campaign   `json:"campaign"`
	// Reliability judges confidences, a curve a point; absent without a technique that has them.
	Reliability []Reliability `json:"reliability,omitempty"`
	// Alerts are the pairs of windows that burn rates are taken over; absent without objectives.
	Alerts []Alert `json:"alerts,omitempty"`
	// WarmUp and Duration bound the measured window, in seconds of virtual time.
	WarmUp   float64 `json:"warmup_s"`
	Duration float64 `json:"duration_s"`
}

// Front is the accuracy-time front of one technique, as measured on the truth half.
type Front struct {
	Technique string       `json:"technique"`
	Points    []FrontPoint `json:"points"`
}

// Undominated returns the points that no other one beats in time and accuracy, by
// ascending time: each is right more often than all faster ones.
func (f *Front) Undominated() []FrontPoint {
	sorted := slices.Clone(f.Points)
	slices.SortStableFunc(sorted, func(a, b FrontPoint) int {
		return cmp.Or(cmp.Compare(a.MeanUS, b.MeanUS), cmp.Compare(b.Accuracy, a.Accuracy))
	})
	var kept []FrontPoint
	for _, p := range sorted {
		if len(kept) == 0 || p.Accuracy > kept[len(kept)-1].Accuracy {
			kept = append(kept, p)
		}
	}
	return kept
}

// FrontPoint is one operating point, alone on the machine.
type FrontPoint struct {
	Name       string  `json:"name"`
	Density    float64 `json:"density"`
	MeanUS     float64 `json:"mean_us"` // microseconds, activation included
	MeanLo     float64 `json:"mean_us_lo"`
	MeanHi     float64 `json:"mean_us_hi"`
	P99US      float64 `json:"p99_us"`
	Accuracy   float64 `json:"accuracy"`
	AccuracyLo float64 `json:"accuracy_lo"` // Wilson 95 %
	AccuracyHi float64 `json:"accuracy_hi"`
	Calibrated float64 `json:"accuracy_calibration"`
	Cascade    bool    `json:"cascade"`
	Speedup    float64 `json:"speedup"` // over the dense reference of the same campaign
}

// Reliability is the reliability diagram of one point: its calibrated confidence, fitted
// on the calibration half, against the answers of the truth half.
type Reliability struct {
	Technique string           `json:"technique"`
	Point     string           `json:"point"`
	Images    int              `json:"images"` // test images with a confidence
	Bins      []ReliabilityBin `json:"bins"`   // ascending
	// ECE is the expected calibration error: the mean over images of the distance between
	// a bin's mean confidence and its share of right answers, 0 to 1.
	ECE float64 `json:"ece"`
	// ECEChance is what ECE would be on as many images, were every confidence exact.
	ECEChance float64 `json:"ece_chance"`
}

// ReliabilityBin is a tenth of the images, those of neighbouring confidence; equal
// confidences are never parted.
type ReliabilityBin struct {
	Images     int     `json:"images"`
	From       float64 `json:"from"` // least confidence, 0 to 1
	To         float64 `json:"to"`   // greatest
	Confidence float64 `json:"confidence"`
	Right      float64 `json:"right"`    // share of right answers
	RightLo    float64 `json:"right_lo"` // Wilson 95 %
	RightHi    float64 `json:"right_hi"`
}

// Timeline is attainment and density of one contender over virtual time, in bins,
// over all replications.
type Timeline struct {
	Contender string    `json:"contender"`
	BinS      float64   `json:"bin_s"`
	Arrived   []int64   `json:"arrived"`
	Met       []int64   `json:"met"`
	Density   []float64 `json:"density"`  // mean of answered queries, NaN-free: -1 without one
	Slowdown  []float64 `json:"slowdown"` // true, mean over the bin's arrivals
	Believed  []float64 `json:"believed"`
	Queue     []float64 `json:"queue"` // mean number waiting seen by arrivals
	// Burn is the largest burn rate within each bin that both windows of an alert saw, all classes, mean over
	// replications, by the alert's metric; -1 where there is none. Absent without objectives.
	Burn map[string][]float64 `json:"burn,omitempty"`
}

// CDF is the distribution of response times of one contender; dropped queries never finish.
type CDF struct {
	Contender string    `json:"contender"`
	MS        []float64 `json:"ms"`    // ascending
	Share     []float64 `json:"share"` // of arrived queries that finished within
}

// Alert is a pair of windows over which burn rates of error budgets are taken: an alert is raised when both
// are at the threshold or above.
type Alert struct {
	Metric    string  `json:"metric"`   // burn_1h and the like, named after the long window of 30 days
	Severity  string  `json:"severity"` // "page" or "ticket"
	Threshold float64 `json:"threshold"`
	LongS     float64 `json:"long_s"` // windows scaled to the measured window, seconds of virtual time
	ShortS    float64 `json:"short_s"`
}

// SLO is the promise of one class, as the report's table shows it.
type SLO struct {
	Name      string  `json:"name"`
	Share     float64 `json:"share"`      // of the arrivals
	LatencyMS float64 `json:"latency_ms"` // target at the start of the run
	Accuracy  float64 `json:"accuracy"`   // target at the start of the run
	Objective float64 `json:"objective"`  // share of its queries that should be answered in time; 0: not known
	Changes   int     `json:"changes"`    // later changes of the target
}

// Interval is a piece of virtual time with interference.
type Interval struct {
	FromS  float64 `json:"from_s"`
	ToS    float64 `json:"to_s"`
	Kind   string  `json:"kind"`
	Degree float64 `json:"intensity"`
	// Factor is the mean of a recorded slow-down, whose file is then the Kind, or one that is made up
	// (Kind "factor"); 0: an antagonist.
	Factor float64 `json:"mean_factor,omitempty"`
}

// Campaign is what the report says of the measuring.
type Campaign struct {
	Machine     map[string]string `json:"machine"`
	Levels      []CampaignLevel   `json:"levels"`
	ReferenceUS float64           `json:"reference_us"` // dense reference alone, median
	Drift       float64           `json:"drift"`
	Blocks      int               `json:"blocks"`
	BlockSize   int               `json:"block_size"`
	Seconds     float64           `json:"seconds"`
	Warnings    []string          `json:"warnings"`
}

// CampaignLevel is one level of disturbance.
type CampaignLevel struct {
	Name      string  `json:"name"`
	Slowdown  float64 `json:"slowdown"`
	Kept      int     `json:"kept"`
	Discarded int     `json:"discarded"`
	Share     float64 `json:"antagonist_share"`
	Stalls    int     `json:"stalls"`
	StallMS   float64 `json:"stall_median_ms"`
}

// Row is one query, as in queries.parquet. Times are nanoseconds of virtual time.
type Row struct {
	Contender      string  `parquet:"contender,dict"`
	Replication    int32   `parquet:"replication"`
	ID             int64   `parquet:"id"`
	Class          string  `parquet:"class,dict"`
	Sample         int32   `parquet:"sample"`
	ArriveNS       int64   `parquet:"arrive_ns"`
	StartNS        int64   `parquet:"start_ns"`    // -1: never started
	FinishNS       int64   `parquet:"finish_ns"`   // -1: dropped
	DeadlineNS     int64   `parquet:"deadline_ns"` // instant
	AccuracyTarget float64 `parquet:"accuracy_target"`
	Worker         int32   `parquet:"worker"`
	Point          int32   `parquet:"point"` // -1: dropped
	PointName      string  `parquet:"point_name,dict"`
	Density        float64 `parquet:"density"`
	Right          bool    `parquet:"right"`
	Why            string  `parquet:"why,dict"`
	BusyNS         int64   `parquet:"busy_ns"` // time on the worker: probe, switch, load, service, stalls
	Slowdown       float64 `parquet:"slowdown"`
	Believed       float64 `parquet:"believed"`
	Queue          int32   `parquet:"queue"` // waiting at its arrival
	Interference   bool    `parquet:"interference"`
}
