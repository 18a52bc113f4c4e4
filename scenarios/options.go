package scenarios

import (
	"io"
	"time"
)

// Progress is told how far a long piece of work is. Start begins a piece of total
// steps, Done ends it, also when it was not finished. Add may be called from several
// goroutines.
type Progress interface {
	Start(name string, total int)
	Add(n int)
	Done()
}

// Console is where a verb writes. In options that have an Out of their own, a path,
// the writer is Console.Out.
type Console struct {
	Out      io.Writer // results
	Err      io.Writer // warnings
	JSON     bool      // results as JSON instead of text
	Color    bool      // text may have colours: a terminal, and NO_COLOR is not set
	Progress Progress  // nil: nobody is told
}

// progress returns what to tell.
func (c Console) progress() Progress {
	if c.Progress == nil {
		return silent{}
	}
	return c.Progress
}

// silent is the Progress of nobody.
type silent struct{}

func (silent) Start(string, int) {}
func (silent) Add(int)           {}
func (silent) Done()             {}

// RunOptions are those of `slosim run`.
type RunOptions struct {
	Console
	Scenario    *Scenario
	Dir         string // -o: where results go; empty: ClaimDir chooses when there are some
	Profile     string // --profile: a profile's file to use as it is; empty: measure, or the cache
	SaveProfile string // --save-profile: file to write the used profile to; empty: none
	Service     string // --service: "profile"
	DryRun      bool   // --dry-run: say what would run, write nothing
	Jobs        int    // --jobs: replications at a time, 1 or more
	Records     bool   // --records: write queries.parquet

	Trace        bool          // --trace: write schedule.json of the first replication
	TraceFrom    time.Duration // --trace-from: instant from which arriving queries are traced; below 0: the end of the warm-up
	TraceQueries int           // --trace-queries: of each contender; 0: TraceQueries

	Command string // as typed, for the manifest
	Doing   string // what progress calls it; empty: simulating
}

// ValidateOptions are those of `slosim validate`.
type ValidateOptions struct {
	Console
	Scenario *Scenario
	Dir      string // -o: folder for validation.json and the plots; empty: none
	Profile  string // --profile: a profile's file to use as it is; empty: measure, or the cache
}

// MeasureOptions are those of `slosim measure`.
type MeasureOptions struct {
	Console
	Network     string
	Techniques  []Technique    // at least one
	Antagonists []Interference // levels besides the undisturbed one: Antagonist and Intensity
	Workers     int            // busy at the same time, 1 or more
	Seed        int64
	Out         string // -o: the profile's file
	Check       string // --check: a profile's file to test for drift; of the others only Seed has a meaning then
}

// TrainOptions are those of `slosim train`.
type TrainOptions struct {
	Console
	Network string
	Seed    int64
	Data    string // --data: folder of the training files; empty: DataDir
	Out     string // -o: folder for the weights
	Sampler string // --sampler: a name of Samplers, for wide networks alone; empty: the recipe's
	Samples int    // --samples: classes that the sampler draws; 0: the recipe's, or the sampler's default
}

// DataOptions are those of `slosim data`.
type DataOptions struct {
	Console
	Name string // of workloads.MadeSets
	From string // --from: folder of the dictionary files; empty: workloads.WordNetDir
	Out  string // -o: folder for the set; empty: one in the cache, where networks look for it
}

// TradeoffOptions are those of `slosim tradeoff`.
type TradeoffOptions struct {
	Console
	Networks   []string    // at least one, each once
	Techniques []Technique // empty: all
	Seeds      int         // --seeds: training seeds to average over, 1 or more
	Data       string      // --data: folder of the training files, for seeds that do not ship; empty: DataDir
	Loss       float64     // --loss: accuracy that may be lost, 0 to 1
	Margin     float64     // --margin: standard errors of the loss by which a point must stay within Loss, 0 to 10
	Loss5      float64     // --loss5: precision at 5 that the last table's points may lose, 0 to 1; of wide outputs only
	Out        string      // -o: folder for pictures and rows; empty: none
}

// BenchOptions are those of `slosim bench`.
type BenchOptions struct {
	Console
	Groups  []string // --group: of BenchGroups; empty: all
	Rounds  int      // --rounds: at least 6, which an interval takes
	Sim     bool     // --sim: simulations instead of kernels
	Profile string   // --profile: of the simulations; empty: measure, or the cache

	CPUProfile string // --cpuprofile: pprof file to write of the sim.lcao rounds; empty: none
}

// SelfcheckOptions are those of `slosim selfcheck`.
type SelfcheckOptions struct {
	Console
	Seed int64 // --seed
	Jobs int   // --jobs: replications at a time, 1 or more
}

// ReportOptions are those of `slosim report`.
type ReportOptions struct {
	Console
	Dir    string // a result folder
	Out    string // -o: file for the HTML report; empty: report.html in Dir
	Versus string // --versus: contender whose paired differences to the others are printed; empty: none
}
