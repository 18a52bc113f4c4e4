package script

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"go.starlark.net/lib/math"
	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"slosim/scheduler"
	"slosim/scheduler/draft"
)

const (
	mostSource   = 1 << 20 // bytes
	defaultSteps = 10_000_000
	mostSteps    = 1_000_000_000 // a minute
)

// New returns the policy of a script. A relative path is relative to dir, the folder of the
// scenario. Errors say what is wrong with the script, with file:line:column; problems with
// parameters are left in params.
func New(path, dir string, params *scheduler.Params) (scheduler.Policy, error) {
	full := path
	if !filepath.IsAbs(path) {
		full = filepath.Join(dir, path)
	}
	source, err := readSource(full)
	if err != nil {
		return nil, fmt.Errorf("script: want a file with a policy: %w", err)
	}
	if err := checkSource(source); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	source = bytes.TrimPrefix(source, []byte("\xef\xbb\xbf")) // editors of Windows begin files so
	p := &policy{file: path, limit: uint64(params.Int("max_steps", defaultSteps, 1, mostSteps)), reasons: draft.NewReasons()}
	p.waiting, p.workers, p.asks = newList(p, "waiting", p.queryAt), newList(p, "workers", p.workerAt), p.questions()
	p.shown = starlark.Tuple{shown{policy: p}}
	p.thread = &starlark.Thread{Name: path, Load: noLoad, OnMaxSteps: p.tooLong}
	p.thread.SetMaxExecutionSteps(p.limit)
	if err := p.load(source, params); err != nil {
		return nil, err
	}
	return p.able(), nil
}

// readSource reads a file, and no more than a byte too many.
func readSource(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, mostSource+1))
}

// checkSource refuses what is no text. The compiler would take a NUL byte for the end.
func checkSource(source []byte) error {
	if len(source) > mostSource {
		return fmt.Errorf("want a script of at most %d bytes, got more", mostSource)
	}
	if i := bytes.IndexByte(source, 0); i >= 0 {
		return fmt.Errorf("line %d: want text, got a NUL byte (is it UTF-16?)", 1+bytes.Count(source[:i], []byte("\n")))
	}
	if !utf8.Valid(source) {
		return errors.New("want UTF-8, got other bytes")
	}
	return nil
}

// load compiles the script, runs its top level and finds its functions.
func (p *policy) load(source []byte, params *scheduler.Params) error {
	rest := params.Rest()
	given, err := dict(rest)
	if err != nil {
		return fmt.Errorf("%s: params: %w", p.file, err)
	}
	names := p.predeclared(given)
	options := &syntax.FileOptions{Set: true, While: true, TopLevelControl: true}
	_, program, err := starlark.SourceProgramOptions(options, p.file, source, names.Has)
	if err != nil {
		return unwind(err)
	}
	// The globals are not frozen: a container made at the top level may be changed, and so may
	// the state, whatever refers to it.
	globals, err := program.Init(p.thread, names)
	if err != nil {
		return errors.New(p.explain(err))
	}
	if err := complete(given, globals["defaults"], rest, params); err != nil {
		return fmt.Errorf("%s: %w", p.file, err)
	}
	if p.maxBatch, err = maxBatch(globals["max_batch"]); err != nil {
		return fmt.Errorf("%s: %w", p.file, err)
	}
	p.draft.Most = p.maxBatch
	return p.functions(globals)
}

// maxBatch reads how many samples a script starts together: 1 where it does not say.
func maxBatch(v starlark.Value) (int, error) {
	if v == nil {
		return 1, nil
	}
	n, err := whole(v)
	if err == nil && (n < 1 || n > mostSamples) {
		err = fmt.Errorf("want 1..%d, got %d", mostSamples, n)
	}
	if err != nil {
		return 0, fmt.Errorf("max_batch: %w", err)
	}
	return int(n), nil
}

// functions finds what the script defines.
func (p *policy) functions(globals starlark.StringDict) error {
	if globals["decide"] == nil {
		return fmt.Errorf("%s: want a function decide(view), got none", p.file)
	}
	var errs []error
	for _, f := range []struct {
		name, parameters string
		count            int
		into             **starlark.Function
	}{
		{"decide", "view", 1, &p.decide},
		{"bind", "setting", 1, &p.bind},
		{"observe", "completion", 1, &p.observe},
		{"key", "query, deadline", 2, &p.key},
	} {
		value, ok := globals[f.name]
		if !ok {
			continue
		}
		function, ok := value.(*starlark.Function)
		if !ok {
			errs = append(errs, fmt.Errorf("%s: want a function %s(%s), got %s", p.file, f.name, f.parameters, describe(value)))
			continue
		}
		if !takes(function, f.count) {
			errs = append(errs, fmt.Errorf("%s: want %s(%s), got other parameters", function.Position(), f.name, f.parameters))
		}
		*f.into = function
	}
	return errors.Join(errs...)
}

// takes says whether a function may be called with n values.
func takes(f *starlark.Function, n int) bool {
	most := f.NumParams() - f.NumKwonlyParams()
	if f.HasKwargs() {
		most--
	}
	if f.HasVarargs() {
		most--
	}
	least := 0
	for i := range most {
		if f.ParamDefault(i) == nil {
			least++
		}
	}
	return least <= n && (n <= most || f.HasVarargs())
}

// complete adds the script's defaults to the parameters that are given, and complains of a
// parameter that has none.
func complete(given *starlark.Dict, defaults starlark.Value, rest map[string]any, params *scheduler.Params) error {
	if defaults == nil {
		return nil
	}
	known, ok := defaults.(*starlark.Dict)
	if !ok {
		return fmt.Errorf("defaults: want a dict, got %s", describe(defaults))
	}
	var names []string
	for _, item := range known.Items() {
		name, ok := starlark.AsString(item[0])
		if !ok {
			return fmt.Errorf("defaults: want names of parameters, got %s", describe(item[0]))
		}
		names = append(names, name)
		value, is, _ := given.Get(item[0])
		if is && !alike(value, item[1]) {
			params.Wrong(name, fmt.Sprintf("%s, like the default %s", kindOf(item[1]), short(item[1].String())))
		}
		if !is {
			if err := given.SetKey(item[0], item[1]); err != nil {
				return err
			}
		}
	}
	params.Only(rest, names)
	return nil
}

// alike says whether a parameter is of the kind of its default: any number for a number, anything
// for None.
func alike(value, def starlark.Value) bool {
	return def == starlark.None || kindOf(value) == kindOf(def)
}

// kindOf names the kind of a value as a scenario's author says it.
func kindOf(v starlark.Value) string {
	switch v.(type) {
	case starlark.Int, starlark.Float:
		return "a number"
	case starlark.Bool:
		return "true or false"
	case starlark.String:
		return "a string"
	case *starlark.List, starlark.Tuple:
		return "a list"
	case *starlark.Dict:
		return "a table"
	}
	return v.Type()
}

// predeclared lists the names that a script finds.
func (p *policy) predeclared(params *starlark.Dict) starlark.StringDict {
	names := starlark.StringDict{
		"params": params,
		"state":  starlark.NewDict(0),
		"math":   math.Module,
		"us":     starlark.MakeInt(1e3),
		"ms":     starlark.MakeInt(1e6),
		"s":      starlark.MakeInt(1e9),
		"print":  starlark.NewBuiltin("print", noPrint),
	}
	for name, make := range map[string]maker{
		"start": makeStart, "batch": makeBatch, "split": makeSplit, "probe": makeProbe, "drop": makeDrop, "wake": makeWake,
	} {
		names[name] = p.commandBuiltin(name, make)
	}
	return names
}

func noPrint(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return nil, errors.New("print: want no output of a policy; fail(...) ends the run and shows its text")
}

func noLoad(_ *starlark.Thread, module string) (starlark.StringDict, error) {
	return nil, fmt.Errorf("want all of a policy in one script, got load(%q)", module)
}

// tooLong stops a call that has used its steps up.
func (p *policy) tooLong(thread *starlark.Thread) {
	thread.Cancel(fmt.Sprintf("want at most %d steps a call (max_steps), got more: an endless loop?", p.limit))
}

// unwind makes one error of those of a compiler.
func unwind(err error) error {
	var many resolve.ErrorList
	if !errors.As(err, &many) {
		return err
	}
	var errs []error
	for i, one := range many {
		if i == mostErrors {
			errs = append(errs, fmt.Errorf("and %d more", len(many)-i))
			break
		}
		errs = append(errs, one)
	}
	return errors.Join(errs...)
}

// mostErrors bounds what is said of one script.
const mostErrors = 20

// explain says what went wrong in the script: where, what, and who called.
func (p *policy) explain(err error) string {
	var eval *starlark.EvalError
	if !errors.As(err, &eval) {
		return fmt.Sprintf("%s: %v", p.file, err)
	}
	what := strings.TrimPrefix(eval.Msg, "Starlark computation cancelled: ")
	stack := eval.CallStack
	for len(stack) > 0 && stack.At(0).Pos.Filename() != p.file {
		stack.Pop()
	}
	if len(stack) == 0 {
		return fmt.Sprintf("%s: %s", p.file, what)
	}
	at := stack.Pop()
	text := fmt.Sprintf("%s: in %s: %s", at.Pos, at.Name, what)
	for i := range min(len(stack), 5) {
		text += fmt.Sprintf("; called from %s in %s", stack.At(i).Pos, stack.At(i).Name)
	}
	return text
}
