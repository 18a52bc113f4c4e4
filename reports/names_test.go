package reports

import "testing"

func TestMetricsAreExplained(t *testing.T) {
	for _, name := range MetricNames() {
		if AboutMetric(name) == "" {
			t.Errorf("%s: want a line that says what it is", name)
		}
	}
}
