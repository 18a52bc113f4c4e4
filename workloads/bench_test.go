package workloads

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"slosim/workloads/rng"
)

// BenchmarkArrivals measures one arrival of every kind and transform.
func BenchmarkArrivals(b *testing.B) {
	specs := processes()
	names := []string{}
	for name := range specs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b.Run("process="+name, func(b *testing.B) {
			process, err := NewProcess(specs[name])
			if err != nil {
				b.Fatal(err)
			}
			arrivals, replication := process.Start(rng.Key{}), uint32(0)
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := arrivals.Next(); !ok {
					b.StopTimer()
					replication++
					arrivals = process.Start(rng.Key{Replication: replication})
					b.StartTimer()
				}
			}
		})
	}
}

// BenchmarkStream measures one query of a Poisson stream with two classes.
func BenchmarkStream(b *testing.B) {
	arrivals, err := NewArrivals(ArrivalSpec{Kind: "poisson", Rate: 1e6, Duration: 10 * time.Hour}, rng.Key{})
	if err != nil {
		b.Fatal(err)
	}
	stream, err := NewStream(StreamSpec{Sources: []Arrivals{arrivals}, Classes: twoClasses(0.5), Samples: 10_000})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var q Query
	for b.Loop() {
		stream.Next(&q)
	}
}

// BenchmarkReadTrace measures parsing the larger embedded trace.
func BenchmarkReadTrace(b *testing.B) {
	for b.Loop() {
		trace, err := OpenTrace("azure-llm-2023-conv", 0)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(trace.Requests)) // bytes/s reads as rows/s
	}
}

// benchmarkRead measures reading a set as WriteXMC writes it.
func benchmarkRead(b *testing.B, name string, set *SparseSet) {
	b.Run(name, func(b *testing.B) {
		var file bytes.Buffer
		if err := WriteXMC(&file, set); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(file.Len()))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ReadXMC("f", bytes.NewReader(file.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
}
