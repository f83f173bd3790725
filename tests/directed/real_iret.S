//@ mode real
// IRET and POPF of 32 bits in real mode: VM, VIF and VIP stay as they were, RF is what IRET pops and what POPF clears
// (SDM vol. 2, IRET, real-address mode).
        .code16
        xor     %ax, %ax
        mov     %ax, %ds
        // VIF and VIP stay clear.
        pushl   $0x003a7ed7
        pushl   %cs
        pushl   $1f
        iretl
1:      pushfl
        popl    %eax
        mov     %eax, %ebx
        pushl   $0x003e7cd7
        popfl
        pushfl
        popl    %ecx
        // 16 bits: the upper half stays.
        pushl   $0x00240002
        popfl
        pushw   $0x7ed7
        push    %cs
        push    $2f
        iret
2:      pushfl
        popl    %edx
        pushl   $2
        popfl
        hlt
//= RBX 0x207ed7
//= RCX 0x247cd7
//= RDX 0x247ed7
