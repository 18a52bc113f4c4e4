package scenarios

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"slosim/sim/virtual"
	"slosim/workloads"
)

// maxRecordingSpeed bounds how fast a recording may play.
const maxRecordingSpeed = 1e6

// resolveRecording reads a block's file and fills in its defaults.
func (c *checker) resolveRecording(block *Interference, path string, duration Duration) {
	orElse(c, path+".speed", &block.Speed, 1)
	c.readRecording(block, path+".file")
	to := duration
	if end := block.recordingEnd(); end > block.From {
		to = min(to, end)
	}
	orElse(c, path+".to", &block.To, to)
}

// readRecording reads the file; each mistake in it is a problem at its own line.
func (c *checker) readRecording(block *Interference, path string) {
	if c.bad[path] || c.known.OpenSlowdowns == nil {
		return
	}
	file := block.File
	if !filepath.IsAbs(file) && !slices.Contains(names(c.known.Recordings), file) {
		file = filepath.Join(filepath.Dir(c.file), file)
	}
	recording, err := c.known.OpenSlowdowns(file)
	var lines workloads.LineErrors
	switch {
	case errors.As(err, &lines):
		c.bad[path] = true
		for _, l := range lines {
			c.problems = append(c.problems, Problem{File: l.File, Line: l.Line, Key: l.Column, Want: l.Want, Got: l.Got})
		}
	case err != nil:
		c.add(path, wantName("recordings that ship", names(c.known.Recordings))+", or a file of recorded slow-downs", err.Error())
	}
	block.Recording = recording
}

// recordingEnd returns when the recording is over, in virtual time; 0 if that is not known.
func (i *Interference) recordingEnd() Duration {
	if len(i.Recording) == 0 || !(i.Speed > 0) {
		return 0
	}
	end := float64(i.From) + math.Floor(float64(i.Recording.Span())/i.Speed)
	return Duration(min(end, math.MaxInt64/2))
}

// recording checks a block with a file.
func (c *checker) recording(block *Interference, path string) {
	for _, key := range []string{"antagonist", "intensity", "unseen", "every", "for", "factor"} {
		if c.given[path+"."+key] {
			c.add(path+"."+key, "nothing: the file says what happens", "one")
		}
	}
	if !(block.Speed > 0 && block.Speed <= maxRecordingSpeed) {
		c.add(path+".speed", fmt.Sprintf("above 0, at most %g", maxRecordingSpeed), show(block.Speed))
	}
	if c.known.OpenSlowdowns == nil {
		c.add(path+".file", "an antagonist: recordings are not known here", show(block.File))
	}
	if end := block.recordingEnd(); block.To > end && c.fine(path+".file", path+".speed", path+".to") {
		c.add(path+".to", fmt.Sprintf("at most %v, where the recording ends (it is never looped)", end), block.To.String())
	}
}

// scales says whether the block multiplies the quiet level's times, and no antagonist was measured.
func (i *Interference) scales() bool { return i.File != "" || i.Factor > 0 }

// source names what disturbs.
func (i *Interference) source() string {
	switch {
	case i.File != "":
		return filepath.Base(i.File)
	case i.Factor > 0:
		return "factor"
	}
	return i.Antagonist
}

// intervals returns what the recording, or the factor, does to its worker: the quiet level's times,
// multiplied.
func (i *Interference) intervals() (out []virtual.Interval) {
	if i.File == "" {
		for _, s := range i.Stretches() {
			out = append(out, virtual.Interval{From: s.From, To: s.To, Worker: i.Worker, Factor: i.Factor})
		}
		return out
	}
	steps := i.Recording.Play(i.From.Std(), i.To.Std(), i.Speed)
	out = make([]virtual.Interval, len(steps))
	for k, s := range steps {
		to := i.To.Std()
		if k+1 < len(steps) {
			to = steps[k+1].At
		}
		out[k] = virtual.Interval{From: s.At, To: to, Worker: i.Worker, Factor: s.Factor}
	}
	return out
}

// meanFactor returns the recording's mean factor over the block.
func (i *Interference) meanFactor() float64 {
	var sum, length time.Duration
	for _, piece := range i.intervals() {
		length += piece.To - piece.From
		sum += time.Duration(piece.Factor * float64(piece.To-piece.From))
	}
	return float64(sum) / float64(length)
}
