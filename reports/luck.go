package reports

import (
	"math"
	"slices"
)

// share is a metric that is a share of queries: what became of those about an image.
type share struct {
	metric string
	count  func(imageCount) (hits, of uint32)
}

// shares are the metrics that are shares of queries.
var shares = [...]share{
	{"attainment", func(c imageCount) (hits, of uint32) { return c.met, c.arrived }},
	{"effective_accuracy", func(c imageCount) (hits, of uint32) { return c.rightMet, c.arrived }},
	{"accuracy", func(c imageCount) (hits, of uint32) { return c.right, c.answered }},
}

// sloMet is the share of slo_met, whose classes that do not keep their promise are the
// group's broken ones.
var sloMet = share{"slo_met", func(c imageCount) (hits, of uint32) { return c.kept, c.arrived }}

// luck is what a share over all replications owes to the images that happen to be in the
// data set. Replications resample the same images: more of them average the luck of
// resampling away, but not the luck of the data set, so that what differs between
// replications (Student's t) is not all that could have been different.
//
// Queries are clustered both by replication and by image, and the two-way robust
// variance of a ratio (Cameron, Gelbach and Miller, JBES 2011) is
//
//	V = V(replications) + V(images) - V(images within replications)
//
// where V(images) = G/(G-1) * sum over images of (hits - p*of)^2 / total^2 (Liang and
// Zeger, Biometrika 1986), and the last term, the same over every image of every
// replication, is what the first two both count: the noise of single queries. An image
// that several replications drew is one cluster.
type luck struct {
	clusters        float64 // images that had a query
	squares, within float64 // sums of squared residuals over images, and over images of replications
}

// widen returns the estimate over a number of replications with an interval for both
// kinds of luck: the widest of spreads.
func (l luck) widen(e estimate, replications int) estimate {
	if l.clusters < 2 || !e.known() {
		return e
	}
	between := math.Pow(e.half/tFactor(float64(replications-1)), 2)
	e.half = 0
	for _, s := range l.spreads(between, replications) {
		e.half = max(e.half, tFactor(s.freedom)*math.Sqrt(s.variance))
	}
	return e
}

// spread is the variance of an estimate with its degrees of freedom.
type spread struct{ variance, freedom float64 }

// spreads returns what an estimate may vary by, given its variance between replications: the
// sum of both kinds of luck, with degrees of freedom after Satterthwaite (Biometrics 1946), so
// that few replications matter less where the images are most of the luck; and the images
// alone, since the variance between replications may be small by chance.
func (l luck) spreads(between float64, replications int) []spread {
	if l.clusters < 2 {
		return []spread{{between, float64(replications - 1)}}
	}
	correct := l.clusters / (l.clusters - 1)
	more := correct * max(0, l.squares-l.within)
	list := []spread{{correct * l.squares, l.clusters - 1}}
	if between+more > 0 {
		freedom := math.Pow(between+more, 2) / (between*between/float64(replications-1) + more*more/(l.clusters-1))
		list = append(list, spread{between + more, freedom})
	}
	return list
}

// residuals adds the luck of a share up.
type residuals struct {
	sum    []float64 // [image] over replications
	seen   []bool
	within float64
}

func newResiduals(images int) *residuals {
	return &residuals{sum: make([]float64, images), seen: make([]bool, images)}
}

// add counts the residual, (hits - p*of)/total, of one image in one replication.
func (r *residuals) add(image int, residual float64) {
	r.sum[image] += residual
	r.seen[image] = true
	r.within += residual * residual
}

func (r *residuals) luck() luck {
	l := luck{within: r.within}
	for image, residual := range r.sum {
		l.squares += residual * residual
		if r.seen[image] {
			l.clusters++
		}
	}
	return l
}

// lucksOf returns the luck of each share in a cell. Without images there is none.
func lucksOf(tallies []*Tally, group cellGroup) (lucks [len(shares)]luck) {
	for s := range shares {
		lucks[s] = luckOfShare(tallies, &group, &shares[s])
	}
	return lucks
}

// luckOfShare returns the luck of one share.
func luckOfShare(tallies []*Tally, group *cellGroup, s *share) luck {
	images := tallies[0].config.Samples
	whole := shareTotal(tallies, group, s)
	sums := newResiduals(images)
	for _, t := range tallies {
		for i := range images {
			count := t.image(group, i)
			if hits, of := s.count(count); of > 0 {
				sums.add(i, whole.residual(hits, of))
			}
		}
	}
	return sums.luck()
}

// total is a share over all replications, and of how many queries.
type total struct{ p, of float64 }

// residual is what an image adds to the share above what is expected of it; 0 where the
// share is of nothing.
func (t total) residual(hits, of uint32) float64 {
	if of == 0 {
		return 0
	}
	return (float64(hits) - t.p*float64(of)) / t.of
}

func shareTotal(tallies []*Tally, group *cellGroup, s *share) (whole total) {
	for _, t := range tallies {
		for i := range t.config.Samples {
			count := t.image(group, i)
			hits, of := s.count(count)
			whole.p += float64(hits)
			whole.of += float64(of)
		}
	}
	whole.p /= whole.of
	return whole
}

// imageCount says what became of the queries about an image.
type imageCount struct {
	arrived, met, rightMet, answered, right uint32

	kept uint32 // met by classes that keep their promise of accuracy
}

// image adds up an image's queries in a group's classes and windows.
func (t *Tally) image(group *cellGroup, i int) (sum imageCount) {
	for _, c := range group.classes {
		for _, w := range group.windows {
			fate := &t.images[c][w]
			met := fate[metRight][i] + fate[metWrong][i]
			right := fate[metRight][i] + fate[lateRight][i]
			answered := met + fate[lateRight][i] + fate[lateWrong][i]
			sum.arrived += answered + fate[lost][i]
			sum.answered += answered
			sum.met += met
			sum.right += right
			sum.rightMet += fate[metRight][i]
			if !slices.Contains(group.broken, c) {
				sum.kept += met
			}
		}
	}
	return sum
}
