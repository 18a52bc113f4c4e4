package scenarios

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// BenchmarkSimulation is one replication of what slosim bench --sim measures, on the golden
// profile, which has slo-nn.
func BenchmarkSimulation(b *testing.B) {
	app, err := NewApp()
	if err != nil {
		b.Fatal(err)
	}
	text := strings.ReplaceAll(fmt.Sprintf(simScenario, "300s", "kind = \"poisson\"\nload = 0.6", "50ms"), "slo-nn-probe", "slo-nn")
	s, err := Parse("bench.toml", []byte(text), app.Known())
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
