package scheduler

import "time"

// meterMarks is how finely a window of arrivals is remembered.
const meterMarks = 16

// meter measures the arrival rate over a sliding window from the count of arrivals
// that a View shows. Its zero value, with a window, is ready.
type meter struct {
	window time.Duration
	marks  [meterMarks + 1]mark // ring; marks[next] is the oldest
	next   int
}

// mark is a count of arrivals at an instant.
type mark struct {
	at      time.Duration
	arrived uint64
}

// rate returns queries per second over the window that ends now; since the run began
// if that is shorter, as if nothing had arrived before.
func (m *meter) rate(now time.Duration, arrived uint64) float64 {
	last := (m.next + meterMarks) % len(m.marks)
	if now-m.marks[last].at >= m.window/meterMarks {
		m.marks[m.next] = mark{now, arrived}
		m.next = (m.next + 1) % len(m.marks)
	}
	base := m.marks[m.next]
	for i := 1; i < len(m.marks); i++ {
		younger := m.marks[(m.next+i)%len(m.marks)]
		if younger.at > now-m.window {
			break
		}
		base = younger
	}
	span := max(now-base.at, m.window)
	return float64(arrived-base.arrived) / span.Seconds()
}

// meanSlowdown is the believed slow-down of the workers on average, corrected.
func meanSlowdown(v *View) float64 {
	sum := 0.0
	for w := range v.Workers {
		sum += v.Workers[w].Slowdown * v.Workers[w].correction()
	}
	return sum / float64(max(1, len(v.Workers)))
}
