//@ mode protected16
// Every system instruction in 16-bit code, in both operand sizes.
        .set    BITS, 16
        .set    FLAT, 0x20000
#include "system.inc"
//= RBP 0
