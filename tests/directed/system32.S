//@ mode protected32
// Every system instruction in 32-bit code, in both operand sizes.
        .set    BITS, 32
        .set    FLAT, 0x100000
#include "system.inc"
//= RBP 0
