package reports

import (
	"fmt"
	"io"
	"strings"

	"slosim/reports/result"
)

// PrintTold prints the story of a query.
func PrintTold(w io.Writer, t *result.Told) error {
	s := &teller{Told: t}
	fmt.Fprintf(&s.out, "query %d of replication %d, class %s: %s\n\n", t.Query, t.Replication, printable(t.Class), printable(t.Contender))
	promise := fmt.Sprintf("answer within %s ms", three(t.DeadlineMS-t.ArriveMS))
	if t.AccuracyTarget > 0 {
		promise += fmt.Sprintf(", right in %s %% of cases", three(100*t.AccuracyTarget))
	}
	s.line(&t.ArriveMS, "arrived, about image %d: %s; %d waited before it", t.Sample, promise, t.Queue)
	if t.Interference {
		s.line(nil, "interference was on: the dense network took %s times as long as alone", three(t.Slowdown))
	}
	s.wait()
	s.service()
	s.end()
	s.points()
	_, err := io.WriteString(w, s.out.String())
	return err
}

// teller writes a story.
type teller struct {
	*result.Told
	out strings.Builder
}

// line writes one line, with an instant in front or none.
func (s *teller) line(at *float64, format string, args ...any) {
	stamp := ""
	if at != nil {
		stamp = fmt.Sprintf("%.3f ms", *at)
	}
	fmt.Fprintf(&s.out, "%16s  %s\n", stamp, fmt.Sprintf(format, args...))
}

// three prints three significant digits.
func three(value float64) string { return fixed(value, significant(value, 3)) }

// wait says what the query waited for.
func (s *teller) wait() {
	until := s.StartMS
	if until == nil {
		until = s.DropMS
	}
	if until == nil || *until == s.ArriveMS {
		return
	}
	waited := *until - s.ArriveMS
	s.line(nil, "waited %s ms, in %s ms of which its worker ran %d other quer%s", three(waited), three(min(s.AheadMS, waited)), s.AheadN, plural(s.AheadN, "y", "ies"))
	var longest []string
	for _, a := range s.Ahead {
		longest = append(longest, fmt.Sprintf("%d at %s for %s ms", a.Query, printable(a.Point), three(a.MS)))
	}
	if len(longest) > 0 {
		s.line(nil, "longest: %s", strings.Join(longest, "; "))
	}
	if s.DroppedN > 0 {
		s.line(nil, "meanwhile %d other quer%s dropped", s.DroppedN, plural(s.DroppedN, "y was", "ies were"))
	}
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// service says where it ran, and why.
func (s *teller) service() {
	if s.StartMS == nil {
		return
	}
	s.line(s.StartMS, "started on worker %d at %s: %s", s.Worker, printable(s.Point), s.Because)
	if s.Together > 1 {
		s.line(nil, "together with %d other%s", s.Together-1, plural(s.Together-1, "", "s"))
	}
	s.line(nil, "the policy believed in a slow-down of %s", three(s.Believed))
	if s.FinishMS != nil {
		took := *s.FinishMS - *s.StartMS
		s.line(nil, "took %s ms, %s times its service alone (%s ms)", three(took), three(took/s.AloneMS), three(s.AloneMS))
	}
}

// end says what became of it.
func (s *teller) end() {
	answer := map[bool]string{true: "right", false: "wrong"}[s.Right]
	switch {
	case s.FinishMS != nil && s.Met:
		s.line(s.FinishMS, "answered %s, %s ms before its deadline", answer, three(s.DeadlineMS-*s.FinishMS))
	case s.FinishMS != nil:
		s.line(s.FinishMS, "answered %s, %s ms late", answer, three(*s.FinishMS-s.DeadlineMS))
	case s.DropMS != nil:
		s.line(s.DropMS, "dropped, %s", whenDropped(s.DeadlineMS-*s.DropMS))
	default:
		s.line(&s.DeadlineMS, "its deadline passed, and the run ended before an answer")
	}
}

func whenDropped(left float64) string {
	if left < 0 {
		return three(-left) + " ms after its deadline"
	}
	return three(left) + " ms before its deadline"
}

// points prints what each operating point would have given.
func (s *teller) points() {
	s.out.WriteString("\nwhat each point would have given: response times in ms, on a worker that is idle\n" +
		"(calibrated and believed: what the policy could know, accuracy and mean service in ms at the slow-down that it believed in)\n\n")
	g := grid{left: 1}
	header := []string{"point", "calibrated %", "believed", "answer", "alone", "started at once"}
	if when := s.when(); when != "" {
		header = append(header, when)
	}
	g.add(append(header, ""), nil)
	target := s.DeadlineMS - s.ArriveMS
	for _, p := range s.Points {
		row := []string{printable(p.Point), fixed(100*p.Accuracy, 1), three(p.BelievedMS), map[bool]string{true: "right", false: "wrong"}[p.Right],
			three(p.AloneMS), inTime(p.AtArrivalMS, target)}
		if p.AtStartMS != nil {
			row = append(row, inTime(*p.AtStartMS, target))
		}
		row = append(row, map[bool]string{true: "<- taken", false: ""}[p.Taken])
		g.add(row, nil)
	}
	s.out.WriteString(g.String())
}

// when names the other instant at which points are looked at.
func (s *teller) when() string {
	switch {
	case s.StartMS != nil:
		return "started when it did"
	case s.DropMS != nil:
		return "started when it was dropped"
	}
	return ""
}

// inTime prints a response time, and says if it is beyond the target.
func inTime(ms, target float64) string {
	if ms > target {
		return three(ms) + " late"
	}
	return three(ms) + "     "
}
