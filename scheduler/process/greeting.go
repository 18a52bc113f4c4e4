package process

import (
	"encoding/json"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
)

// hello is the first line that a child reads.
type hello struct {
	Slosim int     `json:"slosim"`
	Hello  setting `json:"hello"`
}

type setting struct {
	Workers int            `json:"workers"`
	Classes []class        `json:"classes"`
	Models  []model        `json:"models"`
	Params  map[string]any `json:"params"`
}

type class struct {
	Name     string        `json:"name"`
	Share    float64       `json:"share"`
	Latency  time.Duration `json:"latency"`
	Accuracy float64       `json:"accuracy"`
	Changes  []change      `json:"changes"`
}

type change struct {
	At       time.Duration `json:"at"`
	Latency  time.Duration `json:"latency"`
	Accuracy float64       `json:"accuracy"`
}

type model struct {
	HasConfidence bool    `json:"has_confidence"`
	Points        []point `json:"points"`
}

type point struct {
	Name     string        `json:"name"`
	Density  float64       `json:"density"`
	Ops      int64         `json:"ops"`
	Bytes    int64         `json:"bytes"`
	Cascade  bool          `json:"cascade"`
	Accuracy float64       `json:"accuracy"`
	Mean     time.Duration `json:"mean"` // alone
}

// greeting is the line of the hello.
func greeting(s scheduler.Setting, params map[string]any) ([]byte, error) {
	h := hello{Slosim: version, Hello: setting{Workers: s.Workers, Params: params, Classes: []class{}, Models: []model{}}}
	for i := range s.Classes {
		c := &s.Classes[i]
		out := class{c.Name, c.Share, c.Latency, c.Accuracy, []change{}}
		for _, one := range c.Changes {
			out.Changes = append(out.Changes, change{one.At, one.Latency, one.Accuracy})
		}
		h.Hello.Classes = append(h.Hello.Classes, out)
	}
	for _, belief := range s.Models {
		h.Hello.Models = append(h.Hello.Models, model{belief.HasConfidence(), points(belief)})
	}
	line, err := json.Marshal(h)
	return append(line, '\n'), err
}

func points(b *profile.Belief) []point {
	out := []point{}
	for i, p := range b.Points() {
		out = append(out, point{p.Name, p.Density, p.Ops, p.Bytes, p.Cascade, b.Accuracy(i), b.Mean(i, 1)})
	}
	return out
}
