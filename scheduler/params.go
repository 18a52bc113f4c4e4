package scheduler

// Params hands a policy its parameters from the scenario and collects what is
// wrong with them.
type Params struct{}
