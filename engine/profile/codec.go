package profile

import (
	"encoding/binary"
	"errors"
	"math"
)

// coder walks a profile in one fixed order, writing it or reading it: one traversal
// for both directions cannot fall out of step with itself. Integers are varints,
// distributions are differences, outcomes are columns; the whole is compressed later.
type coder struct {
	buf     []byte // what was written, or what is left to read
	reading bool
	batches bool // the format has them
	err     error
}

var errShort = errors.New("ends early")

// encode returns the canonical bytes of a valid profile.
func encode(p *Profile) []byte {
	c := &coder{}
	c.profile(p)
	return c.buf
}

// decode is the inverse of encode. It never takes more memory than the input explains.
func decode(buf []byte) (*Profile, error) {
	c := &coder{buf: buf, reading: true}
	p := &Profile{}
	c.profile(p)
	if c.err == nil && len(c.buf) > 0 {
		c.err = errors.New("has bytes behind its end")
	}
	return p, c.err
}

func (c *coder) profile(p *Profile) {
	integer(c, &p.Schema)
	c.batches = p.Schema >= SchemaBatches
	c.machine(&p.Machine)
	c.text(&p.Dataset)
	list(c, &p.Levels, (*coder).level)
	list(c, &p.Sets, (*coder).set)
	c.campaign(&p.Campaign)
}

func (c *coder) machine(m *Machine) {
	c.text(&m.CPU)
	integer(c, &m.Cores)
	integer(c, &m.L2)
	integer(c, &m.L3)
	c.text(&m.Variant)
	c.text(&m.OS)
}

func (c *coder) level(l *Level) {
	list(c, &l.Antagonists, (*coder).antagonist)
	integer(c, &l.BusySiblings)
	c.float(&l.Slowdown)
	integer(c, &l.Kept)
	integer(c, &l.Discarded)
	c.float(&l.Share)
}

func (c *coder) antagonist(a *Antagonist) {
	c.text(&a.Kind)
	c.float(&a.Intensity)
}

func (c *coder) set(s *Set) {
	c.text(&s.Technique)
	c.text(&s.Network)
	c.text(&s.Hash)
	list(c, &s.Points, (*coder).point)
	list(c, &s.Groups, (*coder).group)
	list(c, &s.Switch, (*coder).dists)
	if c.batches {
		list(c, &s.Batches, func(c *coder, n *int) { integer(c, n) })
	}
	c.flag(&s.Activates)
	c.flag(&s.HasConfidence)
	c.half(&s.Calibration)
	c.half(&s.Truth)
}

func (c *coder) point(p *Point) {
	c.text(&p.Name)
	c.float(&p.Density)
	integer(c, &p.Ops)
	integer(c, &p.Bytes)
	integer(c, &p.Group)
	c.flag(&p.Cascade)
}

func (c *coder) group(g *Group) {
	c.text(&g.Name)
	integer(c, &g.Bytes)
	c.dist(&g.Load)
}

func (c *coder) half(h *Half) {
	integer(c, &h.Samples)
	c.outcomes(&h.Outcomes)
	c.dists(&h.Activate)
	list(c, &h.Execute, func(c *coder, levels *[][]Dist) { list(c, levels, (*coder).dists) })
	if c.batches {
		list(c, &h.Batched, func(c *coder, levels *[][]Dist) { list(c, levels, (*coder).dists) })
	}
	list(c, &h.Stalls, func(c *coder, s *[]Stall) { list(c, s, (*coder).stall) })
	list(c, &h.Spread, (*coder).float)
}

func (c *coder) stall(s *Stall) {
	integer(c, &s.Gap)
	integer(c, &s.Wait)
}

func (c *coder) campaign(m *Campaign) {
	integer(c, &m.Version)
	integer(c, &m.Blocks)
	integer(c, &m.BlockSize)
	c.float(&m.Seconds)
	c.dist(&m.Reference)
	c.float(&m.Drift)
	list(c, &m.Warnings, (*coder).text)
}

// outcomes are kept as columns, which compress better than rows. Confidences keep
// their bits: a NaN stays a NaN.
func (c *coder) outcomes(outcomes *[]Outcome) {
	n := c.length(len(*outcomes))
	if c.reading {
		*outcomes = make([]Outcome, n)
	}
	for i := range *outcomes {
		integer(c, &(*outcomes)[i].Answer)
	}
	for i := range *outcomes {
		c.flag(&(*outcomes)[i].Right)
	}
	for i := range *outcomes {
		integer(c, &(*outcomes)[i].Class)
	}
	for i := range *outcomes {
		c.float32(&(*outcomes)[i].Confidence)
	}
}

func (c *coder) dists(ds *[]Dist) { list(c, ds, (*coder).dist) }

// dist writes differences of an ascending sequence. Sums wrap like the values do.
func (c *coder) dist(d *Dist) {
	n := c.length(len(*d))
	if c.reading {
		*d = make(Dist, n)
	}
	last := uint32(0)
	for i := range *d {
		step := (*d)[i] - last
		integer(c, &step)
		last += step
		(*d)[i] = last
	}
}

// list walks a slice of anything.
func list[T any](c *coder, s *[]T, each func(*coder, *T)) {
	n := c.length(len(*s))
	if !c.reading {
		for i := range *s {
			each(c, &(*s)[i])
		}
		return
	}
	*s = nil
	for range n {
		var v T
		if each(c, &v); c.err != nil {
			return
		}
		*s = append(*s, v)
	}
}

// length walks the length of a sequence. Every element takes a byte at least, so a
// length beyond the rest of the input is refused before any memory is taken.
func (c *coder) length(n int) int {
	integer(c, &n)
	if c.reading && (n < 0 || n > len(c.buf)) {
		c.fail(errShort)
	}
	if c.err != nil {
		return 0
	}
	return n
}

// integer walks any integer as a varint.
func integer[T ~int | ~int64 | ~uint8 | ~uint16 | ~uint32](c *coder, v *T) {
	if !c.reading {
		c.buf = binary.AppendVarint(c.buf, int64(*v))
		return
	}
	x, size := binary.Varint(c.buf)
	switch {
	case c.err != nil:
	case size <= 0:
		c.fail(errShort)
	case int64(T(x)) != x:
		c.fail(errors.New("has a number out of range"))
	default:
		*v, c.buf = T(x), c.buf[size:]
	}
}

func (c *coder) flag(v *bool) {
	bit := uint8(0)
	if *v {
		bit = 1
	}
	integer(c, &bit)
	if bit > 1 {
		c.fail(errors.New("has a flag out of range"))
	}
	*v = bit == 1
}

func (c *coder) float(v *float64) {
	if !c.reading {
		c.buf = binary.LittleEndian.AppendUint64(c.buf, math.Float64bits(*v))
		return
	}
	if b := c.take(8); b != nil {
		*v = math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
}

func (c *coder) float32(v *float32) {
	if !c.reading {
		c.buf = binary.LittleEndian.AppendUint32(c.buf, math.Float32bits(*v))
		return
	}
	if b := c.take(4); b != nil {
		*v = math.Float32frombits(binary.LittleEndian.Uint32(b))
	}
}

func (c *coder) text(v *string) {
	n := c.length(len(*v))
	if !c.reading {
		c.buf = append(c.buf, *v...)
		return
	}
	*v = string(c.take(n))
}

// take reads n bytes, nil when there are not so many.
func (c *coder) take(n int) []byte {
	if c.err != nil || n > len(c.buf) {
		c.fail(errShort)
		return nil
	}
	b := c.buf[:n]
	c.buf = c.buf[n:]
	return b
}

// fail keeps the first error.
func (c *coder) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}
