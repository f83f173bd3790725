// Interrupts in long mode (SDM vol. 2, INT n; vol. 3A, 6.14): gates, targets, the frame and its alignment, levels, IST, EXT,
// faults of a delivery, double faults, from 64-bit and from compatibility code.
#include "pm64.inc"
        .macro  gate selector=8, attr=0xee00
        set_gate 0x20, entered, \selector, \attr
        .endm
        setup_pm64
        jmp     1f
entered:
        mov     %rsp, %rbx
        mov     %cs, %edi
        mov     %ss, %edx
        pushf
        pop     %rsi
        mov     %rbx, %rbp
        mov     (%rbp), %r8             // RIP CS RFLAGS RSP SS
        mov     8(%rbp), %r9
        mov     16(%rbp), %r10
        mov     24(%rbp), %r11
        mov     32(%rbp), %rcx
        int     $0x30
1:      // The gate: limit, type, DPL, presence.
        FAULTS(13, 0x312, int $0x62)
        FAULTS(13, 0x18a, int $0x31)
        .irp    type, 0, 1, 2, 4, 5, 6, 7, 9, 11, 12, 13, 30
        gate    8, (0xe000 | \type << 8)
        expect64 (0x10000 + \type), 13, 0x102, int $0x20
        .endr
        gate    8, 0x6e00
        RING_FAULTS(3, 11, 0x102, int $0x20)
        gate    8, 0x0e00
        RING_FAULTS(3, 13, 0x102, int $0x20)
        .irp    dpl, 0, 1, 2, 3
        gate    8, (0x8e00 | \dpl << 13)
        .irp    cpl, 0, 1, 2, 3
        .if     \cpl <= \dpl
        expect64_ring (0x20000 + \dpl * 16 + \cpl), \cpl, 0x30, 0, int $0x20
        .else
        expect64_ring (0x20000 + \dpl * 16 + \cpl), \cpl, 13, 0x102, int $0x20
        .endif
        .endr
        .endr
        RING_FAULTS(3, 13, 0x1a, int3)
        COMPAT_FAULTS(3, 13, 0x1a, int3)
        // The target.
#define TARGET(selector, vector, error)  gate selector; expect64_ring __LINE__, 1, vector, error, int $0x20
        TARGET(0, 13, 0)
        TARGET(3, 13, 0)
        TARGET(0x10, 13, 0x10)
        TARGET(0x7f8, 13, 0x7f8)
        TARGET(0x44, 13, 0x44)
        TARGET(0xa0, 13, 0xa0)
        TARGET(0x80, 13, 0x80)          // 32-bit code
        TARGET(0x50, 13, 0x50)          // of an outer level
        set_desc 0xb0, 0x00ef9b000000ffff
        TARGET(0xb0, 13, 0xb0)          // L and D
        set_desc 0xb0, 0x00af1b000000ffff
        TARGET(0xb0, 11, 0xb0)
        gate
        movl    $0x8000, idt + 0x208
        FAULTS(13, 0, int $0x20)        // not canonical
        // The frame: aligned to 16 bytes, SS:RSP always.
        gate
        .irp    low, 0, 1, 8, 15
        mov     $(0x8e000 + \low), %esp
        expect64 (0x30000 + \low), 0x30, 0, int $0x20
        EQUAL(%rbx, 0x8e000 - 40)
        EQUAL(%rcx, 0x10)
        EQUAL(%r11, 0x8e000 + \low)
        EQUAL(%r9, 8)
        EQUAL(%rdx, 0x10)
        .endr
        // Flags.
        push    $0x246ad7
        popf
        PASSES(int $0x20)
        EQUAL(%rsi, 0x2428d7)
        EQUAL(%r10, 0x246ad7)
        gate    8, 0xef00
        push    $0x202
        popf
        PASSES(int $0x20)
        EQUAL(%rsi, 0x202)
        // From every level to every level, from 64-bit and 32-bit code; conforming code keeps the level.
        .macro  levels what, base
        .irp    cpl, 0, 1, 2, 3
        .irp    dpl, 0, 1, 2, 3
        gate    (0x40 + 8 * \dpl)
        .if     \dpl <= \cpl
        \what   (\base + \cpl * 16 + \dpl), \cpl, 0x30, 0, int $0x20
        EQUAL(%rdi, (0x40 + 9 * \dpl))
        EQUAL(%rcx, (0x60 + 9 * \cpl))
        .if     \dpl == \cpl
        EQUAL(%rdx, (0x60 + 9 * \dpl))
        EQUAL(%rbx, 0x88000 - 40)
        .else
        EQUAL(%rdx, \dpl)               // SS is null, with the level
        EQUAL(%rbx, (0x80000 + 0x2000 * \dpl - 40))
        .endif
        .else
        \what   (\base + \cpl * 16 + \dpl), \cpl, 13, (0x40 + 8 * \dpl), int $0x20
        .endif
        set_desc 0xb0, (0x00af9f000000ffff | \dpl << 45)
        gate    0xb0
        .if     \dpl <= \cpl
        \what   (\base + 0x100 + \cpl * 16 + \dpl), \cpl, 0x30, 0, int $0x20
        EQUAL(%rdi, (0xb0 + \cpl))
        EQUAL(%rdx, (0x60 + 9 * \cpl))
        .else
        \what   (\base + 0x100 + \cpl * 16 + \dpl), \cpl, 13, 0xb0, int $0x20
        .endif
        .endr
        .endr
        .endm
        levels  expect64_ring, 0x40000
        levels  expect64_compat, 0x50000
        // IST: at every level, even without a change of it.
        .irp    ist, 1, 2, 7
        gate    8, (0xee00 | \ist)
        expect64 (0x60000 + \ist), 0x30, 0, int $0x20
        EQUAL(%rbx, (0x88000 - 0x400 * \ist - 40))
        EQUAL(%rdx, 0x10)
        expect64_ring (0x60000 + \ist), 3, 0x30, 0, int $0x20
        EQUAL(%rbx, (0x88000 - 0x400 * \ist - 40))
        EQUAL(%rdx, 0)
        .endr
        movq    $0x8500f, 0x7024        // aligned too
        gate    8, 0xee01
        PASSES(int $0x20)
        EQUAL(%rbx, 0x85000 - 40)
        // Stacks that are not canonical: #SS(0), with EXT for an exception.
        mov     $0x8000000000000000, %rax
        mov     %rax, 0x7024
        FAULTS(12, 0, int $0x20)
        set_gate 6, entered, 8, 0x8e01
        FAULTS(12, 1, ud2)
        set_gate 6, entered
        movq    $0x87c00, 0x7024
        mov     %rax, 0x700c
        gate    0x48
        RING_FAULTS(3, 12, 0, int $0x20)
        mov     $0x0000800000000010, %rax       // the frame would, its top would not
        mov     %rax, 0x700c
        RING_FAULTS(3, 12, 0, int $0x20)
        movq    $0x82000, 0x700c
        // RSP in ring 0 itself.
        gate
        mov     $0x8000000000000000, %rsp
        set_gate 12, (pm64_stubs + 12 * 16), 8, 0x8e02
        FAULTS(12, 0, int $0x20)
        // A TSS that ends before RSP1, IST7.
        set_desc 0xb0, 0x0000890070000012
        movq    $0, 0x80b8
        mov     $0xb0, %eax
        ltr     %ax
        gate    0x48
        set_gate 12, (pm64_stubs + 12 * 16)
        RING_FAULTS(3, 10, 0xb0, int $0x20)
        gate    8, 0xee07
        FAULTS(10, 0xb0, int $0x20)
        set_gate 6, entered, 8, 0x8e07
        FAULTS(10, 0xb1, ud2)
        set_gate 6, (pm64_stubs + 6 * 16)
        set_desc 0xa0, 0x0000890070000067
        mov     $0xa0, %eax
        ltr     %ax
        // EXT.
        set_gate 6, entered, 0
        FAULTS(13, 1, ud2)
        set_gate 6, entered, 0x80
        FAULTS(13, 0x81, ud2)
        set_gate 6, entered, 8, 0x0e00
        FAULTS(11, 0x33, ud2)
        set_gate 6, (pm64_stubs + 6 * 16)
        set_gate 1, entered, 0
        FAULTS(13, 1, int1)
        set_gate 1, (pm64_stubs + 16)
        // A double fault on a stack of its own: a bad RSP in ring 0.
        set_gate 8, (pm64_stubs + 8 * 16), 8, 0x8e03
        mov     $0x8000000000000000, %rsp
        FAULTS(8, 0, push %rax)
        EQUAL(came_rsp, 0x8000000000000000)
        // Page fault on page fault, in guard pages: CR2 is the stack's.
        movq    $0, 0x12000 + 8 * 4             // 8 to 10 MiB
        mov     $0x800000, %esp
        mov     $0x801000, %esi
        mov     %cr3, %rax
        mov     %rax, %cr3
        movq    $0, 0x12000 + 8 * 3
        FAULTS(8, 0, movb (%rsi), %al)
        mov     %cr2, %rax
        EQUAL(%rax, 0x7ffff8)
        // INTO is not in 64-bit mode.
        FAULTS(6, 0, .byte 0xce)
        // RF is pushed for faults, not for INT3.
        FAULTS(6, 0, ud2)
        mov     came_rflags, %rax
        and     $0x10000, %eax
        EQUAL(%rax, 0x10000)
        movq    $0, came + 56
        lea     1f(%rip), %rax
        mov     %rax, resume
        int3
1:      mov     came_rflags, %rax
        and     $0x10000, %eax
        EQUAL(%rax, 0)
        DONE
//= R14 0
