package scheduler

import "fmt"

// String returns the kind in lower case.
func (k Kind) String() string {
	switch k {
	case Start:
		return "start"
	case Probe:
		return "probe"
	case Drop:
		return "drop"
	case Wake:
		return "wake"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// String returns the reason as result files and explain print it.
func (r Reason) String() string {
	switch r {
	case Unstated:
		return "unstated"
	case Fits:
		return "fits"
	case Accurate:
		return "accurate"
	case Cheapest:
		return "cheapest"
	case Fixed:
		return "fixed"
	case LoadRule:
		return "load"
	case Known:
		return "known"
	case Late:
		return "late"
	case Queue:
		return "queue"
	case NeedsProbe:
		return "probe"
	case Unmet:
		return "unmet"
	case Contrary:
		return "contrary"
	}
	return fmt.Sprintf("reason %d", uint8(r))
}

// Explain returns the reason as a sentence's end: "it ran at this point because ...".
func (r Reason) Explain() string {
	switch r {
	case Fits:
		return "it was the most accurate point that met the deadline"
	case Accurate:
		return "it was the cheapest point that met the accuracy target"
	case Cheapest:
		return "nothing better fitted, so the fastest point was taken"
	case Fixed:
		return "the policy always takes this point"
	case LoadRule:
		return "the measured load asked for it"
	case Known:
		return "a clairvoyant policy knew the outcome"
	case Late:
		return "the deadline could not be met any more"
	case Queue:
		return "the queries behind it needed the time"
	case NeedsProbe:
		return "its confidence was wanted first"
	case Unmet:
		return "no point met the accuracy target, so the most accurate one was taken"
	case Contrary:
		return "the policy is built to do the opposite of what helps"
	}
	return "the policy gave no reason"
}
