package scenarios

import (
	"context"
	"errors"
	"io"
	"strings"

	"slosim/scheduler"
	"slosim/scheduler/process"
	"slosim/scheduler/script"
)

// The routes by which a policy comes that is no registered Go type. Paths and programs start from
// the folder of the scenario's file.
const (
	scriptRoute  = "file:" // a script in Starlark
	processRoute = "exec:" // a program that answers on its standard output
)

// isRoute says whether a policy's name is a script or a program.
func isRoute(policy string) bool {
	return strings.HasPrefix(policy, scriptRoute) || strings.HasPrefix(policy, processRoute)
}

// makers makes policies, by name or route.
type makers struct{ registry scheduler.Registry }

// of makes a contender's policy, fresh. What is wrong with a script before it runs, or with the
// parameters, is a plain error. Whoever gets a policy gives it to done; the child process of one ends
// with ctx too.
func (m makers) of(ctx context.Context, c *Contender) (scheduler.Policy, error) {
	params := scheduler.NewParams(c.Params)
	policy, err := m.make(ctx, c, params)
	if err == nil {
		err = params.Err()
	}
	if err != nil {
		return nil, errors.Join(err, done(policy))
	}
	return policy, nil
}

func (m makers) make(ctx context.Context, c *Contender, params *scheduler.Params) (scheduler.Policy, error) {
	if path, ok := strings.CutPrefix(c.Policy, scriptRoute); ok {
		return script.New(path, c.dir, params)
	}
	if command, ok := strings.CutPrefix(c.Policy, processRoute); ok {
		return process.New(ctx, command, c.dir, params)
	}
	return m.registry.New(c.Policy, params)
}

// done ends what a policy runs beside the simulation: a child process. A nil policy is fine.
func done(policy scheduler.Policy) error {
	if closer, ok := policy.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// checkRoute says what is wrong with a script or a program, and with its parameters: those have keys.
func (a *App) checkRoute(c *Contender) (complaints []Complaint) {
	params := scheduler.NewParams(c.Params)
	policy, err := makers{a.Policies}.make(context.Background(), c, params)
	if err == nil {
		err = done(policy)
	}
	if err != nil {
		return []Complaint{{Want: "a policy that can be loaded", Got: err.Error()}}
	}
	for _, problem := range params.Problems() {
		complaints = append(complaints, Complaint{Key: problem.Key, Want: problem.Want, Got: problem.Got})
	}
	return complaints
}
