// Package rng draws random numbers that are functions of their key.
//
// A draw is hash(seed, replication, cause, id): no stream is shared, so nothing
// that a policy decides can move anyone else's draw, and all contenders of a
// scenario see common random numbers (CRN). It is not a source for
// cryptography, and it holds no state: a Key is a value, free to copy and to
// use from many goroutines.
//
// How to draw:
//
//  1. Make a Key from the scenario's seed and the number of the replication.
//  2. For one number a query, call Float, Index or Uint64 with the cause and
//     the query's ID. The same arguments give the same bits, for ever and on
//     every machine.
//  3. For a variate that needs an unknown count of numbers (a normal, a gamma),
//     call Source and let the variate own the generator it gets.
//  4. For a part of the program that has draws of its own (arrival source 3,
//     window 7 of a trace), call Child and use the Key it returns.
//
// The hash is three rounds of SplitMix64's finaliser, which is a bijection: two
// ids of one (seed, replication, cause) never collide.
package rng

import (
	"math/bits"
	"math/rand/v2"
)

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
	Split
	Think
	Synthetic
	SizeOf
)

// Key is the part of a draw's identity that stays fixed over one replication.
type Key struct {
	Seed        uint64
	Replication uint32
}

// Draws are all draws of one cause under one key. They are the key's own numbers; what
// does not depend on the id is hashed once instead of for each of them.
type Draws struct{ prefix uint64 }

// Draws returns the draws of a cause.
func (k Key) Draws(cause Cause) Draws {
	h := mix(k.Seed + 0x9e3779b97f4a7c15)
	return Draws{mix(h ^ (uint64(k.Replication)<<32 | uint64(cause)))}
}

// Uint64 returns the 64 random bits of an id.
func (d Draws) Uint64(id uint64) uint64 { return mix(d.prefix ^ (id + 0x9e3779b97f4a7c15)) }

// Float returns a uniform draw in [0, 1) with 53 bits.
func (d Draws) Float(id uint64) float64 { return float64(d.Uint64(id)>>11) / (1 << 53) }

// Index returns a uniform draw from 0 to n-1, for n of at least 1. It takes the
// high half of a 128-bit product; the bias is below n/2^64.
func (d Draws) Index(id, n uint64) uint64 {
	high, _ := bits.Mul64(d.Uint64(id), n)
	return high
}

// Uint64 returns the 64 random bits of (key, cause, id).
func (k Key) Uint64(cause Cause, id uint64) uint64 { return k.Draws(cause).Uint64(id) }

// Float returns a uniform draw in [0, 1) of (key, cause, id), see [Draws.Float].
func (k Key) Float(cause Cause, id uint64) float64 { return k.Draws(cause).Float(id) }

// Index returns a uniform draw from 0 to n-1 of (key, cause, id), see [Draws.Index].
func (k Key) Index(cause Cause, id, n uint64) uint64 { return k.Draws(cause).Index(id, n) }

// Child returns the key of a part of the program that draws on its own: its
// draws are independent of the parent's and of other children's.
func (k Key) Child(cause Cause, id uint64) Key {
	return Key{Seed: k.Uint64(cause, id), Replication: k.Replication}
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
