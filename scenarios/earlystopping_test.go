package scenarios

import (
	"strings"
	"testing"
)

// earlyText are promises of which the first is decided by MLPerf's bound.
func earlyText(lines string) string {
	return strings.Replace(unbased(), "min = 0.97\n", lines+"\nearly_stopping = true\n", 1)
}

// What the bound is not for is found where it stands.
func TestEarlyStoppingKey(t *testing.T) {
	app := testApp(t)
	for lines, want := range map[string]string{
		"max = 0.97":                             `early_stopping: want metric = "attainment" with min and no other condition, got true`,
		"min = 0.97\nmax = 0.99":                 `early_stopping: want metric = "attainment" with min and no other condition, got true`,
		"min = 1.0":                              `min: want above 0 and below 1, for early_stopping, got 1.0`,
		"min = 0.97\nnot_worse_than = \"plain\"": `early_stopping: want metric`,
	} {
		_, err := Parse("promises.toml", []byte(earlyText(lines)), app.Known())
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "promises.toml:") || !strings.Contains(err.Error(), "assert[0]") {
			t.Errorf("%q: want %q, got %v", lines, want, err)
		}
	}
	s := promised(t, app, earlyText("min = 0.97"))
	if again, err := Parse("promises.toml", []byte(s.Text()), app.Known()); err != nil || !again.Asserts[0].EarlyStopping || again.Asserts[1].EarlyStopping {
		t.Errorf("want the key in the scenario's text, got %v\n%s", err, s.Text())
	}
}

// The bound is met over the queries of all replications; few queries are not enough, of which a t-test of
// values that do not vary would be sure; and who misses more than is allowed is contradicted.
func TestEarlyStoppingOfScenario(t *testing.T) {
	app := testApp(t)
	for _, c := range []struct {
		minimum, contender string
		sets               []string
		want               string
		holds              bool
	}{
		{"0.97", "mine", nil, "bound met", true},
		{"0.9999", "mine", []string{"replications=2"}, "more queries needed at this rate of misses", false},
		{"0.97", "plain", nil, "contradicted", false},
	} {
		text := strings.Replace(earlyText("min = "+c.minimum), `contender = "mine"`, `contender = "`+c.contender+`"`, 1)
		all, _, err := checkedSequentially(t, app, promised(t, app, text, c.sets...), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := &all[0]; got.Holds != c.holds || got.EarlyStopping == nil || got.EarlyStopping.Queries < 5000 || !strings.Contains(got.Found(), c.want) {
			t.Errorf("min %s of %s: want %q, holds %t, got %s", c.minimum, c.contender, c.want, c.holds, got.Found())
		}
	}
}
