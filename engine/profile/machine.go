package profile

import "fmt"

// SameMachine says whether a profile of machine a may be used on b without measuring again.
func SameMachine(a, b Machine) bool { return a == b }

// Differences says in words what differs, want first: what the profile was measured
// on and what this machine is. It is empty for the same machine.
func Differences(want, got Machine) []string {
	var out []string
	note := func(what string, a, b any) {
		if a != b {
			out = append(out, fmt.Sprintf("%s: want %v, got %v", what, a, b))
		}
	}
	note("cpu", want.CPU, got.CPU)
	note("cores", want.Cores, got.Cores)
	note("l2 bytes", want.L2, got.L2)
	note("l3 bytes", want.L3, got.L3)
	note("kernel variant", want.Variant, got.Variant)
	note("platform", want.OS, got.OS)
	return out
}
