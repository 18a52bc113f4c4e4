package workloads_test

import (
	"fmt"
	"time"

	"slosim/workloads"
	"slosim/workloads/rng"
)

// A minute of a real hour in two seconds, at 5 queries a second on average, about
// half of them with a tight target. Printed: ID, arrival, class, sample.
func Example() {
	process, err := workloads.NewProcess(workloads.ArrivalSpec{
		Trace:     "azure-llm-2023-conv",
		Transform: "modulate",
		Window:    "random",
		Speed:     30,
		Rate:      5,
		Duration:  2 * time.Second,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	key := rng.Key{Seed: 1, Replication: 0}
	stream, err := workloads.NewStream(workloads.StreamSpec{
		Sources: []workloads.Arrivals{process.Start(key)},
		Classes: []workloads.Class{
			{Name: "interactive", Share: 0.5, Target: workloads.Target{Latency: 15 * time.Millisecond, Accuracy: 0.88}},
			{Name: "batch", Share: 0.5, Target: workloads.Target{Latency: time.Second, Accuracy: 0.9}},
		},
		Samples: 10_000,
		Key:     key,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for query := (workloads.Query{}); stream.Next(&query); {
		fmt.Println(query.ID, query.ArriveAt.Round(time.Millisecond), query.Class, query.Sample)
	}
	// Output:
	// 0 271ms 1 4885
	// 1 339ms 1 4580
	// 2 352ms 1 4412
	// 3 453ms 1 325
	// 4 1.063s 1 1037
	// 5 1.148s 0 5477
	// 6 1.429s 0 5601
	// 7 1.649s 0 3524
	// 8 1.687s 0 7682
	// 9 1.799s 1 3248
	// 10 1.86s 0 5960
}

func ExampleArrivalSpec_Validate() {
	spec := workloads.ArrivalSpec{
		Trace:     "azure-llm-2023-conv",
		Transform: "compress",
		Speed:     2,
		Window:    "middle",
		Rate:      100,
		Duration:  time.Minute,
	}
	for _, wrong := range spec.Validate() {
		fmt.Println(wrong)
	}
	// Output:
	// speed: want nothing: transform = "compress" has no such key, got 2
	// window: want start or random, got "middle"
}

func ExampleProcess_Caveat() {
	process, err := workloads.NewProcess(workloads.ArrivalSpec{Kind: "gamma", CV: 3, Rate: 100, Duration: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(process.Caveat())
	// Output:
	// gamma: independent gaps with CV 3; the rate does not move over minutes as real traffic's does
}
