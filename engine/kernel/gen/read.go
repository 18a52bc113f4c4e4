package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// reads writes functions that load lines of 64 bytes and do nothing with them: what a
// core can read from a level of the memory, which no kernel can exceed. Streams start
// one after another in the same memory, each with its share of the lines.
func reads(v vectors) {
	v.read("read", 1, 16, 0)
	v.read("readAhead", 1, 16, 8192)
	v.read("readFour", 4, 4, 0)
	bareRows(v)
}

// read reads count lines a stream and step.
func (v vectors) read(name string, streams, count, ahead int) {
	const line = 64
	v.text(name, "(p *byte, bytes int)", name+" wants whole steps of 1,024 bytes a stream, "+
		"and reads no others.")
	p, part, at := Load(Param("p"), GP64()), Load(Param("bytes"), GP64()), GP64()
	if streams == 4 {
		SHRQ(U8(2), part)
	}
	from := []Register{p}
	for range streams - 1 {
		next := GP64()
		MOVQ(from[len(from)-1], next)
		ADDQ(part, next)
		from = append(from, next)
	}
	XORQ(at, at)
	loop(at, part, count*line, func() {
		for c := range count {
			for _, stream := range from {
				if ahead > 0 {
					PREFETCHT0(Mem{Base: stream, Index: at, Scale: 1, Disp: c*line + ahead})
				}
				for d := 0; d < line; d += v.bytes() {
					VMOVUPS(Mem{Base: stream, Index: at, Scale: 1, Disp: c*line + d}, v.reg())
				}
			}
		}
	})
	VZEROUPPER()
	RET()
}
