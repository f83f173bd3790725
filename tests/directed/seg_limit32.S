//@ mode protected32
// Limits and types of segments at the edges (SDM vol. 3A, 5.3, 5.5): every operand size, granularity, expand-down segments
// of 16 and 32 bits, stacks, and code.
#include "pm32.inc"
#include "check32.inc"
        .macro  seg limit, attr, base=0x20000
        set_desc 0x60, \base, \limit, \attr
        mov     $0x60, %eax
        mov     %ax, %fs
        .endm
        setup_pm32
        mov     %cr4, %eax
        or      $0x600, %eax
        mov     %eax, %cr4
        // Byte granularity.
        seg     0xfff, 0x4093
        PASSES(movb %fs:0xfff, %al)
        FAULTS(13, 0, movb %fs:0x1000, %al)
        PASSES(movw %fs:0xffe, %ax)
        FAULTS(13, 0, movw %fs:0xfff, %ax)
        PASSES(movl %fs:0xffc, %eax)
        FAULTS(13, 0, movl %fs:0xffd, %eax)
        FAULTS(13, 0, movl %eax, %fs:0xfff)
        FAULTS(13, 0, incl %fs:0xffd)
        PASSES(fildll %fs:0xff8)
        fninit
        FAULTS(13, 0, fildll %fs:0xff9)
        PASSES(movups %fs:0xff0, %xmm0)
        FAULTS(13, 0, movups %fs:0xff1, %xmm0)
        FAULTS(13, 0, movups %xmm0, %fs:0xff1)
        PASSES(fldt %fs:0xff6)
        fninit
        FAULTS(13, 0, fldt %fs:0xff7)
        FAULTS(13, 0, lds %fs:0xffb, %eax)
        FAULTS(13, 0, bound %eax, %fs:0xff9)
        FAULTS(13, 0, cmpxchg8b %fs:0xff9)
        FAULTS(13, 0, fnstenv %fs:0xff0)
        FAULTS(13, 0, fxsave %fs:0xff0)
        FAULTS(13, 0, sgdt %fs:0xffb)
        FAULTS(13, 0, movl %fs:0xffffffff, %eax)
        FAULTS(13, 0, movl %fs:0xfffffffe, %eax)
        // The bit tested can be far from the operand.
        mov     $0x8000, %eax
        FAULTS(13, 0, bt %eax, %fs:0)
        mov     $0x7fff, %eax
        PASSES(bt %eax, %fs:0)
        seg     0, 0x4093
        PASSES(movb %fs:0, %al)
        FAULTS(13, 0, movw %fs:0, %ax)
        FAULTS(13, 0, movb %fs:1, %al)
        // 4 KiB granularity: the low 12 bits are ones.
        seg     0, 0xc093
        PASSES(movb %fs:0xfff, %al)
        PASSES(movl %fs:0xffc, %eax)
        FAULTS(13, 0, movb %fs:0x1000, %al)
        seg     0xfffff, 0xc093
        PASSES(movb %fs:0xffffffff, %al)
        PASSES(movl %fs:0xfffffffc, %eax)
        // (An operand that goes on beyond 4 GiB may fault or not.) Base and offset wrap at 4 GiB.
        movl    $0x600dcafe, 0x1fff0
        PASSES(movl %fs:0xfffffff0, %ebp)
        EQUAL(%ebp, 0x600dcafe)
        // Expand-down: above the limit, to 4 GiB - 1 or 64 KiB - 1.
        seg     0xfff, 0x4097
        FAULTS(13, 0, movb %fs:0xfff, %al)
        PASSES(movb %fs:0x1000, %al)
        FAULTS(13, 0, movw %fs:0xfff, %ax)
        FAULTS(13, 0, movb %fs:0, %al)
        PASSES(movb %fs:0xffffffff, %al)
        FAULTS(13, 0, movw %fs:0xffffffff, %ax)
        PASSES(movb %fs:0x10000, %al)
        seg     0xfff, 0x0097
        PASSES(movb %fs:0xffff, %al)
        PASSES(movw %fs:0xfffe, %ax)
        FAULTS(13, 0, movw %fs:0xffff, %ax)
        FAULTS(13, 0, movl %fs:0xfffd, %eax)
        FAULTS(13, 0, movb %fs:0x10000, %al)
        FAULTS(13, 0, movb %fs:0xfff, %al)
        PASSES(movb %fs:0x1000, %al)
        seg     0, 0xc097               // granular: limit FFF
        FAULTS(13, 0, movb %fs:0xfff, %al)
        PASSES(movb %fs:0x1000, %al)
        seg     0xfffff, 0xc097         // nothing
        FAULTS(13, 0, movb %fs:0, %al)
        FAULTS(13, 0, movb %fs:0xffffffff, %al)
        seg     0xffff, 0x0097
        FAULTS(13, 0, movb %fs:0xffff, %al)
        // Types.
        seg     0xfff, 0x4091           // read-only data
        PASSES(movb %fs:0, %al)
        FAULTS(13, 0, movb %al, %fs:0)
        FAULTS(13, 0, incb %fs:0)
        FAULTS(13, 0, xchg %al, %fs:0)
        FAULTS(13, 0, lock addl $0, %fs:0)
        PASSES(cmpb $0, %fs:0)
        PASSES(testb $1, %fs:0)
        seg     0xfff, 0x409b           // readable code
        PASSES(movb %fs:0xfff, %al)
        FAULTS(13, 0, movb %al, %fs:0)
        FAULTS(13, 0, movb %fs:0x1000, %al)
        seg     0xfff, 0x409f           // conforming does not expand down
        PASSES(movb %fs:0xfff, %al)
        FAULTS(13, 0, movb %fs:0x1000, %al)
        FAULTS(13, 0, movb %al, %cs:0xb000)
        // Null: no access at all, but loading is allowed; the fault is not #SS even with SS null elsewhere.
        xor     %eax, %eax
        mov     %eax, %fs
        FAULTS(13, 0, movb %fs:0, %al)
        FAULTS(13, 0, movb %al, %fs:0)
        mov     $3, %eax
        mov     %eax, %fs
        mov     %fs, %eax
        EQUAL(%eax, 3)
        FAULTS(13, 0, movb %fs:0, %al)
        xor     %eax, %eax
        FAULTS(13, 0, mov %ax, %ss)
        RING_FAULTS(3, 13, 0, mov %eax, %ss)
        mov     $3, %eax
        RING_FAULTS(3, 13, 0, mov %eax, %ss)
        FAULTS(6, 0, mov %ax, %cs)
        // Only what is used: an address that is not accessed has no limit.
        PASSES(leal 0x1000, %eax)
        PASSES(nopl %fs:0)
        PASSES(prefetchnta %fs:0)
        // String instructions: DS or the prefix for the source, ES for the destination. RSI, RDI and the count stay.
        seg     0xf, 0x4093
        xor     %esi, %esi
        mov     $0xc000, %edi
        mov     $0x20, %ecx
        FAULTS(13, 0, rep movsb %fs:(%esi), %es:(%edi))
        EQUAL(%esi, 0x10)
        EQUAL(%edi, 0xc010)
        EQUAL(%ecx, 0x10)
        // The same for the destination, with the direction flag: below 0.
        mov     $0x60, %eax
        mov     $1, %edi
        mov     $4, %ecx
        movl    $log, log_ptr
        movl    $2f, resume
        movl    $1f, start
        mov     %eax, %es
        std
1:      rep stosb
        ud2
2:      EXPECT(13, 0)
        EQUAL(%edi, 0xffffffff)
        EQUAL(%ecx, 2)
        // Stacks: #SS(0).
        .macro  stack limit, attr, sp, base=0x20000
        set_desc 0x60, \base, \limit, \attr
        mov     $0x60, %eax
        mov     $\sp, %ebx
        .endm
        .macro  stack_case line, vector, code:vararg
        movl    $log, log_ptr
        movl    $.Lgo_\@, resume
        movl    $.Lat_\@, start
        // In ring 0 the handler needs a stack: run it in ring 3.
        orb     $0x60, 0x8065
        mov     $0x63, %eax
        to_ring 3, .Lin_\@
.Lin_\@: mov    %eax, %ss
        mov     %ebx, %esp
.Lat_\@: \code
        int     $0x30
.Lgo_\@:
        expect_record \line, \vector, 0
        .endm
#define STACK(vector, ...) stack_case __LINE__, vector, __VA_ARGS__
        stack   0xffff, 0x4093, 0x10000
        STACK(0xff, push %eax)
        stack   0xffff, 0x4093, 0x10001
        STACK(12, push %eax)
        stack   0xffff, 0x4093, 0xfffd
        STACK(12, pop %eax)
        stack   0xffff, 0x4093, 0xfffc
        STACK(0xff, pop %eax)
        EQUAL(frame + 12, 0x10000)
        stack   0xffff, 0x4093, 0
        STACK(12, push %eax)            // wraps to FFFFFFFC
        EQUAL(frame + 12, 0)
        stack   0xffff, 0x0093, 0       // 16 bits: wraps to FFFC
        STACK(0xff, push %eax)
        stack   0xffff, 0x0093, 2
        STACK(12, push %eax)            // FFFE: its upper half is beyond
        stack   0xffff, 0x0093, 2
        STACK(0xff, pushw %ax)
        stack   0xffff, 0x0093, 0xfffe
        STACK(12, pop %eax)
        stack   0xffff, 0x0093, 0xfffe
        STACK(0xff, popw %ax)
        stack   0xfff, 0x4097, 0x1004   // expanding down
        STACK(0xff, push %eax)
        stack   0xfff, 0x4097, 0x1003
        STACK(12, push %eax)
        stack   0xfff, 0x0097, 0
        STACK(0xff, push %eax)
        stack   0xfff, 0x4097, 0
        STACK(0xff, push %eax)
        stack   0xf, 0x4093, 0x10
        STACK(12, pusha)
        stack   0x1f, 0x4093, 0x20
        STACK(0xff, pusha)
        stack   0x1f, 0x4093, 4
        STACK(12, popa)
        stack   0x1f, 0x4093, 0x10
        STACK(12, enter $0x20, $0)
        stack   0x1f, 0x4093, 0
        STACK(12, call .+0x20)
        stack   0x1f, 0x4093, 0x1d
        STACK(12, ret)
        stack   0x1f, 0x4093, 0x1a
        STACK(12, lret)
        stack   0x1f, 0x4093, 0x16
        STACK(12, iret)
        stack   0x1f, 0x4093, 0x10
        STACK(12, movl 0x10(%esp), %ecx)
        stack   0x1f, 0x4093, 0x10
        STACK(0xff, movl 0xc(%esp), %ecx)
        mov     $0x1d, %ebp
        stack   0x1f, 0x4093, 0x10
        STACK(12, movl (%ebp), %ecx)
        stack   0x1f, 0x4093, 0x10
        STACK(12, leave)
        // With a prefix the vector is that of the segment.
        seg     0xf, 0x4093
        mov     $0xd, %ebp
        FAULTS(13, 0, movl %fs:(%ebp), %ecx)
        stack   0x1f, 0x4093, 0x10
        mov     $0x1d, %esi
        STACK(12, movl %ss:(%esi), %ecx)

        // Code: a near transfer beyond the limit faults at itself; running on faults behind.
        .macro  code_case line, vector, at, code
        movl    $log, log_ptr
        movl    $.Lgo_\@, resume
        movl    $\at, start
        mov     $.Lcode_\@, %esi
        mov     $0x20000, %edi
        mov     $0x20, %ecx
        rep movsb
        ljmp    $0x60, $0
.Lcode_\@: \code
        .org    .Lcode_\@ + 0x20, 0x90
.Lgo_\@:
        expect_record \line, \vector, 0
        .endm
#define CODE(vector, at, ...) code_case __LINE__, vector, at, __VA_ARGS__
        set_desc 0x60, 0x20000, 0xf, 0x409b
        CODE(13, 0x10, "nop")
        CODE(13, 0, "jmp .+0x10")
        CODE(6, 0xe, "jmp .+0xe; .skip 12; ud2")
        CODE(13, 0, "call .+0x10")
        CODE(13, 5, "push $0x10; nop; nop; nop; ret")
        CODE(13, 5, "mov $0x10, %eax; jmp *%eax")
        CODE(13, 5, "mov $0x10, %ecx; loop .+0x30")
        CODE(13, 0xd, "jmp .+0xd; .skip 11; mov $1, %eax")        // it crosses the limit
        CODE(13, 0xf, "jmp .+0xf; .skip 13; ud2")
        CODE(13, 4, "cmp %eax, %eax; nop; nop; je .+0x20")
        CODE(6, 4, "cmp %eax, %eax; jne .+0x20; ud2")
        DONE
//= [0xb000] 0
//= [0xb004] 0
