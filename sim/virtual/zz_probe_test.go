package virtual_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
)

type spy struct {
	scheduler.Policy
	seen []float64
}

func (s *spy) Decide(v *scheduler.View, p *scheduler.Plan) {
	s.seen = append(s.seen, v.Workers[0].Correction)
	s.Policy.Decide(v, p)
}
func (s *spy) Bind(x scheduler.Setting) error {
	if b, ok := s.Policy.(scheduler.Binder); ok {
		return b.Bind(x)
	}
	return nil
}

func probeDist(mean time.Duration, spread float64) profile.Dist {
	var d profile.Dist
	for i := range 200 {
		u := (float64(i) + .5) / 200
		d = append(d, uint32(float64(mean)*math.Max(.3, 1+spread*math.Sqrt2*math.Erfinv(2*u-1))))
	}
	return d
}

func probeSet(scale float64, tail float64, stalls []profile.Stall) profile.Half {
	h := profile.Half{Samples: 20}
	for p, m := range []time.Duration{100 * time.Microsecond, 400 * time.Microsecond} {
		m = time.Duration(scale * float64(m))
		h.Execute = append(h.Execute, [][]profile.Dist{{probeDist(m, .2), probeDist(time.Duration(tail*float64(m)), .2)}})
		for i := range h.Samples {
			o := profile.Outcome{Right: p == 1 || i%3 > 0}
			if i == 0 {
				o.Class = 1
			}
			h.Outcomes = append(h.Outcomes, o)
		}
	}
	if stalls != nil {
		h.Stalls = [][]profile.Stall{stalls}
	}
	return h
}

func TestZZProbe(t *testing.T) {
	half := []profile.Stall{}
	for i := range 40 {
		half = append(half, profile.Stall{Gap: 4*ms + time.Duration(i%7)*100*time.Microsecond, Wait: 4*ms - time.Duration(i%5)*100*time.Microsecond})
	}
	rare := []profile.Stall{{Gap: 50 * ms, Wait: 4 * ms}, {Gap: 71 * ms, Wait: 3 * ms}}
	for _, sc := range []struct {
		name   string
		tail   float64
		stalls []profile.Stall
	}{{"plain", 1, nil}, {"cascade", 9, nil}, {"rare", 1, rare}, {"half", 1, half}} {
		for _, gap := range []time.Duration{4 * ms, 800 * time.Microsecond} {
			for _, scale := range []float64{1, 1.5} {
				for _, name := range []string{"full", "lcao"} {
					out := fmt.Sprintf("%-8s gap %-6v x%v %-5s", sc.name, gap, scale, name)
					for _, corr := range []bool{false, true} {
						cal := probeSet(1, sc.tail, sc.stalls)
						truth := probeSet(scale, sc.tail, sc.stalls)
						set := newSet(cal)
						c := newConfig(set, 1)
						belief, err := profile.NewBelief(set, c.Levels)
						if err != nil {
							t.Fatal(err)
						}
						pol, _ := scheduler.Builtin().New(name, scheduler.NewParams(nil))
						sp := &spy{Policy: pol}
						c.Belief, c.Truth, c.Policy = belief, &truth, sp
						c.Classes[0].Latency = 5 * ms
						c.Stream = &poisson{key: c.Key, mean: gap, samples: 20, classes: 1}
						c.Duration = 20 * time.Second
						c.Feedback, c.Correction = sim.Feedback{Granted: true}, corr
						var _ = virtual.Run
						kept, _ := run(t, c)
						met, right := 0, 0
						for i := range kept {
							if kept[i].Met() {
								met++
								if kept[i].Right {
									right++
								}
							}
						}
						out += fmt.Sprintf("  met %.3f right %.3f", float64(met)/float64(len(kept)), float64(right)/float64(len(kept)))
						if corr {
							s := sp.seen[len(sp.seen)/10:]
							slices.Sort(s)
							m := 0.
							for _, x := range s {
								m += x / float64(len(s))
							}
							out += fmt.Sprintf("  corr mean %.2f p5 %.2f p50 %.2f p95 %.2f", m, s[len(s)/20], s[len(s)/2], s[len(s)*19/20])
						}
					}
					fmt.Println(out)
				}
			}
		}
	}
}
