#include "textflag.h"

// func ask(p *uint32)
TEXT ·ask(SB), NOSPLIT, $0-8
	MOVQ       p+0(FP), AX
	PREFETCHT0 (AX)
	RET
