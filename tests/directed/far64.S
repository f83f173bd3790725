// Far transfers in long mode (SDM vol. 2, CALL, JMP, RET, IRET): 64-bit call gates at every level, their descriptors and
// stacks; direct transfers between 64-bit and compatibility code; RETF and IRET of every size; null SS.
#include "pm64.inc"
        .macro  gate selector=8, attr=0xec00, label=entered
        lea     \label(%rip), %r15
        mov     %r15w, 0x80b0
        movw    $\selector, 0x80b2
        movw    $\attr, 0x80b4
        shr     $16, %r15
        mov     %r15, 0x80b6
        movw    $0, 0x80be
        .endm
        setup_pm64
        jmp     1f
entered:
        mov     %rsp, %rbx
        mov     %cs, %edi
        mov     %ss, %edx
        mov     %rbx, %rbp
        mov     (%rbp), %r8             // RIP CS, and RSP SS if the level changed
        mov     8(%rbp), %r9
        mov     16(%rbp), %r10
        mov     24(%rbp), %r11
        int     $0x30
returns:
        mov     %ss, %edx
        mov     %rsp, %rbx
        lretq
1:      movl    $0xb3, 0xb004           // pointers to the gate: RPL 0 and 3, to 32-bit code 80h
        movl    $0xb0, 0xb014
        // Levels.
        .irp    dpl, 0, 1, 2, 3
        gate    8, (0x8c00 | \dpl << 13)
        .irp    cpl, 0, 1, 2, 3
        .if     \cpl <= \dpl
        expect64_ring (0x10000 + \dpl * 16 + \cpl), \cpl, 0x30, 0, lcall *0xb010
        .else
        expect64_ring (0x10000 + \dpl * 16 + \cpl), \cpl, 13, 0xb0, lcall *0xb010
        .endif
        .endr
        .endr
        RING_PASSES(3, lcall *0xb000)
        gate    8, 0xac00
        FAULTS(13, 0xb0, lcall *0xb000)         // RPL 3, DPL 1
        .macro  levels what, base, code:vararg
        .irp    cpl, 0, 1, 2, 3
        .irp    dpl, 0, 1, 2, 3
        gate    (0x40 + 8 * \dpl)
        .if     \dpl <= \cpl
        \what   (\base + \cpl * 16 + \dpl), \cpl, 0x30, 0, \code
        EQUAL(%rdi, (0x40 + 9 * \dpl))
        .if     \dpl == \cpl
        EQUAL(%rdx, (0x60 + 9 * \dpl))
        EQUAL(%rbx, 0x88000 - 16)
        .else
        EQUAL(%rdx, \dpl)               // SS is null, with the level
        EQUAL(%rbx, (0x80000 + 0x2000 * \dpl - 32))
        EQUAL(%r10, 0x88000)
        EQUAL(%r11, (0x60 + 9 * \cpl))
        .endif
        .else
        \what   (\base + \cpl * 16 + \dpl), \cpl, 13, (0x40 + 8 * \dpl), \code
        .endif
        set_desc 0xc0, (0x00af9f000000ffff | \dpl << 45)
        gate    0xc0
        .if     \dpl <= \cpl
        \what   (\base + 0x100 + \cpl * 16 + \dpl), \cpl, 0x30, 0, \code
        EQUAL(%rdi, (0xc0 + \cpl))
        EQUAL(%rdx, (0x60 + 9 * \cpl))
        EQUAL(%rbx, 0x88000 - 16)
        .else
        \what   (\base + 0x100 + \cpl * 16 + \dpl), \cpl, 13, 0xc0, \code
        .endif
        .endr
        .endr
        .endm
        levels  expect64_ring, 0x20000, lcall *0xb000
        levels  expect64_compat, 0x30000, lcall $0xb3, $0
        gate    8
        COMPAT_PASSES(3, lcall $0xb3, $0)
        EQUAL(%r9, 0x9b)
        gate    0x58
        RING_PASSES(3, ljmp *0xb000)
        EQUAL(%rbx, 0x88000)
        gate    8
        RING_FAULTS(3, 13, 8, ljmp *0xb000)
        // And back, outwards: SS is taken along.
        .irp    dpl, 0, 1, 2, 3
        gate    (0x40 + 8 * \dpl), 0xec00, returns
        expect64_ring (0x40000 + \dpl), 3, 0x30, 0, lcall *0xb000
        EQUAL(came_cs, 0x5b)
        EQUAL(came_ss, 0x7b)
        EQUAL(came_rsp, 0x88000)
        .endr
        // The gate.
        gate    8, 0x6c00
        RING_FAULTS(3, 11, 0xb0, lcall *0xb000)
        gate    8, 0x0c00
        RING_FAULTS(3, 13, 0xb0, lcall *0xb000)
        .irp    type, 0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15
        gate    8, (0xe000 | \type << 8)
        expect64 (0x50000 + \type), 13, 0xb0, lcall *0xb000
        .endr
        gate    8
        movl    $0x100, 0x80bc
        FAULTS(13, 0xb0, lcall *0xb000) // the upper half has a type
        gate    8
        movl    $0x8000, 0x80b8
        FAULTS(13, 0, lcall *0xb000)    // not canonical
        RING_FAULTS(3, 13, 0, lcall *0xb000)
        movw    $0xb7, gdtr(%rip)       // its upper half is beyond the limit
        lgdt    gdtr(%rip)
        FAULTS(13, 0xb0, lcall *0xb000)
        movw    $0xff, gdtr(%rip)
        lgdt    gdtr(%rip)
#define TARGET(selector, vector, error)  gate selector; expect64_ring __LINE__, 3, vector, error, lcall *0xb000
        TARGET(0, 13, 0)
        TARGET(0x7f8, 13, 0x7f8)
        TARGET(0x10, 13, 0x10)
        TARGET(0xa0, 13, 0xa0)
        TARGET(0x80, 13, 0x80)
        set_desc 0xc0, 0x00ef9b000000ffff
        TARGET(0xc0, 13, 0xc0)
        set_desc 0xc0, 0x00af1b000000ffff
        TARGET(0xc0, 11, 0xc0)
        // Its stack.
        gate    0x48
        mov     $0x8000000000000000, %rax
        mov     %rax, 0x700c
        RING_FAULTS(3, 12, 0, lcall *0xb000)
        movq    $0x82000, 0x700c

        // Direct: 64-bit to compatibility code and back. L and D together, limits, canonical addresses, levels.
        jmp     1f
gdtr:   .word   0xff
        .quad   0x8000
1:      movl    $0x80, 0xb024
        lea     compat(%rip), %rax
        mov     %eax, 0xb020
        lea     1f(%rip), %r12
        ljmp    *0xb020
        .code32
compat: mov     $0x12345678, %eax
        dec     %eax                    // in 64-bit mode a prefix
        ljmp    $8, $2f
        .code64
2:      jmp     *%r12
1:      EQUAL(%rax, 0x12345677)
        movl    $0x88, 0xb024
        FAULTS(13, 0x88, ljmp *0xb020)  // of DPL 1
        movl    $0xa0, 0xb024
        FAULTS(13, 0xa0, ljmp *0xb020)  // a TSS: there are no task switches
        movl    $0, 0xb024
        FAULTS(13, 0, ljmp *0xb020)
        set_desc 0xc0, 0x00ef9b000000ffff
        movl    $0xc0, 0xb024
        FAULTS(13, 0xc0, ljmp *0xb020)
        set_desc 0xc0, 0x00409b000000ffff
        FAULTS(13, 0, ljmp *0xb020)     // beyond the limit
        set_desc 0xc0, 0x00cf1b000000ffff
        FAULTS(11, 0xc0, ljmp *0xb020)
        mov     $0x8000000000000000, %rax
        mov     %rax, 0xb030
        movw    $8, 0xb038
        FAULTS(13, 0, rex.w ljmp *0xb030)
        FAULTS(6, 0, .byte 0xea, 0, 0, 0, 0, 8, 0)
        FAULTS(6, 0, .byte 0x9a, 0, 0, 0, 0, 8, 0)

        // IRETQ takes SS:RSP always; null for levels 0 to 2 in 64-bit code.
        .macro  iretq_to line, vector, error, cs, ss, sp=0x88000, label=landed, insn=iretq
        expect64_before .Lres_\@
        push    $\ss
        push    $\sp
        push    $2
        push    $\cs
        lea     \label(%rip), %r15
        push    %r15
        lea     .Lat_\@(%rip), %r15
.Lat_\@: \insn
.Lres_\@: expect64_record \line, \vector, \error
        .endm
#define IRETQ(...)  iretq_to __LINE__, __VA_ARGS__
        jmp     1f
landed: mov     %ss, %edx
        mov     %rsp, %rbx
        int     $0x30
        .code32
landed32:
        mov     %ss, %edx
        mov     %esp, %ebx
        int     $0x30
        .code64
1:      IRETQ(0x30, 0, 8, 0x10, 0x8e008)
        EQUAL(%rbx, 0x8e008)
        IRETQ(0x30, 0, 8, 0)
        EQUAL(%rdx, 0)
        IRETQ(13, 0, 8, 1)
        IRETQ(0x30, 0, 0x49, 1)
        EQUAL(%rdx, 1)
        IRETQ(0x30, 0, 0x52, 2)
        IRETQ(13, 0, 0x52, 0)
        IRETQ(13, 0, 0x5b, 0)
        IRETQ(13, 0, 0x5b, 3)
        IRETQ(13, 0x78, 0x5b, 0x7a)
        IRETQ(13, 0x70, 0x5b, 0x73)
        IRETQ(13, 0x58, 0x5b, 0x5b)
        IRETQ(13, 0x7f8, 0x5b, 0x7fb)
        IRETQ(13, 0x58, 0x5a, 0x7b)
        IRETQ(13, 0, 3, 0x7b)
        IRETQ(13, 0x7f8, 0x7fb, 0x7b)
        IRETQ(13, 0xa0, 0xa3, 0x7b)
        set_desc 0xc0, 0x00cf73000000ffff
        IRETQ(12, 0xc0, 0x5b, 0xc3)
        set_desc 0xc0, 0x00affa000000ffff
        set_desc 0xc8, 0x00cff2000000ffff
        IRETQ(0x30, 0, 0xc3, 0xcb)
        EQUAL(0x80c0, 0x00affb000000ffff)       // both accessed
        EQUAL(0x80c8, 0x00cff3000000ffff)
        set_desc 0xc0, 0x00ef9b000000ffff
        IRETQ(13, 0xc0, 0xc0, 0x10)
        // To compatibility code: no null SS; the limit counts; the pointer is 32 bits.
        IRETQ(0x30, 0, 0x80, 0x10, 0x8e00c, landed32)
        EQUAL(%rbx, 0x8e00c)
        IRETQ(13, 0, 0x80, 0, 0x88000, landed32)
        IRETQ(0x30, 0, 0x9b, 0x7b, 0x8e00c, landed32)
        EQUAL(%rdx, 0x7b)
        IRETQ(13, 0, 0x9b, 3, 0x88000, landed32)
        set_desc 0xc0, 0x0040fb000000ffff
        IRETQ(13, 0, 0xc3, 0x7b)
        // Not canonical.
        expect64_before 2f
        push    $0x10
        push    $0x8e000
        push    $2
        push    $8
        mov     $0x8000000000000000, %rax
        push    %rax
        lea     1f(%rip), %r15
1:      iretq
2:      expect64_record __LINE__, 13, 0
        // NT: no tasks.
        expect64_before 2f
        push    $0x4002
        popf
        lea     1f(%rip), %r15
1:      iretq
2:      expect64_record __LINE__, 13, 0
        // IRETL and IRETW in 64-bit mode take SS:ESP too, of their size.
        expect64_before 2f
        sub     $20, %rsp
        lea     landed(%rip), %rax
        mov     %eax, (%rsp)
        movl    $8, 4(%rsp)
        movl    $2, 8(%rsp)
        movl    $0x8e010, 12(%rsp)
        movl    $0x10, 16(%rsp)
        iretl
2:      expect64_record __LINE__, 0x30, 0
        EQUAL(%rbx, 0x8e010)
        // RETF: of eight, four and, with a parameter, outwards.
        expect64_before 2f
        push    $0x7b
        push    $0x87000
        sub     $16, %rsp
        push    $0x5b
        lea     landed(%rip), %rax
        push    %rax
        lretq   $16
2:      expect64_record __LINE__, 0x30, 0
        EQUAL(%rbx, 0x87010)
        EQUAL(%rdx, 0x7b)
        expect64_before 2f
        sub     $8, %rsp
        lea     landed32(%rip), %rax
        mov     %eax, (%rsp)
        movl    $0x80, 4(%rsp)
        lretl
2:      expect64_record __LINE__, 0x30, 0
        EQUAL(%rbx, 0x90000)
        expect64_before 2f
        push    $0
        push    $0x87000
        push    $0x49
        lea     landed(%rip), %rax
        push    %rax
        lea     1f(%rip), %r15
1:      lretq
2:      expect64_record __LINE__, 13, 0         // SS's level is not 1
        // SS: null by MOV and POP in 64-bit code that is not of level 3, with that level; never in compatibility code.
        xor     %eax, %eax
        PASSES(mov %eax, %ss)
        mov     $1, %eax
        FAULTS(13, 0, mov %eax, %ss)
        RING_PASSES(1, mov %eax, %ss)
        xor     %eax, %eax
        RING_FAULTS(1, 13, 0, mov %eax, %ss)
        mov     $3, %eax
        RING_FAULTS(3, 13, 0, mov %eax, %ss)
        xor     %eax, %eax
        COMPAT_FAULTS(0, 13, 0, mov %eax, %ss)
        mov     $3, %eax
        COMPAT_FAULTS(3, 13, 0, mov %eax, %ss)
        COMPAT_PASSES(3, mov %eax, %ds)
        // Bases: FS and GS from the descriptor, 32 bits; a null selector makes it 0. The others are not used.
        set_desc 0xc0, 0x12c093345678ffff       // base 12345678, limit FFFFF
        mov     $0xc0, %eax
        mov     %eax, %fs
        mov     %eax, %ds
        mov     $0xc0000100, %ecx
        rdmsr
        EQUAL(%rax, 0x12345678)
        EQUAL(%rdx, 0)
        movl    $0x600dcafe, 0xb040
        movl    0xb040, %ebx
        EQUAL(%rbx, 0x600dcafe)
        mov     $0xffffffff, %eax
        mov     $0xffff8000, %edx
        wrmsr
        xor     %eax, %eax
        mov     %eax, %fs
        rdmsr
        EQUAL(%rax, 0)
        EQUAL(%rdx, 0)
        // A limit does not count in 64-bit code, in compatibility code it does.
        set_desc 0xc0, 0x0040f3000000000f
        mov     $0xc3, %eax
        mov     %eax, %gs
        PASSES(movl %gs:0xb040, %ebx)
        COMPAT_FAULTS(3, 13, 0, movl %gs:0xd, %ebx)
        COMPAT_PASSES(3, movl %gs:0xc, %ebx)
        DONE
//= R14 0
