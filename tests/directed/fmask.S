// A write to IA32_FMASK that raises #GP changes nothing.
#include "idt.inc"
        .code64
        setup_idt
        mov $0xc0000084,%ecx
        mov $0x100,%eax
        xor %edx,%edx
        wrmsr
        lea 1f(%rip),%rax
        mov %rax,0xa020
        mov $0x777,%eax
        mov $1,%edx
        wrmsr
1:      rdmsr
        mov 0xa000,%r9
        hlt
//= RAX 0x100
//= R9 13
