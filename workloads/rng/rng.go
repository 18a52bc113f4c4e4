// Package rng draws random numbers that are functions of their key.
//
// A draw is hash(seed, replication, cause, id): no stream is shared, so nothing
// that a policy decides can move anyone else's draw, and all contenders of a
// scenario see common random numbers. It is not a source for cryptography.
package rng

import "math/rand/v2"

// Cause names what a draw is for, so that two draws of one query differ.
type Cause uint32

// The causes of slosim's draws. New ones go to the end: the numbers are part of
// what makes old results reproducible.
const (
	Arrival Cause = iota + 1
	ClassOf
	SampleOf
	Service
	Activation
	Stall
	SensorNoise
	Window
	Bootstrap
	Training
	Hashing
	Switching
	Loading
	Campaign
)

// Key is the part of a draw's identity that stays fixed over one replication.
type Key struct {
	Seed        uint64
	Replication uint32
}

// Uint64 returns the 64 random bits of (key, cause, id).
func (k Key) Uint64(cause Cause, id uint64) uint64 {
	h := mix(k.Seed + 0x9e3779b97f4a7c15)
	h = mix(h ^ (uint64(k.Replication)<<32 | uint64(cause)))
	return mix(h ^ (id + 0x9e3779b97f4a7c15))
}

// Float returns a uniform draw in [0, 1) with 53 bits.
func (k Key) Float(cause Cause, id uint64) float64 {
	return float64(k.Uint64(cause, id)>>11) / (1 << 53)
}

// Source returns a generator of its own for (key, cause, id), for draws that
// need more than one number (a shuffle, a normal variate).
func (k Key) Source(cause Cause, id uint64) *rand.PCG {
	h := k.Uint64(cause, id)
	return rand.NewPCG(h, mix(h))
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
func mix(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}
