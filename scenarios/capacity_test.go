package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"slosim/reports/result"
)

const stationText = `
schema = 1
seed = 1
replications = 6
duration = "120s"
warmup = "5s"

[[model]]
network = "fashion-mnist"

[arrivals]
kind = "poisson"
rate = 20.0

[[class]]
name = "only"
latency = "50ms"

[[contender]]
name = "station"
technique = "dense"
policy = "full"
params = { drop = "never" }
`

// inTimeMD1 is the share of queries of an M/D/1 station that are answered within a time (Erlang, 1909):
// P(W <= t) = (1 - rho) sum over k <= t/D of (lambda (k D - t))^k / k! exp(-lambda (k D - t)).
func inTimeMD1(rate, service, within float64) float64 {
	rho, t, sum, term := rate*service, within-service, 0.0, 0.0
	for k := 0; float64(k)*service <= t+1e-12; k++ {
		x := rate * (float64(k)*service - t)
		term = math.Exp(-x)
		for i := 1; i <= k; i++ {
			term *= x / float64(i)
		}
		sum += term
	}
	return (1 - rho) * sum
}

// On a degenerate scenario, one point of constant time under Poisson arrivals, capacity is that of M/D/1.
func TestCapacityIsThatOfMD1(t *testing.T) {
	const service, within, target = 10 * time.Millisecond, 50 * time.Millisecond, 0.95
	low, high := 1.0, 99.9
	for range 60 {
		if middle := (low + high) / 2; inTimeMD1(middle, service.Seconds(), within.Seconds()) >= target {
			low = middle
		} else {
			high = middle
		}
	}
	app := testApp(t)
	s := parsed(t, app, stationText)
	path := constantTimes(t, app, stationText, service)
	var out bytes.Buffer
	o := CapacityOptions{Console: Console{Out: &out, Err: &out, Progress: quiet{}, JSON: true}, Scenario: s, Profile: path, Jobs: 2, Target: target, Precision: 0.01}
	if err := app.Capacity(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	var all result.Capacities
	if err := json.Unmarshal(out.Bytes(), &all); err != nil || all.Schema != 1 || len(all.Contenders) != 1 {
		t.Fatalf("want one contender, got %v\n%s", err, out.String())
	}
	if got := all.Contenders[0]; math.Abs(got.Holds/low-1) > 0.03 || got.Fails <= got.Holds || got.Fails > got.Holds*1.01 {
		t.Errorf("M/D/1 holds up to %.2f queries a second; got %+v", low, got)
	}

	// 250 queries a second take two and a half workers at least, and three keep the target.
	out.Reset()
	o.Scenario, o.Workers = parsed(t, app, stationText, "arrivals.rate=250"), true
	if err := app.Capacity(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &all); err != nil || all.Contenders[0].Holds != 3 || all.Contenders[0].Fails != 2 {
		t.Errorf("want 3 workers, got %v\n%s", err, out.String())
	}
	out.Reset()
	o.JSON = false
	if err := app.Capacity(context.Background(), o); err != nil || !strings.Contains(out.String(), "smallest number of workers") {
		t.Errorf("want a table, got %v\n%s", err, out.String())
	}
}
