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

// AboutMetric says in a line what a metric is; doc.go says more. Empty: there is no such metric.
func AboutMetric(name string) string {
	return map[string]string{
		"attainment":         "finished within the latency target / arrived",
		"effective_accuracy": "finished within it and right / arrived",
		"accuracy":           "right / finished",
		"accuracy_met":       "1 when the accuracy target lies below accuracy's interval, else 0",
		"slo_met":            "attainment of the classes whose accuracy_met is 1 / arrived",
		"goodput_qps":        "finished within the latency target / seconds of the window",
		"throughput_qps":     "finished inside the window / its seconds",
		"utilisation":        "busy time / (workers x window); class all",
		"capacity_qps":       "finished / busy time x workers: what they could serve of this mix; class all",
		"mean_density":       "mean density of the points of finished queries",
		"mean_ms":            "mean response time of finished queries",
		"waiting_ms":         "mean waiting time of finished queries",
		"p50_ms":             "median of finish - intended arrival over arrived queries",
		"p90_ms":             "90th percentile of the same",
		"p99_ms":             "99th percentile of the same",
		"p999_ms":            "99.9th percentile of the same",
		"p99_served_ms":      "99th percentile of the same over finished queries",
		"budget_spent":       "misses / ((1 - objective) x arrived in the whole measured window); above 1 the objective is broken",
		"burn_1h":            "largest burn rate, share of misses / (1 - objective), over 1 h and 5 min at once, of 30 days scaled to the measured window; a page at 14.4",
		"burn_6h":            "the same over 6 h and 30 min; a page at 6",
		"burn_3d":            "the same over 3 d and 6 h; a ticket at 1",
		"dropped":            "arrived and never finished, per replication",
	}[name]
}
