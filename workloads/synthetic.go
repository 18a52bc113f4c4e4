package workloads

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"slosim/workloads/rng"
)

// SyntheticXMC states a made-up set of extreme classification with planted topics. It has
// the sizes and the skew of a real one, not its meaning: what a network or an activator
// gets right on it says nothing of how right it is on real data.
//
// Labels have a rank, and a weight of rank to the power of -Tail; each belongs to one
// topic, by lot. A sample draws PerSample topics by weight (one may come twice), and its
// labels from these topics by weight. A feature stands for one of the sample's labels: it
// is drawn by Zipf's law from an order of all features that, by the toss of a coin, is the
// label's own or that of its topic, or else (Noise) from all features alike. Labels and
// features are drawn until enough differ, so the heads of both laws are flatter than
// stated. A value is 1 + log(times drawn), then normalised. The numbers of labels and of
// features vary with a CV of about 0.5.
type SyntheticXMC struct {
	Samples         int     // samples of a part
	Features        int     // all there are
	Classes         int     // labels there are
	Topics          int     // at most Classes
	PerSample       int     // topics a sample mixes
	Active          float64 // mean features a sample, 1 to half of Features
	LabelsPerSample float64 // mean, 1 to half of Classes
	Tail            float64 // exponent of the power law of label frequencies by rank
	Noise           float64 // share of features drawn at random, 0 to 1
	Seed            uint64
}

const (
	maxSynthetic      = 10_000_000    // features and labels: some tables have an entry for each
	maxSyntheticDraws = 4_000_000_000 // features of all samples
)

// Validate returns everything that is wrong with the spec, nothing if it is fine.
func (s SyntheticXMC) Validate() []FieldError {
	var wrong []FieldError
	within := func(key string, value, low, high float64) {
		if !(value >= low && value <= high) {
			wrong = append(wrong, FieldError{key, fmt.Sprintf("%v..%v", low, high), fmt.Sprint(value)})
		}
	}
	within("samples", float64(s.Samples), 1, maxXMC)
	within("features", float64(s.Features), 1, maxSynthetic)
	within("classes", float64(s.Classes), 1, maxSynthetic)
	within("topics", float64(s.Topics), 1, float64(max(s.Classes, 1)))
	within("per_sample", float64(s.PerSample), 1, 1000)
	within("active", s.Active, 1, math.Max(1, float64(s.Features)/2))
	within("labels_per_sample", s.LabelsPerSample, 1, math.Max(1, float64(s.Classes)/2))
	within("tail", s.Tail, 0, 4)
	within("noise", s.Noise, 0, 1)
	if draws := float64(s.Samples) * (s.Active + s.LabelsPerSample); len(wrong) == 0 && draws > maxSyntheticDraws {
		wrong = append(wrong, FieldError{"samples", fmt.Sprintf("at most %d features and labels in all", maxSyntheticDraws), fmt.Sprint(draws)})
	}
	return wrong
}

// Generate makes the samples of a part, such as "train" or "test", normalised. Parts have
// the same topics and independent samples; the same spec and part give the same bytes (on
// machines whose exp and log round alike), and sample i is the same however many there are.
func (s SyntheticXMC) Generate(part string) (*SparseSet, error) {
	var wrong []error
	for _, field := range s.Validate() {
		wrong = append(wrong, field)
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("synthetic-xmc: %w", errors.Join(wrong...))
	}
	m := newSynthesis(s, part)
	set := &SparseSet{Name: "synthetic-xmc-" + part, Features: s.Features, Classes: s.Classes}
	for i := range s.Samples {
		m.draw(uint64(i))
		set.add(m.features.ids, m.features.values, m.labels)
	}
	set.Normalise()
	return set, nil
}

// synthesis makes samples one by one: the tables are functions of the seed, the rest is of
// the sample it is at.
type synthesis struct {
	spec    SyntheticXMC
	samples rng.Key   // of the part
	orders  rng.Draws // the feature at (place of a label or topic, rank)
	byTopic []int32   // labels, those of a topic together
	upTo    []float64 // [place in byTopic], and the end: weight of all before it
	starts  []int     // [topic], and the end: where its labels begin in byTopic
	topicAt []int32   // [place in byTopic]

	r        *rand.Rand
	topics   []int32
	places   []int32 // of the labels, in byTopic
	labels   []int32
	features xmcFeatures
	labelOf  marks
	featured marks
}

// The children of a synthetic set's key.
const (
	ofLabels uint64 = iota
	ofTopics
	ofFeatures
	ofSamples
)

func newSynthesis(s SyntheticXMC, part string) *synthesis {
	key := rng.Key{Seed: s.Seed}
	name := fnv.New64a()
	_, _ = name.Write([]byte(part)) // a hash takes everything
	m := &synthesis{
		spec:     s,
		samples:  key.Child(rng.Synthetic, ofSamples).Child(rng.Synthetic, name.Sum64()),
		orders:   key.Child(rng.Synthetic, ofFeatures).Draws(rng.Synthetic),
		labelOf:  make(marks, s.Classes),
		featured: make(marks, s.Features),
	}
	m.plant(permutation(key.Child(rng.Synthetic, ofLabels), s.Classes), key.Child(rng.Synthetic, ofTopics).Draws(rng.Synthetic))
	return m
}

// plant gives each label, listed by rank, to a topic.
func (m *synthesis) plant(ranked []int, lots rng.Draws) {
	topicOf := make([]int32, len(ranked)) // [rank]
	m.starts = make([]int, m.spec.Topics+1)
	for rank := range ranked {
		topicOf[rank] = int32(lots.Index(uint64(rank), uint64(m.spec.Topics)))
		m.starts[topicOf[rank]+1]++
	}
	for topic := range m.spec.Topics {
		m.starts[topic+1] += m.starts[topic]
	}
	next := slices.Clone(m.starts)
	m.byTopic, m.topicAt = make([]int32, len(ranked)), make([]int32, len(ranked))
	m.upTo = make([]float64, len(ranked)+1)
	for rank, label := range ranked {
		place := next[topicOf[rank]]
		next[topicOf[rank]]++
		m.byTopic[place], m.topicAt[place] = int32(label), topicOf[rank]
		m.upTo[place+1] = math.Pow(float64(rank+1), -m.spec.Tail)
	}
	for place := range ranked {
		m.upTo[place+1] += m.upTo[place]
	}
}

// draw makes sample i.
func (m *synthesis) draw(i uint64) {
	m.r = rand.New(m.samples.Source(rng.Synthetic, i))
	m.topics = m.topics[:0]
	for range m.spec.PerSample {
		m.topics = append(m.topics, m.topicAt[m.weighted(0, m.spec.Classes)])
	}
	m.drawLabels()
	m.drawFeatures()
}

// weighted returns a place from first to end-1, by the weight of its label.
func (m *synthesis) weighted(first, end int) int32 {
	u := m.upTo[first] + m.r.Float64()*(m.upTo[end]-m.upTo[first])
	return int32(first + sort.Search(end-1-first, func(j int) bool { return m.upTo[first+j+1] > u }))
}

func (m *synthesis) drawLabels() {
	wanted := m.count(m.spec.LabelsPerSample, m.spec.Classes)
	m.places, m.labels = m.places[:0], m.labels[:0]
	for try := 0; len(m.places) < wanted; try++ {
		topic := m.topics[m.r.IntN(len(m.topics))]
		place := m.weighted(m.starts[topic], m.starts[topic+1])
		if try > triesEach*wanted { // the topics have too few labels
			place = int32(m.r.IntN(m.spec.Classes))
		}
		if m.labelOf.place(place, len(m.places)) == len(m.places) {
			m.places = append(m.places, place)
			m.labels = append(m.labels, m.byTopic[place])
		}
	}
	m.labelOf.clear(m.places)
	slices.Sort(m.labels)
}

func (m *synthesis) drawFeatures() {
	wanted := m.count(m.spec.Active, m.spec.Features)
	f := &m.features
	f.ids, f.values = f.ids[:0], f.values[:0]
	for try := 0; len(f.ids) < wanted; try++ {
		id := m.feature(try > triesEach*wanted) // the laws have too short tails
		at := m.featured.place(id, len(f.ids))
		if at == len(f.ids) {
			f.ids, f.values = append(f.ids, id), append(f.values, 0)
		}
		f.values[at]++
	}
	m.featured.clear(f.ids)
	for j, times := range f.values {
		f.values[j] = float32(1 + math.Log(float64(times)))
	}
	sort.Sort(f)
}

// triesEach is how many draws each distinct label or feature of a sample may take before
// the rest is drawn from all alike, which ends soon, since a sample has at most half of them.
const triesEach = 20

// feature draws one feature. The rank is exp of a uniform number, which is Zipf's law with
// exponent 1, rounded: P(rank <= k) = log(k+1) / log(Features+1).
func (m *synthesis) feature(alike bool) int32 {
	all := m.spec.Features
	if alike || m.r.Float64() < m.spec.Noise {
		return int32(m.r.IntN(all))
	}
	place := m.places[m.r.IntN(len(m.places))]
	order := uint64(place)
	if m.r.Uint64()&1 == 0 {
		order = uint64(m.spec.Classes) + uint64(m.topicAt[place])
	}
	rank := uint64(math.Exp(m.r.Float64() * math.Log(float64(all+1))))
	return int32(m.orders.Index(order<<32|rank, uint64(all)))
}

// count draws how many a sample has: 1 and an Erlang number of shape 4 (CV 0.5), rounded
// up or down by lot so that the mean stays, at most half of all there are.
func (m *synthesis) count(mean float64, all int) int {
	x := 0.0
	for range 4 {
		x += m.r.ExpFloat64()
	}
	return min(1+int(x/4*(mean-1)+m.r.Float64()), max(all/2, 1))
}

// marks says where in a list an id is, without a search: 1 more than its place, 0 for none.
type marks []int32

// place returns the place of id; an id that has none gets next.
func (m marks) place(id int32, next int) int {
	if m[id] == 0 {
		m[id] = int32(next + 1)
	}
	return int(m[id]) - 1
}

func (m marks) clear(ids []int32) {
	for _, id := range ids {
		m[id] = 0
	}
}
