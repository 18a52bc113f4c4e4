#include "textflag.h"

// func ask(p *uint32)
TEXT ·ask(SB), NOSPLIT, $0-8
	MOVD p+0(FP), R0
	PRFM (R0), PLDL1KEEP
	RET
