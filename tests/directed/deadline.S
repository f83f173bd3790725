// The TSC deadline counts in TSC units, also with IA32_TSC_ADJUST set.
#include "idt.inc"
        .code64
        setup_idt
        mov $0x3b,%ecx
        mov $1000000,%eax
        xor %edx,%edx
        wrmsr
        mov $0xfee00000,%ebx
        movl $0x4001f,0x320(%rbx)
        rdtsc
        mov %eax,%r8d
        add $10000,%eax
        mov $0x6e0,%ecx
        wrmsr
        sti
        hlt
        cli
        rdtsc
        sub %r8d,%eax
        shr $12,%eax               // 10000..12287
        hlt
//= RAX 2
