package script_test

import (
	"strings"
	"testing"

	"slosim/scheduler"
	"slosim/scheduler/script"
	"slosim/workloads"
)

// TestBadScripts: what is wrong before the run is an error with its line.
func TestBadScripts(t *testing.T) {
	const decide = "def decide(view):\n    return []\n"
	for name, c := range map[string]struct{ text, want string }{
		"syntax":           {"def decide(view)\n    return []\n", "my.star:2:1: got newline, want ':'"},
		"undefined":        {"def decide(view):\n    return open('/etc/passwd')\n", "my.star:2:12: undefined: open"},
		"import":           {"import time\n" + decide, "my.star:1:"},
		"no clock":         {"now = time.now()\n" + decide, "my.star:1:7: undefined: time"},
		"load":             {"load('other.star', 'x')\n" + decide, "my.star:1:1: in <toplevel>: cannot load other.star: want all of a policy in one script"},
		"print":            {"print('hello')\n" + decide, "my.star:1:6: in <toplevel>: print: want no output"},
		"no decide":        {"x = 1\n", "my.star: want a function decide(view), got none"},
		"decide no func":   {"decide = 3\n", "my.star: want a function decide(view), got 3"},
		"parameters":       {"def decide(view, plan):\n    return []\n", "my.star:1:1: want decide(view), got other parameters"},
		"key's parameters": {decide + "def key(q):\n    return 0\n", "my.star:3:1: want key(query, deadline)"},
		"top level":        {decide + "x = 1 // 0\n", "my.star:3:7: in <toplevel>: floored division by zero"},
		"endless":          {decide + "while True:\n    pass\n", "want at most 10000000 steps a call (max_steps), got more"},
		"recursion":        {"def f(x):\n    return f(x)\nf(1)\n" + decide, "my.star:2:12: in f: function f called recursively"},
		"defaults":         {decide + "defaults = [1]\n", "my.star: defaults: want a dict, got [1] (list)"},
		"max_batch":        {decide + "max_batch = 0\n", "my.star: max_batch: want 1.."},
		"outside":          {"start(0, 1, 2)\n" + decide, "my.star:1:6: in <toplevel>: start: want it used inside decide"},
	} {
		if _, err := load(t, c.text, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", name, c.want, err)
		}
	}
	if _, err := script.New("none.star", t.TempDir(), scheduler.NewParams(nil)); err == nil || !strings.Contains(err.Error(), "none.star") {
		t.Errorf("want the missing file named, got %v", err)
	}
}

// TestBadDecisions: what a script asks for wrongly ends it with the line and with what was wanted.
func TestBadDecisions(t *testing.T) {
	for body, want := range map[string]string{
		// numbers
		"[start(0, 7, float('nan'))]":          "start: point: want a whole number, got nan",
		"[start(0, 7, float('+inf'))]":         "start: point: want a whole number, got +inf",
		"[start(0, 7, 1.5)]":                   "start: point: want a whole number, got 1.5",
		"[start(0, 7, None)]":                  "start: point: want a whole number, got None",
		"[start(0, 7, '1')]":                   `start: point: want a whole number, got "1" (string)`,
		"[start(0, 7, True)]":                  "start: point: want a whole number, got True",
		"[start(0, 7, 4)]":                     "start: point: want 0..3, got 4",
		"[start(0, 7, -1)]":                    "start: point: want 0..3, got -1",
		"[start(0, 7, 1 << 40)]":               "start: point: want a number below 2147483648, got 1099511627776",
		"[start(0, 7, 1 << 80)]":               "start: point: want a whole number, got 1208925819614629174706176",
		"[start(2, 7, 0)]":                     "start: worker: want 0..1, got 2",
		"[start(0, 6, 0)]":                     "start: query 6: want one that waits, it does not",
		"[start(0, -1, 0)]":                    "start: query: want the ref of a query that waits, got -1",
		"[start(0, view, 0)]":                  "start: query: want a whole number, got view (view)",
		"[start(0, 7)]":                        "start: point: want a value, got none",
		"[start(0, 7, 0, '', 1)]":              "start: want at most 4 arguments, got 5",
		"[start(0, 7, 0, speed = 1)]":          "start: want [worker query point why] once each, got speed",
		"[start(0, 7, 0, point = 1)]":          "start: want [worker query point why] once each, got point",
		"[start(0, 7, 0, why = 3)]":            "start: why: want a string, got 3",
		"[split(0, 8, 0, 5)]":                  "split: count: want 1..4, got 5",
		"[split(0, 8, 0, 0)]":                  "split: count: want at least 1, got 0",
		"[batch(0, [])]":                       "batch: queries: want a list of (query, point), got [] (list)",
		"[batch(0, [7])]":                      "batch: queries[0]: want (query, point), got 7",
		"[batch(0, [(7, 0), (9, 0)])]":         "batch: want queries of one model, got models 0 and 1",
		"[batch(0, [(7, 0), (8, 9)])]":         "batch: point: want 0..3, got 9",
		"[batch(0, [(7, 0), (8, 0), (7, 0)])]": "batch: want at most max_batch = 5 samples together, got ",
		"[probe(1, 9)]":                        "probe: query 9: want one that was not probed on worker 1, it was",
		"[wake(view.now)]":                     "wake: want an instant after now (3000000000), got 3000000000",
		"[wake(3.5e9 + 0.5)]":                  "wake: at: want a whole number, got 3.5000000005e+09",
		// the view
		"view.weather":                      "view has no .weather field or method",
		"view.waiting[0].size":              "query has no .size field or method",
		"view.waiting[3]":                   "waiting index 3 out of range",
		"view.mean(0, 2, 0)":                "mean: model: want 0..1, got 2",
		"view.mean(9, 0, 0)":                "mean: worker: want 0..1, got 9",
		"view.mean(0, 0, 7)":                "mean: point: want 0..3, got 7",
		"view.quantile(0, 0, 0, 1.5)":       "quantile: q: want 0..1, got 1.5",
		"view.quantile(0, 0, 0, 'x')":       `quantile: q: want a number, got "x" (string)`,
		"view.within(0, 0, 0, None)":        "within: limit: want a whole number, got None",
		"view.batch_mean(0, 0, 0, 0)":       "batch_mean: count: want 1..",
		"view.confidence(9, 5)":             "confidence: point: want 0..1, got 5",
		"view.waiting[0] < view.waiting[1]": "want == or != of queries, got <",
		// what comes back
		"None":                                   "decide: want a list of commands, got None",
		"'start'":                                `decide: want a list of commands, got "start" (string)`,
		"[3]":                                    "decide: want a list of commands, got 3 in it",
		"start(0, 7, 0)":                         "decide: want a list of commands, got start(0, 7, 0) (command)",
		"[start(0, 7, 0), start(0, 8, 0)]":       "start: worker 0: want an idle one, this plan has given it a query",
		"[start(0, 7, 0), drop(7)]":              "drop: query 7: want each query once, this plan has a start of it",
		"[split(0, 8, 0, 2), split(1, 8, 0, 3)]": "split: query 8: count: want at most 2, which this plan leaves, got 3",
		"fail('enough')":                         "fail: enough",
		"[1][2]":                                 "list index 2 out of range",
	} {
		_, err := decide(mustLoad(t, "def decide(view):\n    x = 1\n    return "+body+"\nmax_batch = 5\n", nil), view())
		if err == nil || !strings.Contains(err.Error(), want) || !(strings.HasPrefix(err.Error(), "my.star:3:") || strings.HasPrefix(err.Error(), "my.star:1:1: decide:")) {
			t.Errorf("%s: want my.star:3: %q, got %v", body, want, err)
		}
	}
}

// TestEndlessLoop: a decision has a limit, and each has all of it.
func TestEndlessLoop(t *testing.T) {
	const text = "def decide(view):\n    for i in range(view.arrived * 10):\n        pass\n    while view.arrived == 13:\n        pass\n    return []\n"
	policy, v := mustLoad(t, text, map[string]any{"max_steps": int64(2000)}), view()
	for range 20 {
		if _, err := decide(policy, v); err != nil {
			t.Fatal(err)
		}
	}
	v.Arrived = 13
	_, err := decide(policy, v)
	if err == nil || !strings.HasPrefix(err.Error(), "my.star:") || !strings.Contains(err.Error(), "in decide: want at most 2000 steps a call (max_steps), got more: an endless loop?") {
		t.Errorf("want the loop stopped, got %v", err)
	}
}

// TestBacktrace: an error inside tells who called.
func TestBacktrace(t *testing.T) {
	const text = "def pick(view):\n    return view.mean(5, 0, 0)\n\ndef decide(view):\n    return pick(view)\n"
	_, err := decide(mustLoad(t, text, nil), view())
	if want := "my.star:2:21: in pick: mean: worker: want 0..1, got 5; called from my.star:5:16 in decide"; err == nil || err.Error() != want {
		t.Errorf("want %s, got %v", want, err)
	}
}

// TestOldCommands: a command is of its decision alone.
func TestOldCommands(t *testing.T) {
	const text = "def decide(view):\n    c = state.setdefault('c', start(0, 7, 0))\n    return [c]\n"
	policy := mustLoad(t, text, nil)
	if _, err := decide(policy, view()); err != nil {
		t.Fatal(err)
	}
	if _, err := decide(policy, view()); err == nil || !strings.Contains(err.Error(), "want commands of this decision, got start(0, 7, 0)") {
		t.Errorf("want the old command refused, got %v", err)
	}
}

// TestBadKeyAndObserve: key fails where nobody can be told, so the next decision tells.
func TestBadKeyAndObserve(t *testing.T) {
	const text = "def decide(view):\n    return []\n\ndef key(q, deadline):\n    return %s\n"
	for body, want := range map[string]string{"1 // 0": "my.star:5:14: in key: floored division by zero", "0.5": "my.star:4:1: key: want a whole number, got 0.5"} {
		policy := mustLoad(t, strings.Replace(text, "%s", body, 1), nil)
		policy.(scheduler.Keyer).Key(&workloads.Query{}, ms)
		if _, err := decide(policy, view()); err == nil || err.Error() != want {
			t.Errorf("key: want %s, got %v", want, err)
		}
	}
	policy := mustLoad(t, "def decide(view):\n    return []\n\ndef observe(c):\n    return c.colour\n", nil)
	defer func() {
		if failure, ok := recover().(*scheduler.Failure); !ok || !strings.Contains(failure.What, "my.star:5:13: in observe: completion has no .colour") {
			t.Errorf("want the line of observe, got %v", failure)
		}
	}()
	policy.(scheduler.Observer).Observe(scheduler.Completion{})
}

// TestBadBind: a script that breaks on a setting is an error, of the kind that is the policy's own.
func TestBadBind(t *testing.T) {
	policy, err := load(t, "def decide(view):\n    return []\n\ndef bind(setting):\n    fail('no', setting.workers)\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := policy.(scheduler.Binder).Bind(setting()); err == nil || err.Error() != "my.star:5:9: in bind: fail: no 2" {
		t.Errorf("want line 5, got %v", err)
	}
}

// A parameter is of its default's kind, and any number will do for a number.
func TestKindsOfParameters(t *testing.T) {
	const text = "defaults = {'n': 3, 'x': 0.5, 'name': 'a', 'on': True, 'any': None, 'list': [1]}\ndef decide(view):\n    return []\n"
	for _, c := range []struct {
		params map[string]any
		want   string // empty: fine
	}{
		{map[string]any{"n": int64(4), "x": int64(1), "name": "b", "on": false, "any": "x", "list": []any{int64(2)}}, ""},
		{map[string]any{"n": 4.5, "any": 3.0}, ""},
		{map[string]any{"n": "4"}, `n: want a number, like the default 3, got "4"`},
		{map[string]any{"x": true}, "x: want a number, like the default 0.5, got true"},
		{map[string]any{"name": int64(3)}, `name: want a string, like the default "a", got 3`},
		{map[string]any{"on": int64(1)}, "on: want true or false, like the default True, got 1"},
		{map[string]any{"list": "x"}, `list: want a list, like the default [1], got "x"`},
		{map[string]any{"m": int64(4)}, "m: want one of any, list, n, name, on, x"},
	} {
		_, err := load(t, text, c.params)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: want %q, got %v", c.params, c.want, err)
		}
	}
}

// What an editor writes before the text is no matter; what is no text is said.
func TestScriptsAreText(t *testing.T) {
	const decide = "def decide(view):\n    return []\n"
	if _, err := load(t, "\xef\xbb\xbf"+decide, nil); err != nil {
		t.Errorf("a byte order mark: %v", err)
	}
	for text, want := range map[string]string{
		decide + "x = 1\x00\n":             "my.star: line 3: want text, got a NUL byte",
		"d\x00e\x00f\x00":                  "my.star: line 1: want text, got a NUL byte (is it UTF-16?)",
		decide + "x = '\xff'\n":            "my.star: want UTF-8, got other bytes",
		strings.Repeat("x = 1\n", 200_000): "my.star: want a script of at most 1048576 bytes, got more",
		strings.Repeat("y\n", 1000):        "and 980 more",
	} {
		if _, err := load(t, text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: want %q, got %v", text, want, err)
		}
	}
}
