package main

import "github.com/mmcloughlin/avo/attr"

const (
	attrNoSplit = attr.NOSPLIT
	attrConst   = attr.RODATA | attr.NOPTR
)
