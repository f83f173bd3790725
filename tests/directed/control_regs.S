// What control registers and EFER refuse (SDM vol. 2, MOV CR, WRMSR; vol. 3A, 2.5, 9.8.5) in long mode, in compatibility code
// and by level; nothing changes then.
#include "pm64.inc"
        .macro  refuses line, n, value:vararg
        mov     %cr\n, %rbx
        mov     $\value, %rax
        expect64 \line, 13, 0, mov %rax, %cr\n
        mov     %cr\n, %rcx
        cmp     %rbx, %rcx
        jne     expect64_failed
        .endm
#define REFUSES(...)  refuses __LINE__, __VA_ARGS__
        setup_pm64
        REFUSES(0, 0x80000032)          // PG without PE
        REFUSES(0, 0xa0010033)          // NW without CD
        REFUSES(0, 0x00010033)          // PG cleared in 64-bit code
        REFUSES(0, 0x180010033)         // upper half
        REFUSES(4, 0x600)               // PAE cleared
        REFUSES(4, 0x100000620)
        REFUSES(4, 0x80000620)
        mov     %cr3, %rbx
        mov     $0x8000000000010000, %rax
        FAULTS(13, 0, mov %rax, %cr3)
        mov     $0x0100000000010000, %rax
        FAULTS(13, 0, mov %rax, %cr3)
        REFUSES(8, 0x10)
        REFUSES(8, 0x100000000)
        // Reserved bits of CR0's lower half are ignored, ET stays set.
        mov     %cr0, %rbx
        mov     %rbx, %rax
        xor     $0x1000ffc0 ^ 0x10000000, %eax
        PASSES(mov %rax, %cr0)
        mov     %cr0, %rcx
        cmp     %rbx, %rcx
        jne     expect64_failed
        mov     %rbx, %rax
        and     $~0x10, %eax
        PASSES(mov %rax, %cr0)
        mov     %cr0, %rcx
        cmp     %rbx, %rcx
        jne     expect64_failed
        // Registers that are not there.
        .irp    n, 1, 5, 6, 7
        expect64 (0x10000 + \n), 6, 0, .byte 0x0f, 0x20, (0xc0 + 8 * \n)
        expect64 (0x20000 + \n), 6, 0, .byte 0x0f, 0x22, (0xc0 + 8 * \n)
        .endr
        .irp    n, 1, 2, 3, 7
        expect64 (0x30000 + \n), 6, 0, .byte 0x44, 0x0f, 0x20, (0xc0 + 8 * \n)
        .endr
        // EFER.
        .macro  efer line, value
        mov     $0xc0000080, %ecx
        mov     $\value & 0xffffffff, %eax
        mov     $\value >> 32, %edx
        expect64 \line, 13, 0, wrmsr
        rdmsr
        EQUAL(%rax, 0xd01)
        EQUAL(%rdx, 0)
        .endm
#define EFER(value)  efer __LINE__, value
        EFER(0xc01)                     // LME with paging
        EFER(0x100000d01)
        EFER(0x40d03)
        mov     $0xc0000080, %ecx
        mov     $0x901, %eax
        xor     %edx, %edx
        PASSES(wrmsr)                   // LMA cannot be written
        rdmsr
        EQUAL(%rax, 0xd01)
        mov     $0xd01, %eax
        wrmsr
        // LMSW sets PE and changes MP, EM, TS; it cannot clear PE.
        mov     %cr0, %rbx
        mov     $0xfff0, %eax
        PASSES(lmsw %ax)
        mov     %cr0, %rcx
        mov     %rbx, %rdx
        and     $~0xe, %edx
        cmp     %rdx, %rcx
        jne     expect64_failed
        mov     $0xe, %eax
        lmsw    %ax
        mov     %cr0, %rcx
        or      $0xe, %edx
        cmp     %rdx, %rcx
        jne     expect64_failed
        clts
        mov     %rbx, %cr0
        // Only in ring 0, and some of them not in 32-bit code at all.
        .irp    n, 1, 2, 3
        expect64_ring (0x40000 + \n), \n, 13, 0, mov %cr0, %rax
        expect64_ring (0x41000 + \n), \n, 13, 0, mov %rax, %cr3
        expect64_ring (0x42000 + \n), \n, 13, 0, mov %rax, %dr0
        expect64_ring (0x43000 + \n), \n, 13, 0, mov %dr7, %rax
        expect64_ring (0x44000 + \n), \n, 13, 0, clts
        expect64_ring (0x45000 + \n), \n, 13, 0, lmsw %ax
        expect64_ring (0x46000 + \n), \n, 13, 0, lgdt 0x7f000000
        expect64_ring (0x47000 + \n), \n, 13, 0, lidt 0x7f000000
        expect64_ring (0x48000 + \n), \n, 13, 0, lldt 0x7f000000
        expect64_ring (0x49000 + \n), \n, 13, 0, ltr 0x7f000000
        expect64_ring (0x4a000 + \n), \n, 13, 0, hlt
        expect64_ring (0x4b000 + \n), \n, 13, 0, invlpg (%rax)
        expect64_ring (0x4c000 + \n), \n, 13, 0, wbinvd
        expect64_ring (0x4d000 + \n), \n, 13, 0, invd
        expect64_ring (0x4e000 + \n), \n, 13, 0, rdmsr
        expect64_ring (0x4f000 + \n), \n, 13, 0, wrmsr
        expect64_ring (0x50000 + \n), \n, 13, 0, swapgs
        expect64_ring (0x51000 + \n), \n, 13, 0, sysretq
        expect64_ring (0x52000 + \n), \n, 13, 0, sysexitq
        expect64_ring (0x53000 + \n), \n, 13, 0, cli
        expect64_ring (0x54000 + \n), \n, 13, 0, sti
        .endr
        COMPAT_FAULTS(3, 6, 0, .byte 0x0f, 0x05)        // SYSCALL
        COMPAT_FAULTS(0, 6, 0, .byte 0x0f, 0x07)        // SYSRET
        COMPAT_FAULTS(0, 6, 0, .byte 0x0f, 0x01, 0xf8)  // SWAPGS
        // LLDT, LTR: what they refuse.
#define LLDT(vector, error, selector)   mov $selector, %eax; FAULTS(vector, error, lldt %ax)
#define LTR(vector, error, selector)    mov $selector, %eax; FAULTS(vector, error, ltr %ax)
        movq    $0, 0x80b8
        set_desc 0xb0, 0x0000890070000067
        LTR(13, 0, 0)
        LTR(13, 0, 3)
        LTR(13, 0x7f8, 0x7f8)
        LTR(13, 0xb4, 0xb4)
        LTR(13, 0x10, 0x10)
        LTR(13, 0xa0, 0xa0)             // busy
        LLDT(13, 0xb0, 0xb0)
        set_desc 0xb0, 0x0000090070000067
        LTR(11, 0xb0, 0xb3)
        set_desc 0xb0, 0x0000810070000067
        LTR(13, 0xb0, 0xb0)             // 16 bits
        set_desc 0xb0, 0x0000820058000067
        PASSES(lldt %ax)
        LTR(13, 0xb0, 0xb0)
        LLDT(13, 0xb4, 0xb4)
        LLDT(13, 0x10, 0x10)
        set_desc 0xb0, 0x0000020058000067
        LLDT(11, 0xb0, 0xb0)
        set_desc 0xb0, 0x0000820058000067
        movl    $0x100, 0x80bc          // the upper half has a type
        LLDT(13, 0xb0, 0xb0)
        movl    $0, 0x80bc
        set_desc 0xf8, 0x0000820058000067       // its upper half is beyond the limit
        LLDT(13, 0xf8, 0xf8)
        mov     $3, %eax
        PASSES(lldt %ax)                // null
        sldt    %ebx
        EQUAL(%rbx, 3)
        mov     $0x0c, %eax
        FAULTS(13, 0x0c, mov %eax, %ds)
        // LGDT and LIDT: bases that are not canonical.
        movw    $0xff, 0xb006
        mov     $0x8000000000000000, %rax
        mov     %rax, 0xb008
        FAULTS(13, 0, lgdt 0xb006)
        FAULTS(13, 0, lidt 0xb006)
        sgdt    0xb016
        EQUAL(0xb018, 0x8000)
        DONE
//= R14 0
