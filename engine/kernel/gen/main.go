// Command gen writes the assembly of package kernel with avo, one instruction set and
// part a run:
//
//	go run . -isa avx2 -part float32 -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg kernel
//
// It is a module of its own, so that building slosim does not need avo.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"

	. "github.com/mmcloughlin/avo/build"
)

// parts are the files of an instruction set.
var parts = map[string]func(vectors){
	"hash":   hashing,
	"read":   reads,
	"narrow": narrowKernels,
	"batch":  batches,
	"float32": func(v vectors) {
		matVecs(v)
		axpys(v)
		compresses(v)
		thresholds(v)
		addBytes(v)
		gemms(v)
		sparseRows(v)
	},
}

func main() {
	name := flag.String("isa", "avx2", "instruction set: avx2 or avx512")
	part := flag.String("part", "float32", "part of the kernels")
	flag.Parse()
	v, known := map[string]vectors{"avx2": avx2, "avx512": avx512}[*name]
	write, ok := parts[*part]
	if !known || !ok {
		fmt.Fprintf(os.Stderr, "gen: -isa %q -part %q: want avx2 or avx512, and one of %q\n",
			*name, *part, slices.Sorted(maps.Keys(parts)))
		os.Exit(2)
	}
	write(v)
	Generate()
}
