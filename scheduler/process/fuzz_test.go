package process

import (
	"encoding/json"
	"testing"

	"slosim/scheduler/draft"
)

// FuzzReplies: whatever a program answers, reading it does not panic, and what is accepted is within
// its limits.
func FuzzReplies(f *testing.F) {
	f.Add([]byte(`{"slosim":1,"name":"x","quantiles":[0.5,0.99],"show":8,"observe":true}`))
	f.Add([]byte(`{"seq":1,"commands":[{"do":"start","worker":0,"query":7,"point":1,"why":"fits"},{"do":"wake","at":2e3}]}`))
	f.Add([]byte(`{"commands":[{"do":"batch","worker":1,"queries":[[7,0],[8,1]]},{"do":"split","worker":0,"query":7,"point":0,"count":2},{"do":"drop","query":3}]}`))
	f.Add([]byte(`{"ask":[["mean",0,7],["quantile",0,7,0.9],["confidence",8]]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if a, err := parseAnswer(line); err == nil && (len(a.Quantiles) > mostQuantiles || a.Show < 0) {
			t.Errorf("accepted %+v", a)
		}
		r, err := parseReply(line, 1)
		if err != nil {
			return
		}
		for i := range r.Commands {
			_, _ = r.Commands[i].command(draft.NewReasons())
		}
		v := someView()
		var p picture
		answers, err := p.answers(v, r.Ask)
		if err == nil && r.Ask != nil && !json.Valid(answers) {
			t.Errorf("answered what is no JSON: %s", answers)
		}
	})
}
