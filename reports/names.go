package reports

import "slices"

// MetricNames lists the metrics that a cell of a summary may have, sorted.
func MetricNames() []string {
	names := []string{"accuracy_met", "slo_met"}
	for _, m := range metrics {
		names = append(names, m.name)
	}
	slices.Sort(names)
	return names
}
