package scheduler

// fastest runs every query at the point with the lowest believed mean on its worker:
// the bound on what giving accuracy away can do for latency.
type fastest struct {
	dispatcher
}

func newFastest(p *Params) Policy { return &fastest{newDispatcher(p)} }

// Decide starts queries in order.
func (f *fastest) Decide(v *View, p *Plan) { f.run(v, p, f) }

func (f *fastest) choose(t *turn) choice {
	point, _ := t.cheapest()
	return start(point, Cheapest)
}
