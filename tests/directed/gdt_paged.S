// A GDT over pages that are missing or read-only (SDM vol. 3A, 3.4.5.1): the fault of the descriptor's read, and that of its
// accessed bit with CR0.WP; both are the supervisor's from any level.
#include "pm64.inc"
        .macro  page_faults line, ring, error, address, insn:vararg
        expect64_ring \line, \ring, 14, \error, \insn
        mov     %cr2, %rax
        and     $~7, %rax
        EQUAL(%rax, \address)
        .endm
#define PAGE_FAULTS(...) page_faults __LINE__, __VA_ARGS__
        setup_pm64
        // The GDT begins 100h below 6 MiB: selectors 100h and up are on the next page, at first a missing one.
        mov     $0x8000, %esi
        mov     $0x5fff00, %edi
        mov     $32, %ecx
        rep movsq
        movw    $0x1ff, 0xb006
        movq    $0x5fff00, 0xb008
        lgdt    0xb006
        mov     $0x00cff2000000ffff, %rax       // not accessed
        mov     %rax, 0x600000
        movq    $0, 0x12000 + 8 * 3
        mov     %cr3, %rax
        mov     %rax, %cr3
        mov     $0x103, %ecx
        PAGE_FAULTS(0, 0, 0x600000, mov %ecx, %ds)
        PAGE_FAULTS(3, 0, 0x600000, mov %ecx, %fs)
        PAGE_FAULTS(3, 0, 0x600000, mov %ecx, %ss)
        PAGE_FAULTS(3, 0, 0x600000, lar %cx, %ebx)
        PAGE_FAULTS(3, 0, 0x600000, verr %cx)
        PAGE_FAULTS(0, 0, 0x600000, lldt %cx)
        // Beyond the limit it is not looked at.
        mov     $0x203, %ecx
        FAULTS(13, 0x200, mov %ecx, %ds)
        // Read-only: reading is fine, the accessed bit is a write.
        movq    $0x600085, 0x12000 + 8 * 3
        mov     $0x103, %ecx
        RING_PASSES(3, verr %cx)
        PAGE_FAULTS(3, 3, 0x600000, mov %ecx, %fs)
        PAGE_FAULTS(0, 3, 0x600000, mov %ecx, %ds)
        mov     %ds, %eax
        EQUAL(%rax, 0x10)
        EQUAL(0x600000, 0x00cff2000000ffff)
        // Without CR0.WP it is written.
        mov     %cr0, %rax
        and     $~0x10000, %eax
        mov     %rax, %cr0
        RING_PASSES(3, mov %ecx, %fs)
        EQUAL(0x600000, 0x00cff3000000ffff)
        // Accessed already: no write.
        mov     %cr0, %rax
        or      $0x10000, %eax
        mov     %rax, %cr0
        RING_PASSES(3, mov %ecx, %fs)
        DONE
//= R14 0
