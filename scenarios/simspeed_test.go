package scenarios

import (
	"context"
	"testing"
)

const speedScenario = `schema = 1
title = "bench"
seed = 1
replications = 4
duration = "600s"
warmup = "2s"
[[model]]
name = "classifier"
network = "fashion-mnist"
[arrivals]
kind = "poisson"
load = 0.6
[[class]]
name = "interactive"
share = 0.7
latency = "15ms"
accuracy = 0.88
[[class]]
name = "relaxed"
share = 0.3
latency = "40ms"
accuracy = 0.85
[[machine]]
workers = 1
memory = "64MB"
[[interference]]
antagonist = "cpu"
from = "6s"
to = "598s"
every = "6s"
for = "2s"
[sensor]
period = "50ms"
lag = "100ms"
noise = 0.1
[[contender]]
name = "slo-nn lcao"
technique = "slo-nn"
policy = "lcao"
`

// BenchmarkSimulation is one replication of slo-nn under lcao in the quick start.
func BenchmarkSimulation(b *testing.B) {
	app, err := NewApp()
	if err != nil {
		b.Fatal(err)
	}
	s, err := Parse("bench.toml", []byte(speedScenario), app.Known())
	if err != nil {
		b.Fatal(err)
	}
	subject, err := app.subjectOf(s)
	if err != nil {
		b.Fatal(err)
	}
	m, err := app.profileOf(context.Background(), subject, goldenProfile("fashion-mnist"), silent{})
	if err != nil {
		b.Fatal(err)
	}
	c, err := app.newContest(s, m)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range c.entrants {
		b.Run("contender="+e.Name, func(b *testing.B) {
			queries := uint64(0)
			for i := 0; b.Loop(); i++ {
				out := c.run(context.Background(), e, i%6, false, nil)
				if out.err != nil {
					b.Fatal(out.err)
				}
				queries += out.stats.Arrived
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(queries), "ns/query")
			b.ReportMetric(float64(queries)/float64(b.N), "queries/op")
		})
	}
}
