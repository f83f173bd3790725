// SMAP (SDM vol. 3A, 4.6): the supervisor cannot access user pages but with EFLAGS.AC set, and never by the accesses that
// the processor makes by itself; CLAC and STAC need no flush.
#include "idt.inc"
#include "expect.inc"
        .code64
        setup_idt
        // 0x40000000: a user page; the identity map stays the supervisor's.
        movq    $0x13007, 0x11008
        movq    $0x20007, 0x13000
        movq    $0x30007, 0x20000
        movq    $0x11007, 0x10000
        mov     $0x40000000, %edi
        movq    $0x1234, (%rdi)
        mov     (%rdi), %rbx
        EQUAL(%rbx, 0x1234)
        mov     %cr4, %rax
        or      $1 << 21, %rax
        mov     %rax, %cr4
        FAULTS(14, 1, mov (%rdi), %rbx)
        FAULTS(14, 3, mov %rbx, (%rdi))
        FAULTS(14, 3, lock incq (%rdi))
        stac
        mov     (%rdi), %rbx
        EQUAL(%rbx, 0x1234)
        incq    (%rdi)
        pushf
        pop     %rax
        and     $1 << 18, %eax
        EQUAL(%rax, 1 << 18)
        clac
        pushf
        pop     %rax
        and     $1 << 18, %eax
        EQUAL(%rax, 0)
        FAULTS(14, 1, mov (%rdi), %rbx)
        stac
        mov     (%rdi), %rbx
        EQUAL(%rbx, 0x1235)
        clac
        // POPF's AC counts as well.
        push    $1 << 18
        popf
        mov     (%rdi), %rbx
        push    $2
        popf
        FAULTS(14, 3, movb $0, (%rdi))
        // With AC, an interrupt clears nothing; the handler's own access is allowed.
        stac
        lea     2f(%rip), %rax
        mov     %rax, 0xa020
        ud2
2:      mov     (%rdi), %rbx
        EQUAL(%rbx, 0x1235)
        clac
        // Execution is SMEP's matter, not SMAP's.
        stac
        movb    $0xc3, 64(%rdi)
        clac
        lea     64(%rdi), %rax
        call    *%rax
        // The processor's own accesses fault whatever AC says: an LDT in the user page.
        stac
        mov     $0x00cf93000000ffff, %rax
        mov     %rax, 0x80(%rdi)
        mov     $0x40008200000000ff, %rax       // LDT at 0x40000000
        mov     %rax, 0x8018
        movq    $0, 0x8020
        mov     $0x18, %eax
        lldt    %ax
        mov     $0x84, %ecx
        FAULTS(14, 1, mov %ecx, %ds)
        mov     %cr4, %rax
        and     $~(1 << 21), %rax
        mov     %rax, %cr4
        mov     %ecx, %ds
        mov     %cr4, %rax
        or      $1 << 21, %rax
        mov     %rax, %cr4
        clac
        // A user page with a supervisor directory entry above it is the supervisor's.
        movq    $0x20003, 0x13000
        clac
        mov     (%rdi), %rbx
        movq    $0x20007, 0x13000
        FAULTS(14, 1, mov (%rdi), %rbx)
        // A write-protected user page: the present bit and W.
        movq    $0x30005, 0x20000
        stac
        FAULTS(14, 3, mov %rbx, (%rdi))
        clac
        // Prefixes and LOCK are #UD.
        FAULTS_ANY(6, .byte 0x66, 0x0f, 0x01, 0xca)
        FAULTS_ANY(6, .byte 0xf0, 0x0f, 0x01, 0xcb)
        FAULTS_ANY(6, .byte 0xf3, 0x0f, 0x01, 0xcb)
        DONE
//= R14 0
//= CR2 0x40000000
