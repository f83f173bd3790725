// MONITOR and MWAIT: MWAIT halts while the line is armed and is nothing otherwise. A store to the line, however small and by
// whatever address, or any event, disarms it.
#include "idt.inc"
#include "expect.inc"
        .set    LAPIC, 0xfee00000
        .code64
        setup_idt
        mov     $LAPIC, %ebp
        movl    $0x1ff, 0xf0(%rbp)      // software enable
        movl    $31, 0x320(%rbp)
        movl    $0, 0x3e0(%rbp)
        xor     %ecx, %ecx
        xor     %edx, %edx
        // Nothing armed: no wait (there would be no end to it).
        mov     $1, %ecx
        xor     %eax, %eax
        mwait
        // ECX: extensions that are not there.
        FAULTS(13, 0, monitor)
        mov     $2, %ecx
        FAULTS(13, 0, mwait)
        xor     %ecx, %ecx
        // Armed, then written: no wait. Through another address of the same memory.
        mov     $0x20000, %eax
        monitor
        movb    $1, 0x2003f
        mwait
        mov     $0x13000, %edi
        movq    $0x83, (%rdi)           // 0x40000000 is 0
        monitor
        movb    $2, 0x40020000
        mwait
        // A store that only ends in the line.
        monitor
        movq    $3, 0x1fff9
        mwait
        // By a read-modify-write, and by a string.
        monitor
        lock incl 0x20010
        mwait
        monitor
        mov     $0x20008, %edi
        push    %rax
        mov     $8, %ecx
        rep stosb
        pop     %rax
        mwait
        // An exception between the two disarms.
        monitor
        FAULTS_ANY(6, ud2)
        mwait
        // Stores beside the line do not: the timer's interrupt ends the wait, and RIP behind MWAIT is where it came.
        movq    $0, 0xa020
        mov     $0x2005f, %eax          // any byte of the line names it
        monitor
        movb    $1, 0x2003f
        movb    $1, 0x20080
        movq    $0, 0xa018
        lea     1f(%rip), %rsi
        movl    $0, 0xb0(%rbp)
        movl    $500, 0x380(%rbp)       // 500 * 2 * 5 ns
        sti
        mwait
1:      cli
        movl    $0, 0xb0(%rbp)
        EQUAL(0xa018, 1)
        EQUAL(0xa000, 31)
        cmp     %rsi, 0xa010
        jne     expect_failed
        // With IF clear and ECX bit 0 the interrupt ends the wait but is not delivered yet.
        monitor
        mov     $1, %ecx
        movl    $500, 0x380(%rbp)
        rdtsc
        mov     %eax, %ebx
        mov     $0x20040, %eax
        xor     %edx, %edx
        mwait
        EQUAL(0xa018, 1)
        rdtsc
        sub     %ebx, %eax
        cmp     $4000, %eax             // it did wait
        jb      expect_failed
        sti
        nop
        nop
        cli
        movl    $0, 0xb0(%rbp)
        EQUAL(0xa018, 2)
        // HLT does not care for the line.
        xor     %ecx, %ecx
        xor     %edx, %edx
        mov     $0x20040, %eax
        monitor
        movl    $500, 0x380(%rbp)
        sti
        hlt
        cli
        EQUAL(0xa018, 3)
        FAULTS_ANY(6, .byte 0xf3, 0x0f, 0x01, 0xc8)
        FAULTS_ANY(6, .byte 0x66, 0x0f, 0x01, 0xc9)
        DONE
//= R14 0
