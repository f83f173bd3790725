// A single-step trap after HLT wakes the processor.
#include "idt.inc"
        .code64
        setup_idt
        pushf
        orq $0x100,(%rsp)
        popf
        hlt                      // single-step trap wakes it
        mov $5,%r9d
        mov 0xa018,%r10
        pushf
        andq $~0x100,(%rsp)
        popf
        hlt
//= R9 5
