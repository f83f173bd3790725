// The shadow of STI holds off interrupts, not single-step traps.
#include "idt.inc"
        .code64
        setup_idt
        lea h1(%rip),%rax
        mov %ax,0x9010
        shr $16,%rax
        mov %ax,0x9016
        xor %r9d,%r9d
        xor %r10d,%r10d
        pushf
        orq $0x100,(%rsp)
        popf
        sti                      // trap after this
1:      nop
        nop
        pushf
        andq $~0x300,(%rsp)
        popf
        lea 1b(%rip),%rax
        cmp %rax,%r9
        sete %r9b
        movzbl %r9b,%r9d
        hlt
h1:     test %r9,%r9
        jnz 3f
        mov (%rsp),%r9
3:      iretq
//= R9 1
