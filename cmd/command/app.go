package command

import (
	"context"

	"slosim/scenarios"
)

// App is what the verbs call; scenarios.App is the real one.
type App interface {
	catalogue
	simulator
	sweeper
	measurer
}

// catalogue says what may be named.
type catalogue interface {
	Known() scenarios.Known
}

// simulator runs scenarios and shows results.
type simulator interface {
	Run(ctx context.Context, o scenarios.RunOptions) error
	Check(ctx context.Context, o scenarios.CheckOptions) error
	Capacity(ctx context.Context, o scenarios.CapacityOptions) error
	Compare(ctx context.Context, o scenarios.CompareOptions) error
	Validate(ctx context.Context, o scenarios.ValidateOptions) error
	Breakpoint(ctx context.Context, o scenarios.BreakpointOptions) error
	Explain(ctx context.Context, o scenarios.ExplainOptions) error
	Report(ctx context.Context, o scenarios.ReportOptions) error
	Selfcheck(ctx context.Context, o scenarios.SelfcheckOptions) error
	Policytest(ctx context.Context, o scenarios.PolicytestOptions) error
}

// sweeper runs scenarios over their axes.
type sweeper interface {
	Sweep(ctx context.Context, o scenarios.SweepOptions) error
	SweepChunk(ctx context.Context, o scenarios.ChunkOptions) error
	SweepStatus(ctx context.Context, o scenarios.MergeOptions) error
	SweepMerge(ctx context.Context, o scenarios.MergeOptions) error
	SweepOnSlurm(ctx context.Context, o scenarios.SweepOptions, cluster scenarios.SlurmOptions) error
	SweepResubmit(ctx context.Context, o scenarios.JobOptions) error
	SweepCancel(ctx context.Context, o scenarios.JobOptions) error
}

// measurer makes data and networks and measures them.
type measurer interface {
	Data(ctx context.Context, o scenarios.DataOptions) error
	Measure(ctx context.Context, o scenarios.MeasureOptions) error
	CheckProfile(ctx context.Context, o scenarios.MeasureOptions) error
	Train(ctx context.Context, o scenarios.TrainOptions) error
	Tradeoff(ctx context.Context, o scenarios.TradeoffOptions) error
	Bench(ctx context.Context, o scenarios.BenchOptions) error
	BenchSim(ctx context.Context, o scenarios.BenchOptions) error
}
