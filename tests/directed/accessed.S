// A far return sets the accessed bit of the descriptors that it loads.
        .code64
        mov $0x00af9a000000ffff,%rax
        mov %rax,0x8018
        push $0x18
        lea 1f(%rip),%rax
        push %rax
        lretq
1:      mov 0x801d,%al
        movzbl %al,%eax
        hlt
//= RAX 0x9b
