// What an instruction reports when several things are wrong with it (SDM vol. 3A, table 6-2): instruction breakpoint, fetch,
// decoding, then its execution: privilege, segment, alignment, page, operation.
#include "pm64.inc"
        .macro  code_to at, bytes:vararg
        mov     $\at, %edi
        .irp    b, \bytes
        movb    $\b, (%rdi)
        inc     %edi
        .endr
        .endm
        // Jumps there in ring 0: the fault's RIP.
        .macro  jump_case line, at, vector, error
        expect64_before .Lres_\@
        mov     $\at, %eax
        jmp     *%rax
.Lres_\@: mov   $\at, %r15d
        expect64_record \line, \vector, \error
        .endm
#define JUMP(...)  jump_case __LINE__, __VA_ARGS__
        .set    MISSING, 0x800000
        setup_pm64
        movq    $0, 0x12000 + 8 * 4     // 8 MiB
        mov     %cr3, %rax
        mov     %rax, %cr3
        // A breakpoint before the page fault of the fetch; RF lets that come.
        mov     $MISSING, %eax
        mov     %rax, %dr0
        mov     $0x401, %eax
        mov     %rax, %dr7
        JUMP(MISSING, 1, 0)
        mov     $0x400, %eax
        mov     %rax, %dr7
        JUMP(MISSING, 14, 0x10)
        // A fetch that reaches the missing page, against what its bytes say already.
        code_to (MISSING-1), 0x0f
        JUMP((MISSING-1), 14, 0x10)
        mov     %cr2, %rax
        EQUAL(%rax, MISSING)
        code_to (MISSING-2), 0x0f, 0x0b // UD2 is complete
        JUMP((MISSING-2), 6, 0)
        code_to (MISSING-1), 0x06       // not in 64-bit mode
        JUMP((MISSING-1), 6, 0)
        code_to (MISSING-14), 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66
        JUMP((MISSING-14), 14, 0x10)
        code_to (MISSING-15), 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66
        JUMP((MISSING-15), 13, 0)       // 15 bytes and no end
        // LOCK on what takes none: before privilege, device and operand.
        mov     $MISSING, %ebx
        RING_FAULTS(3, 6, 0, .byte 0xf0, 0xf4)                  // lock hlt
        RING_FAULTS(3, 6, 0, .byte 0xf0, 0x8b, 0x03)            // lock mov (%rbx), %eax
        // Privilege before the operand.
        RING_FAULTS(3, 13, 0, lgdt (%rbx))
        RING_FAULTS(3, 13, 0, invlpg (%rbx))
        RING_FAULTS(3, 13, 0, lldt (%rbx))
        // #NM before the operand, #UD before #NM.
        mov     %cr0, %rax
        or      $8, %eax
        mov     %rax, %cr0
        FAULTS(7, 0, fldl (%rbx))
        FAULTS(7, 0, movups (%rbx), %xmm0)
        FAULTS(7, 0, movaps 1(%rbx), %xmm0)
        FAULTS(7, 0, paddb (%rbx), %mm0)
        mov     %cr4, %rcx
        mov     %rcx, %rax
        and     $~0x200, %eax
        mov     %rax, %cr4
        FAULTS(6, 0, movups (%rbx), %xmm0)
        mov     %rcx, %cr4
        clts
        mov     %cr0, %rax
        or      $4, %eax
        mov     %rax, %cr0
        FAULTS(7, 0, fldl (%rbx))
        FAULTS(6, 0, movups (%rbx), %xmm0)
        and     $~4, %eax
        mov     %rax, %cr0
        // Alignment: of SSE's #GP before the page; #AC before the page.
        FAULTS(13, 0, movaps 1(%rbx), %xmm0)
        FAULTS(13, 0, cmpxchg16b 8(%rbx))
        mov     %cr0, %rax
        or      $0x40000, %eax
        mov     %rax, %cr0
        expect64_before 2f
        to_ring 3, 1f, 0x88000, 0x40, 0x40002
1:      movl    1(%rbx), %eax
2:      lea     1b(%rip), %r15
        expect64_record __LINE__, 17, 0
        expect64_before 2f
        to_ring 3, 1f, 0x88000, 0x40, 0x40002
1:      movl    (%rbx), %eax
2:      lea     1b(%rip), %r15
        expect64_record __LINE__, 14, 4
        // Not canonical before misaligned.
        mov     $0x8000000000000001, %rsi
        expect64_before 2f
        to_ring 3, 1f, 0x88000, 0x40, 0x40002
1:      movl    (%rsi), %eax
2:      lea     1b(%rip), %r15
        expect64_record __LINE__, 13, 0
        // The operand before the operation; the first operand of two before the second.
        xor     %edx, %edx
        FAULTS(14, 0, divl (%rbx))
        mov     $(MISSING+0x1000), %edi
        mov     %rbx, %rsi
        mov     $1, %ecx
        FAULTS(14, 0, movsb)
        mov     %cr2, %rax
        EQUAL(%rax, MISSING)
        FAULTS(14, 0, push (%rbx))
        // A selector is read before it is checked; a null CS in memory that is there.
        FAULTS(14, 0, mov (%rbx), %ds)
        FAULTS(14, 0, ljmp *(%rbx))
        DONE
//= R14 0
