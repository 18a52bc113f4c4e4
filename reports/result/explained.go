package result

// Blame says why queries missed, contender by contender.
type Blame struct {
	Schema     int               `json:"schema"`
	Scenario   string            `json:"scenario"`
	Missed     string            `json:"missed"` // what a miss is
	Contenders []ContenderBlamed `json:"contenders"`
}

// ContenderBlamed says why queries of a contender missed. Shares are of its misses; those of the causes,
// the interaction and the rest sum to 1.
type ContenderBlamed struct {
	Contender    string   `json:"contender"`
	Replications int      `json:"replications"`
	Queries      int64    `json:"queries"`
	Misses       int64    `json:"misses"`
	Rate         Metric   `json:"rate"` // misses a query
	Causes       []Blamed `json:"causes"`
	// Interaction is what removing all causes at once mends beyond what each mends alone: below 0 where
	// removing either of two mends the same misses, above 0 where both must go.
	Interaction Metric `json:"interaction"`
	Rest        Metric `json:"rest"` // missed with all causes removed
	// Examples are misses, latest first.
	Examples []Miss `json:"examples"`
}

// Blamed is one cause.
type Blamed struct {
	Cause string `json:"cause"`
	About string `json:"about"`         // the world without it
	Why   string `json:"why,omitempty"` // it was not removed
	// Mends is how many fewer misses there are without the cause, below 0 where there are more.
	Mends Metric `json:"mends"`
	// Alone is the share of misses that go with this cause and stay without any other one.
	Alone Metric `json:"alone"`
}

// Miss is a query that missed.
type Miss struct {
	Replication int      `json:"replication"`
	Query       uint64   `json:"query"`
	LateMS      *float64 `json:"late_ms"` // after its deadline; null: never answered, or wrong in time
}

// Told is the story of one query.
type Told struct {
	Schema      int    `json:"schema"`
	Contender   string `json:"contender"`
	Replication int    `json:"replication"`
	Query       uint64 `json:"query"`
	Class       string `json:"class"`
	Sample      int    `json:"sample"` // image of the data set

	ArriveMS   float64  `json:"arrive_ms"` // instants of virtual time
	DeadlineMS float64  `json:"deadline_ms"`
	StartMS    *float64 `json:"start_ms"`  // null: it never started
	FinishMS   *float64 `json:"finish_ms"` // null: never answered
	DropMS     *float64 `json:"drop_ms"`   // null: it was not dropped

	AccuracyTarget float64 `json:"accuracy_target"`
	Queue          int     `json:"queue"`        // queries that waited as it arrived
	Interference   bool    `json:"interference"` // on as it arrived
	Slowdown       float64 `json:"slowdown"`     // true, as it arrived
	Believed       float64 `json:"believed"`     // as it started; 0: it did not

	Ahead  []Ahead `json:"ahead"`   // that ran while it waited, longest first, at most AheadListed
	AheadN int     `json:"ahead_n"` // all of them
	// DroppedN are other queries that were dropped while it waited.
	DroppedN int     `json:"dropped_n"`
	AheadMS  float64 `json:"ahead_ms"` // of the wait, in which its worker ran them

	Worker   int     `json:"worker"`
	Point    string  `json:"point"` // empty: none
	Why      string  `json:"why"`
	Because  string  `json:"because"`  // Why as a sentence's end
	BusyMS   float64 `json:"busy_ms"`  // worker time
	AloneMS  float64 `json:"alone_ms"` // of its service at the point without interference; 0: it did not start
	Together int     `json:"together"` // queries that ran with it, itself counted
	Right    bool    `json:"right"`
	Met      bool    `json:"met"`

	Points []PointTold `json:"points"`
}

// AheadListed is how many of the queries ahead are listed.
const AheadListed = 5

// Ahead is a query that ran on the worker while another one waited for it.
type Ahead struct {
	Query uint64  `json:"query"`
	Point string  `json:"point"`
	MS    float64 `json:"ms"` // of the wait
}

// PointTold is what an operating point would have given a query.
type PointTold struct {
	Point   string  `json:"point"`
	Taken   bool    `json:"taken"`
	Right   bool    `json:"right"`
	AloneMS float64 `json:"alone_ms"` // service without interference
	// What the policy could know: the calibrated accuracy, and the mean service time at the slow-down that
	// it believed in as the query started.
	Accuracy   float64 `json:"accuracy"`
	BelievedMS float64 `json:"believed_ms"`
	// Response times, had it started as it arrived, on an idle worker, or when it did (or was dropped).
	AtArrivalMS float64  `json:"at_arrival_ms"`
	AtStartMS   *float64 `json:"at_start_ms"` // null: it neither started nor was dropped
}
