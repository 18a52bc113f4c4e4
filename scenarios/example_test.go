package scenarios_test

import (
	"fmt"

	"slosim/scenarios"
)

func ExampleParse() {
	known := scenarios.Known{
		Networks:   scenarios.Entries("fashion-mnist"),
		Techniques: scenarios.Entries("dense", "slo-nn"),
		Policies:   scenarios.Entries("full", "lcao"),
	}
	text := `schema = 1
duration = "10s"
model = [{ network = "fashion-mnist" }]
arrivals = { kind = "poisson", load = 0.5 }
machine = [{ workers = 1 }]
[[class]]
name = "interactive"
latncy = "15ms"
accuracy = 88
[[contender]]
technique = "slo-nn"
policy = "laco"
`
	_, err := scenarios.Parse("mine.toml", []byte(text), known)
	fmt.Println(err)
	// Output:
	// mine.toml:6: class[0].latency: want a latency target, such as "15ms", got nothing
	// mine.toml:8: class[0].latncy: want a known key, got "latncy" (did you mean "latency"?)
	// mine.toml:9: class[0].accuracy: want 0 to 1, got 88
	// mine.toml:12: contender[0].policy: want one of full, lcao, got "laco" (did you mean "lcao"?)
}
