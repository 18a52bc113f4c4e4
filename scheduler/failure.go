package scheduler

// Failure ends a contender with a text that its author understands: the line of a script, the
// last words of a program. A policy panics with a *Failure inside Decide, Observe or Key where
// there is no way to go on; drivers show What without the stack of a panic. Bind returns one as
// an error when the policy itself broke, and a plain error when it refuses the setting.
type Failure struct {
	What string
}

// Error returns What.
func (f *Failure) Error() string { return f.What }
