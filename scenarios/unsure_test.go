package scenarios

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"slosim/reports/result"
)

// A mean on the wrong side of a limit, not beyond chance, passes with a word of its own, and fails a strict
// check; a sequential check has its own word for what it leaves open.
func TestCheckIsUnsure(t *testing.T) {
	app := testApp(t)
	all, _, err := checkedSequentially(t, app, promised(t, app, unbased()), nil)
	if err != nil {
		t.Fatal(err)
	}
	edge := result.FormatFloat(*all[1].Value.Mean + 1e-5)
	text := strings.Replace(unbased(), "min = 0.8\n", "min = "+edge+"\n", 1)
	for _, strict := range []bool{false, true} {
		var out bytes.Buffer
		err := app.Check(context.Background(), CheckOptions{
			Console: Console{Out: &out, Err: &out, Progress: quiet{}}, Scenarios: []*Scenario{promised(t, app, text)},
			Profile: goldenProfile("fashion-mnist"), Jobs: 2, Alpha: DefaultAlpha, Strict: strict,
		})
		mark, summary, code := "UNSURE", "2 hold, 1 unsure, 0 fail\n", ExitOK
		if strict {
			mark, summary, code = "FAIL", "2 hold, 0 unsure, 1 fail\n", ExitAssertion
		}
		want := fmt.Sprintf("%s  promises: mine: effective_accuracy of class rare: at least %s: ", mark, edge)
		if ExitCode(err) != code || !strings.Contains(out.String(), want) || !strings.HasSuffix(out.String(), summary) ||
			!strings.Contains(out.String(), "violated by its mean, not beyond chance at n = 5: more replications decide") {
			t.Errorf("strict %t: want %q and %q, got %v\n%s", strict, want, summary, err, out.String())
		}
	}
	all, _, err = checkedSequentially(t, app, promised(t, app, text), &Sequential{Most: 5})
	if err != nil || all[1].Unsure || all[1].Holds || all[1].Sequential.Verdict != result.Undecided {
		t.Errorf("want it undecided, got %v, %v", all[1].Line(), err)
	}
}
