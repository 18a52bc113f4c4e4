package simbench

import "testing"

// The list and the recursion see the same customers and must make them wait alike.
func TestStationIsTheRecursion(t *testing.T) {
	for seed := range uint64(20) {
		if got, want := Station(seed, 5000), Recursion(seed, 5000); got != want || got == 0 {
			t.Errorf("seed %d: waited %v, want %v", seed, got, want)
		}
	}
}

func BenchmarkMM4(b *testing.B) {
	const customers = 100_000
	for name, run := range map[string]func(){
		"list":      func() { Station(1, customers) },
		"recursion": func() { Recursion(1, customers) },
	} {
		b.Run("engine="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/customers/EventsPerCustomer, "ns/event")
		})
	}
}
