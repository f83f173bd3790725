// UMIP: SGDT, SIDT, SLDT, STR and SMSW raise #GP(0) in ring 3 while CR4.UMIP is set. And what ring 3 may never do, of the later
// system instructions: #UD of CLAC, STAC, MONITOR, MWAIT; #GP(0) of INVPCID and XSETBV.
#include "idt.inc"
#include "expect.inc"
#include "user.inc"
        .code64
        setup_idt
        setup_user
        setup_syscall
        enter_user first
first:  sgdt    0xb000
        sidt    0xb010
        sldt    %rsi
        str     %rdi
        smsw    %rbx
        EQUAL(%rdi, 0x28)
        and     $0xffff, %ebx
        EQUAL(%rbx, 0x33)
        leave_user second
second: sgdt    0xb020
        mov     0xb020, %rax
        cmp     %rax, 0xb000
        jne     expect_failed
        mov     %cr4, %rax
        or      $1 << 11 | 1 << 18, %rax
        mov     %rax, %cr4
        sgdt    0xb020
        str     %edi
        enter_user third
third:  FAULTS(13, 0, sgdt 0xb000)
        FAULTS(13, 0, sidt 0xb000)
        FAULTS(13, 0, sldt %eax)
        FAULTS(13, 0, sldt 0xb000)
        FAULTS(13, 0, str %eax)
        FAULTS(13, 0, smsw %eax)
        FAULTS(13, 0, smsw 0xb000)
        FAULTS_ANY(6, clac)
        FAULTS_ANY(6, stac)
        xor     %ecx, %ecx
        xor     %edx, %edx
        mov     $1, %eax
        FAULTS_ANY(6, monitor)
        FAULTS_ANY(6, mwait)
        FAULTS(13, 0, xsetbv)
        FAULTS(13, 0, invpcid 0xb000, %rcx)
        xgetbv
        EQUAL(%rax, 1)
        leave_user fourth
fourth: DONE
//= R14 0
