package reports

import (
	"math"

	"slosim/reports/result"
)

// cdfPoints is the number of shares at which a distribution of response times is kept.
const cdfPoints = 160

// DrawnSeries returns what the report draws of the contenders: the timeline of
// each over its replications, and the distribution of its response times in the
// measured window. Tallies may come in any order; those without bins have no
// timeline.
func DrawnSeries(contenders []Contender) ([]result.Timeline, []result.CDF, error) {
	runs, err := sortRuns(contenders)
	if err != nil {
		return nil, nil, err
	}
	var lines []result.Timeline
	var cdfs []result.CDF
	for i := range runs {
		if len(runs[i].Tallies[0].bins) > 0 {
			lines = append(lines, timeline(&runs[i]))
		}
		cdfs = append(cdfs, cdf(&runs[i]))
	}
	return lines, cdfs, nil
}

func timeline(run *Contender) result.Timeline {
	line := result.Timeline{Contender: run.Name, BinS: run.Tallies[0].config.Bin.Seconds()}
	for b := range run.Tallies[0].bins {
		var sum bin
		for _, t := range run.Tallies {
			sum.merge(&t.bins[b])
		}
		line.Arrived = append(line.Arrived, sum.arrived)
		line.Met = append(line.Met, sum.met)
		line.Density = append(line.Density, meanOr(sum.density, sum.finished, -1))
		line.Slowdown = append(line.Slowdown, meanOr(sum.slowdown, sum.arrived, -1))
		line.Believed = append(line.Believed, meanOr(sum.believed, sum.arrived, -1))
		line.Queue = append(line.Queue, meanOr(sum.queue, sum.arrived, -1))
	}
	line.Burn = burnTimeline(run.Tallies)
	return line
}

func (b *bin) merge(other *bin) {
	b.arrived += other.arrived
	b.met += other.met
	b.finished += other.finished
	b.density += other.density
	b.slowdown += other.slowdown
	b.believed += other.believed
	b.queue += other.queue
}

func meanOr(sum float64, n int64, none float64) float64 {
	if n == 0 {
		return none
	}
	return sum / float64(n)
}

// cdf keeps the distribution at cdfPoints shares at most.
func cdf(run *Contender) result.CDF {
	all := latencies{sample: []int64{}}
	for _, t := range run.Tallies {
		p := t.part(cellGroup{windows: []int{quiet, interference}, classes: indexes(len(t.config.Classes))})
		all.merge(&p.latency)
	}
	c := result.CDF{Contender: run.Name, MS: []float64{}, Share: []float64{}}
	last := uint64(0)
	for i := range cdfPoints {
		rank := uint64(math.Ceil(cdfShare(i) * float64(all.served)))
		if rank == last {
			continue
		}
		last = rank
		c.MS = append(c.MS, all.atRank(rank)/1e6)
		c.Share = append(c.Share, float64(rank)/float64(all.served+all.lost))
	}
	return c
}

// cdfShare spreads the kept shares evenly up to a half, then ever closer to one.
func cdfShare(i int) float64 {
	x := float64(i) / (cdfPoints - 1)
	switch {
	case x < 0.5:
		return max(x, 1e-9) // the smallest
	case i == cdfPoints-1:
		return 1
	}
	return 1 - math.Pow(10, -4*(2*x-1))/2
}

func indexes(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}
