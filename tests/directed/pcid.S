// Process-context identifiers (SDM vol. 3A, 4.10.1) and INVPCID: what may be written to CR3 and CR4 when. Translations are
// the same with every identifier, and never stale.
#include "idt.inc"
#include "expect.inc"
        .code64
        setup_idt
        mov     %cr4, %rbx
        mov     %rbx, %rdx
        or      $1 << 17, %rdx          // RBX without, RDX with PCIDE
        mov     %cr3, %rsi
        // CR3[11:0] must be zero when PCIDE is set; until then bit 63 is reserved.
        lea     0x18(%rsi), %rax
        mov     %rax, %cr3
        FAULTS(13, 0, mov %rdx, %cr4)
        mov     %rsi, %rax
        bts     $63, %rax
        FAULTS(13, 0, mov %rax, %cr3)
        mov     %rsi, %cr3
        movq    $0, 0xb000
        movq    $0, 0xb008
        movq    $1, 0xb010              // PCID 1 without PCIDE
        movq    $0, 0xb018
        xor     %ecx, %ecx
        invpcid 0xb000, %rcx
        FAULTS(13, 0, invpcid 0xb010, %rcx)
        mov     $1, %ecx
        FAULTS(13, 0, invpcid 0xb010, %rcx)
        mov     $2, %ecx
        invpcid 0xb010, %rcx            // the others do not look at it
        mov     %rdx, %cr4
        mov     $1, %ecx
        invpcid 0xb010, %rcx
        xor     %ecx, %ecx
        invpcid 0xb010, %rcx
        mov     $4, %ecx
        FAULTS(13, 0, invpcid 0xb000, %rcx)
        mov     $1 << 32, %rcx          // the whole register counts
        FAULTS(13, 0, invpcid 0xb000, %rcx)
        movq    $0x1000, 0xb010         // reserved bits of the descriptor
        mov     $3, %ecx
        FAULTS(13, 0, invpcid 0xb010, %rcx)
        movq    $5, 0xb010
        mov     $0x800000000000, %rax
        mov     %rax, 0xb018
        xor     %ecx, %ecx
        FAULTS(13, 0, invpcid 0xb010, %rcx)
        mov     $1, %ecx
        invpcid 0xb010, %rcx            // no address here
        FAULTS_ANY(6, .byte 0x66, 0x0f, 0x38, 0x82, 0xc8)
        // CR3: the identifier is kept, bit 63 is not; bits 62:40 stay reserved.
        mov     %rsi, %rax
        or      $0x123, %rax
        bts     $63, %rax
        mov     %rax, %cr3
        mov     %cr3, %rax
        EQUAL(%rax, 0x10123)
        bts     $40, %rax
        FAULTS(13, 0, mov %rax, %cr3)
        btr     $40, %rax
        bts     $62, %rax
        FAULTS(13, 0, mov %rax, %cr3)
        mov     %cr3, %rax
        EQUAL(%rax, 0x10123)
        // PG cannot go while PCIDE is there.
        mov     %cr0, %rax
        btr     $31, %rax
        FAULTS(13, 0, mov %rax, %cr0)
        // Another table with another identifier, changed while it is not in use, and no flush: nothing is stale.
        mov     0x10000, %rax
        mov     %rax, 0x20000
        movq    $0x21003, 0x20000
        mov     0x11000, %rax
        mov     %rax, 0x21000
        movq    $0x22003, 0x21008       // 0x40000000 by way of 0x22000
        movq    $0x400083, 0x22000
        movq    $0x1111, 0x400000
        movq    $0x2222, 0x600000
        mov     $0x20001, %eax
        mov     %rax, %cr3
        mov     0x40000000, %rbp
        EQUAL(%rbp, 0x1111)
        mov     %rsi, %cr3
        movq    $0x600083, 0x22000
        mov     $0x20001, %eax
        bts     $63, %rax
        mov     %rax, %cr3
        mov     0x40000000, %rbp
        EQUAL(%rbp, 0x2222)
        mov     %rsi, %rax
        or      $1, %rax
        mov     %rax, %cr3
        mov     %rbx, %cr4              // PCIDE can go at any time
        mov     %cr3, %rax
        EQUAL(%rax, 0x10001)
        DONE
//= R14 0
