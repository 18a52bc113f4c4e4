package simbench

import (
	"math/rand/v2"
	"time"

	"slosim/sim/des"
)

// The queue: four servers at rho 0.8.
const (
	servers = 4
	gap     = float64(time.Millisecond)
	service = 3.2 * gap
)

// EventsPerCustomer are an arrival and a departure.
const EventsPerCustomer = 2

const (
	departs uint8 = iota
	arrives
)

// draws are two streams, so that gaps and services are the same however they are mixed.
type draws struct{ gaps, services *rand.Rand }

func newDraws(seed uint64) draws {
	return draws{rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))}
}

func (d *draws) gap() time.Duration     { return time.Duration(d.gaps.ExpFloat64() * gap) }
func (d *draws) service() time.Duration { return time.Duration(d.services.ExpFloat64() * service) }

// waiting is a ring of arrival instants.
const waiting = 1 << 12

// Station simulates so many customers with the event list and returns the sum of their
// waiting times. It panics if more than 4,096 wait, which at this load does not happen.
func Station(seed uint64, customers int) time.Duration {
	var (
		list    des.List
		d       = newDraws(seed)
		ring    [waiting]time.Duration
		head, n int
		idle    = servers
		sum     time.Duration
	)
	list.Hold(d.gap(), arrives, 0)
	for started := 0; started < customers; {
		e, _ := list.Next()
		switch e.Kind() {
		case arrives:
			if n == waiting {
				panic("simbench: the queue grows without bound")
			}
			ring[(head+n)%waiting] = e.At()
			n++
			list.Hold(e.At()+d.gap(), arrives, 0)
		case departs:
			idle++
		}
		if n > 0 && idle > 0 {
			sum += e.At() - ring[head]
			head = (head + 1) % waiting
			n--
			idle--
			started++
			list.Push(e.At()+d.service(), departs, 0)
		}
	}
	return sum
}

// Recursion computes the same sum without events: the floor of the arithmetic.
func Recursion(seed uint64, customers int) time.Duration {
	var (
		d    = newDraws(seed)
		free [servers]time.Duration
		at   time.Duration
		sum  time.Duration
	)
	for range customers {
		at += d.gap()
		first := 0
		for i := 1; i < servers; i++ {
			if free[i] < free[first] {
				first = i
			}
		}
		start := max(at, free[first])
		sum += start - at
		free[first] = start + d.service()
	}
	return sum
}
