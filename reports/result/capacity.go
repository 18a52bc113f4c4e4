package result

// Capacities is what capacity prints as JSON.
type Capacities struct {
	Schema     int        `json:"schema"`
	Scenario   string     `json:"scenario"`
	Target     float64    `json:"target"`   // SLO attainment of every class
	Accuracy   float64    `json:"accuracy"` // of answered queries of every class; 0: any
	Workers    bool       `json:"workers"`  // numbers of workers at the scenario's rate, instead of rates
	Contenders []Capacity `json:"contenders"`
}

// Capacity is what a contender carries: rates in queries a second, or numbers of workers.
type Capacity struct {
	Contender string  `json:"contender"`
	Holds     float64 `json:"holds"` // the highest rate, or smallest number of workers, that held; 0: none did
	Fails     float64 `json:"fails"` // the lowest rate, or highest number of workers, that did not; 0: all held
	Load      float64 `json:"load"`  // Holds, of the dense network on the workers
	Worst     Metric  `json:"worst"` // attainment of the class that is nearest to its target, at Holds
	Runs      int     `json:"runs"`  // rates, or numbers of workers, that were tried
	// HoldsReplications and FailsReplications are how many it took to decide about Holds and Fails.
	HoldsReplications int `json:"holds_replications"`
	FailsReplications int `json:"fails_replications"`
}
