// Command gen writes the assembly of package kernel with avo, one instruction set a run:
//
//	go run . -isa avx2 -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg kernel
//
// It is a module of its own, so that building slosim does not need avo.
package main

import (
	"flag"
	"fmt"
	"os"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	name := flag.String("isa", "avx2", "instruction set: avx2 or avx512")
	flag.Parse()
	v, ok := map[string]vectors{"avx2": avx2, "avx512": avx512}[*name]
	if !ok {
		fmt.Fprintf(os.Stderr, "gen: -isa %q: want avx2 or avx512\n", *name)
		os.Exit(2)
	}
	matVecs(v)
	axpys(v)
	compresses(v)
	thresholds(v)
	addBytes(v)
	gemms(v)
	sparseRows(v)
	Generate()
}
