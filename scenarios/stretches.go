package scenarios

import "time"

// Stretch is a piece of virtual time, [From, To), in which an antagonist is active.
type Stretch struct {
	From, To time.Duration
}

// Stretches lists when the antagonist is active, in order: one stretch, or one per
// Every. The last ends at To at the latest.
func (i *Interference) Stretches() []Stretch {
	from, to := i.From.Std(), i.To.Std()
	if i.Every == 0 {
		return []Stretch{{from, to}}
	}
	var list []Stretch
	for at := from; at < to; at += i.Every.Std() {
		list = append(list, Stretch{at, min(at+i.For.Std(), to)})
	}
	return list
}

// overlap reports whether two ordered lists of stretches have an instant in common,
// and the first one that has.
func overlap(a, b []Stretch) (time.Duration, bool) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		from, to := max(a[i].From, b[j].From), min(a[i].To, b[j].To)
		if from < to {
			return from, true
		}
		if a[i].To <= b[j].To {
			i++
		} else {
			j++
		}
	}
	return 0, false
}
