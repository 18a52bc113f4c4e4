package result

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Schedule is schedule.json: what ran where and when, in the Chrome trace format, which
// opens in Perfetto. Its times are virtual.
type Schedule struct {
	About  map[string]string // what it holds and what it leaves out; "otherData" in the file
	Events []ScheduleEvent
}

// ScheduleEvent is one event of the Chrome trace format.
type ScheduleEvent struct {
	Name  string         `json:"name"`
	Cat   string         `json:"cat,omitempty"`
	Phase string         `json:"ph"` // X: slice; b, e: begin and end of a wait; C: counter; M: name of a process or thread
	At    Micros         `json:"ts"`
	Dur   *Micros        `json:"dur,omitempty"` // of a slice
	PID   int            `json:"pid"`
	TID   int            `json:"tid"`
	ID    string         `json:"id,omitempty"` // of a wait: hexadecimal, its own in every process
	Args  map[string]any `json:"args,omitempty"`
}

// Micros is a time that the file has in microseconds, with its nanoseconds as decimals.
type Micros time.Duration

// MarshalJSON implements json.Marshaler. It is for times of at least 0.
func (m Micros) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%03d", m/1000, m%1000), nil
}

// WriteSchedule writes a schedule, an event a line.
func WriteSchedule(w io.Writer, s *Schedule) error {
	out := bufio.NewWriter(w)
	about, err := json.Marshal(s.About)
	if err != nil {
		return fmt.Errorf("schedule: %w", err)
	}
	fmt.Fprintf(out, "{\"displayTimeUnit\":\"ms\",\"otherData\":%s,\"traceEvents\":[", about)
	for i := range s.Events {
		event, err := json.Marshal(&s.Events[i])
		if err != nil {
			return fmt.Errorf("schedule: event %d: %w", i, err)
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		out.Write(event)
	}
	out.WriteString("\n]}\n")
	return out.Flush()
}
