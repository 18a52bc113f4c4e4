package reports

import (
	"fmt"
	"slices"

	"slosim/reports/result"
)

// imageGroups is into how many groups the images of a data set are divided for comparisons
// between results. The variance that so few groups give is itself uncertain by a quarter,
// which Student's t allows for; each image alone would take a file of megabytes.
const imageGroups = 32

// groupOf returns the group of an image, always the same, by chance: SplitMix64 of its index
// (Steele, Lea and Flood, OOPSLA 2014), since data sets may be in an order.
func groupOf(image int) int {
	x := uint64(image+1) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return int((x ^ x>>31) % imageGroups)
}

// Replications returns each metric's value in each replication. The contenders must have the
// same replications. Files are left to the caller.
func Replications(contenders []Contender) (result.Replications, error) {
	runs, err := sortRuns(contenders)
	if err != nil {
		return result.Replications{}, err
	}
	out := result.Replications{Schema: result.Schema, Replications: replicationsOf(&runs[0])}
	groups := cellGroups(runs[0].Tallies[0])
	for i := range runs {
		if got := replicationsOf(&runs[i]); !slices.Equal(got, out.Replications) {
			return result.Replications{}, fmt.Errorf("replications: contender %q: want %v, as of %q, got %v", runs[i].Name, out.Replications, runs[0].Name, got)
		}
		one := result.Replicated{Contender: runs[i].Name}
		for _, group := range groups {
			one.Cells = append(one.Cells, replicatedCell(runs[i].Tallies, group))
		}
		one.Images = imageCounts(runs[i].Tallies)
		out.Contenders = append(out.Contenders, one)
	}
	return out, nil
}

func replicationsOf(run *Contender) (numbers []int) {
	for _, t := range run.Tallies {
		numbers = append(numbers, t.config.Replication)
	}
	return numbers
}

func replicatedCell(tallies []*Tally, group cellGroup) result.ReplicatedCell {
	cell := result.ReplicatedCell{Class: group.class, Window: group.window, Metrics: map[string]result.Series{}}
	var values [len(metrics)][]float64
	for _, t := range tallies {
		p := t.part(group)
		cell.Queries = append(cell.Queries, p.arrived)
		for m := range metrics {
			values[m] = append(values[m], metrics[m].value(&p))
		}
	}
	for m := range metrics {
		if !metrics[m].single || group.class == everyClass {
			cell.Metrics[metrics[m].name] = result.NewSeries(values[m])
		}
	}
	return cell
}

// imageCounts counts by groups of images, where these are told apart.
func imageCounts(tallies []*Tally) (list []result.ImageCounts) {
	first := tallies[0]
	for c, class := range first.config.Classes {
		for w, window := range [windows]string{quiet: "quiet", interference: "interference"} {
			if first.config.Samples > 0 && first.length[w] > 0 {
				group := cellGroup{class: class, window: window, classes: []int{c}, windows: []int{w}}
				list = append(list, imageCountsOf(tallies, &group))
			}
		}
	}
	return list
}

func imageCountsOf(tallies []*Tally, group *cellGroup) result.ImageCounts {
	counts := result.ImageCounts{Class: group.class, Window: group.window}
	for _, t := range tallies {
		var sums [imageGroups]imageCount
		for i := range t.config.Samples {
			sums[groupOf(i)].merge(t.image(group, i))
		}
		counts.Arrived = append(counts.Arrived, countsOf(sums[:], func(c imageCount) uint32 { return c.arrived }))
		counts.Answered = append(counts.Answered, countsOf(sums[:], func(c imageCount) uint32 { return c.answered }))
		counts.Right = append(counts.Right, countsOf(sums[:], func(c imageCount) uint32 { return c.right }))
		counts.Met = append(counts.Met, countsOf(sums[:], func(c imageCount) uint32 { return c.met }))
		counts.RightMet = append(counts.RightMet, countsOf(sums[:], func(c imageCount) uint32 { return c.rightMet }))
	}
	return counts
}

// merge adds the queries about another image.
func (c *imageCount) merge(other imageCount) {
	c.arrived += other.arrived
	c.met += other.met
	c.rightMet += other.rightMet
	c.answered += other.answered
	c.right += other.right
	c.kept += other.kept
}

func countsOf(sums []imageCount, count func(imageCount) uint32) []int64 {
	list := make([]int64, len(sums))
	for g := range sums {
		list[g] = int64(count(sums[g]))
	}
	return list
}
