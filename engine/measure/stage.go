package measure

import (
	"errors"
	"fmt"

	"slosim/engine/antagonist"
	"slosim/engine/profile"
)

// Stage holds the antagonists of a profile's levels, each started once and paused while
// it is not wanted: starting one takes too long to do in the middle of a run.
type Stage struct {
	running []*antagonist.Process // [level]; nil: nothing disturbs there
	specs   []antagonist.Spec
	odd     []string
}

// NewStage starts the antagonists of the given levels for a worker on a core, paused.
// Whoever gets a stage must Close it.
func NewStage(l antagonist.Launcher, levels []profile.Level, wanted []int, cpu int, cores []int) (*Stage, error) {
	s := &Stage{running: make([]*antagonist.Process, len(levels)), specs: make([]antagonist.Spec, len(levels))}
	for _, level := range wanted {
		for _, a := range levels[level].Antagonists {
			core, err := antagonist.Place(a.Kind, cpu, cores)
			if err != nil {
				s.Close()
				return nil, err
			}
			s.specs[level] = antagonist.Spec{Kind: a.Kind, Intensity: a.Intensity, CPU: core}
			s.running[level], err = antagonist.Start(l, s.specs[level])
			if err == nil {
				err = s.running[level].Pause()
			}
			if err != nil {
				s.Close()
				return nil, err
			}
		}
	}
	return s, nil
}

// Resume lets the antagonist of a level disturb; there is none at the undisturbed level.
func (s *Stage) Resume(level int) error {
	if s.running[level] == nil {
		return nil
	}
	if err := s.running[level].Resume(); err != nil {
		return err
	}
	_, err := s.running[level].Share() // the window of Plausible begins
	return err
}

// Pause stops the antagonist of a level from disturbing.
func (s *Stage) Pause(level int) error {
	if s.running[level] == nil {
		return nil
	}
	share, err := s.running[level].Share()
	if err == nil && !s.specs[level].Plausible(share) {
		s.odd = append(s.odd, fmt.Sprintf("antagonist %s: want %s of its core, got %.2f", s.specs[level].Kind, s.specs[level].Implied(), share))
	}
	return errors.Join(err, s.running[level].Pause())
}

// Odd lists, once, the times between Resume and Pause in which an antagonist did not get the
// share of its core that it gets when nothing else disturbs.
func (s *Stage) Odd() []string {
	odd := s.odd
	s.odd = nil
	return odd
}

// Shared says whether a level's antagonist runs on the worker's own core.
func (s *Stage) Shared(level int) bool {
	return s.running[level] != nil && antagonist.SharesCore(s.specs[level].Kind)
}

// Close ends all antagonists.
func (s *Stage) Close() error {
	var first error
	for _, p := range s.running {
		if p == nil {
			continue
		}
		if err := p.Stop(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
