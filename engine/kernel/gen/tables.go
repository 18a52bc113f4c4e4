package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// table returns constant data, written on first use.
func table(name string, words int, word func(i int) uint32) Mem {
	if m, ok := tables[name]; ok {
		return m
	}
	m := GLOBL(name, attrConst)
	for i := range words {
		DATA(4*i, U32(word(i)))
	}
	tables[name] = m
	return m
}

var tables = map[string]Mem{}

// laneMasks is eight lanes of ones followed by eight of zeros.
func laneMasks() Mem {
	return table("laneMasks", 16, func(i int) uint32 {
		if i < 8 {
			return 0xffffffff
		}
		return 0
	})
}

// counting is 0, 1, 2, ...
func counting(lanes int) Mem {
	return table("counting", lanes, func(i int) uint32 { return uint32(i) })
}

// repeated is the number of lanes in each lane.
func repeated(lanes int) Mem {
	return table("repeated", lanes, func(int) uint32 { return uint32(lanes) })
}

// permutations has eight bytes for each set of eight lanes: the numbers of the lanes
// in the set, in order, and then zeros.
func permutations() Mem {
	return table("permutations", 2*256, func(i int) uint32 {
		var lanes []uint32
		for lane := range uint32(8) {
			if i/2>>lane&1 != 0 {
				lanes = append(lanes, lane)
			}
		}
		lanes = append(lanes, make([]uint32, 8)...)[i%2*4:]
		return lanes[0] | lanes[1]<<8 | lanes[2]<<16 | lanes[3]<<24
	})
}
