// SYSENTER and SYSEXIT in 64-bit mode and from compatibility mode, without a selector, with addresses that are not
// canonical; CMPXCHG16B's alignment.
#include "idt.inc"
#include "expect.inc"
#include "user.inc"
        .code64
        .macro  msr index, value:vararg
        mov     $\index, %ecx
        mov     $(\value) & 0xffffffff, %eax
        xor     %edx, %edx
        wrmsr
        .endm
        setup_idt
        // 08 code, 10 data; 18 32-bit user code, 20 user data, 28 64-bit user code, 30 user data; TSS at 38.
        orb     $4, 0x10000
        orb     $4, 0x11000
        orb     $4, 0x12000
        mov     $0x00cffb000000ffff, %rax
        mov     %rax, 0x8018
        mov     $0x00cff3000000ffff, %rax
        mov     %rax, 0x8020
        mov     %rax, 0x8030
        mov     $0x00affb000000ffff, %rax
        mov     %rax, 0x8028
        FAULTS(13, 0, sysenter)         // no selector
        mov     $0x80000, %ecx
        lea     user64(%rip), %rdx
        FAULTS(13, 0, sysexitq)
        msr     0x174, 8
        msr     0x175, 0x78000
        lea     entry(%rip), %rbx
        mov     $0x176, %ecx
        mov     %ebx, %eax
        xor     %edx, %edx
        wrmsr
        mov     $0x8000000000000000, %rax
        mov     %rax, %rdx
        shr     $32, %rdx
        xor     %eax, %eax
        FAULTS(13, 0, wrmsr)            // not canonical
        mov     $0x8000000000000000, %rcx
        lea     user64(%rip), %rdx
        FAULTS(13, 0, sysexitq)
        mov     $0x80000, %ecx
        mov     $0x8000000000000000, %rdx
        FAULTS(13, 0, sysexitq)
        lea     user64(%rip), %rdx
        xor     %esi, %esi              // how often it was entered
        sysexitq
user64: mov     %rsp, %r8
        mov     %cs, %r9d
        mov     %ss, %r10d
        mov     $1, %edi
        sysenter
        jmp     .
entry:  inc     %esi
        EQUAL(%rsp, 0x78000)
        mov     %cs, %eax
        EQUAL(%rax, 8)
        mov     %ss, %eax
        EQUAL(%rax, 0x10)
        cmp     $2, %esi
        je      second
        EQUAL(%r8, 0x80000)
        EQUAL(%r9, 0x2b)
        EQUAL(%r10, 0x33)
        mov     $0xffffffff00081000, %rcx       // the upper halves are dropped
        lea     user32(%rip), %rdx
        bts     $40, %rdx
        sysexitl
        .code32
user32: mov     %esp, %ebx
        mov     %cs, %edi
        mov     %ss, %ebp
        sysenter
        jmp     .
        .code64
second: EQUAL(%rbx, 0x81000)
        EQUAL(%rdi, 0x1b)
        EQUAL(%rbp, 0x23)
        // CMPXCHG16B.
        mov     $0xb008, %edi
        FAULTS(13, 0, cmpxchg16b (%rdi))
        FAULTS(13, 0, lock cmpxchg16b (%rdi))
        movq    $1, 0xb010
        movq    $2, 0xb018
        mov     $1, %eax
        mov     $2, %edx
        mov     $3, %ebx
        mov     $4, %ecx
        lock cmpxchg16b 0xb010
        jnz     expect_failed
        EQUAL(0xb010, 3)
        EQUAL(0xb018, 4)
        cmpxchg16b 0xb010
        jz      expect_failed
        EQUAL(%rax, 3)
        EQUAL(%rdx, 4)
        DONE
//= R14 0
