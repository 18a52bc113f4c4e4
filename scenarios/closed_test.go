package scenarios

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"slosim/reports/result"
)

// looped is the test contest with other arrivals, and fewer contenders.
func looped(t *testing.T, app *App, arrivals string, set ...string) *Scenario {
	t.Helper()
	const traced = `trace = "azure-llm-2023-conv"
transform = "modulate"
speed = 60
window = "random"
load = 0.6`
	if !strings.Contains(contestText, traced) {
		t.Fatal("the contest has other arrivals")
	}
	set = append(set, "replications=2", `factorial.techniques=["dense", "zoo"]`, `factorial.policies=["lcao", "inverse"]`)
	return parsed(t, app, strings.Replace(contestText, traced, arrivals, 1), set...)
}

// TestArrivalsWithoutARate runs every kind that has none, all the way to the table.
func TestArrivalsWithoutARate(t *testing.T) {
	app := testApp(t)
	for arrivals, set := range map[string][]string{
		"kind = \"closed\"\nclients = 6\nthink = \"2ms\"": nil,
		`kind = "mlperf-single-stream"`:                   nil,
		`kind = "mlperf-multi-stream"`:                    nil,
		"kind = \"mlperf-offline\"\nqueries = 5000":       {"warmup=0s"},
	} {
		s := looped(t, app, arrivals, set...)
		var first []byte
		path := madeUp(t, app, s, nil)
		for _, processors := range []int{1, 3} {
			before := runtime.GOMAXPROCS(processors)
			folder, out, err := ranIn(t, app, s, RunOptions{Profile: path, Jobs: processors})
			runtime.GOMAXPROCS(before)
			if err != nil {
				t.Fatalf("%s: %v", arrivals, err)
			}
			if !strings.Contains(out, s.Arrivals.Kind) {
				t.Errorf("%s: want the caveat with the numbers, got\n%s", arrivals, out)
			}
			text := read(t, folder, result.SummaryFile)
			if first == nil {
				first = text
			}
			if !bytes.Equal(first, text) {
				t.Errorf("%s: want the same bytes for any GOMAXPROCS", arrivals)
			}
		}
	}
}

func TestDryRunSaysThatThereIsNoRate(t *testing.T) {
	app := testApp(t)
	s := looped(t, app, `kind = "mlperf-single-stream"`)
	_, out, err := ranIn(t, app, s, RunOptions{Profile: madeUp(t, app, s, nil), DryRun: true})
	if err != nil || !strings.Contains(out, `# kind = "mlperf-single-stream" has no rate`) {
		t.Errorf("got %v\n%s", err, out)
	}
}
