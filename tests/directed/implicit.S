// What the processor accesses by itself (descriptor tables, TSS, I/O map, interrupt stacks; SDM vol. 3A, 4.6.1, 4.7) in pages that are
// absent or read-only: the error code has U = 0 in ring 3 too, CR2 is exact, the instruction restarts; a fault while another is
// delivered follows table 6-5. Each table reaches over a page boundary: what the test needs itself is in the first page.
#include "idt.inc"
#include "user.inc"
#include "expect.inc"
        .set    idt, 0x40001e00         // vectors from 20h on in the second page
        .set    gdt, 0x40010f80         // selectors from 80h on
        .set    tss, 0x4001ffb0         // IST7 and the I/O map's offset
        .set    stack, 0x40031000       // a page on either side
        .set    idt_page2, 0x20010
        .set    gdt_page2, 0x20088
        .set    tss_page2, 0x20100
        .set    stack_page1, 0x20180
        .set    stack_page2, 0x20188
        // A page fault with this error code and CR2.
#define PF(error, address, ...) page_fault __LINE__, error, address, __VA_ARGS__
        .macro  page_fault line, error, address, insn:vararg
        movq    $0, 0xa018
        expect_fault \line, 14, \error, \insn
        lea     \address, %r15
        cmp     %r15, 0xa028
        jne     expect_failed
        cmpq    $1, 0xa018              // one, and nothing else
        jne     expect_failed
        .endm
        .macro  gate vector, ist, type=0xee00
        mov     $handler, %eax
        mov     %ax, 0x33e00 + 16 * \vector
        movw    $8, 0x33e02 + 16 * \vector
        movw    $(\type | \ist), 0x33e04 + 16 * \vector
        movw    $0x10, 0x33e06 + 16 * \vector
        movq    $0, 0x33e08 + 16 * \vector
        .endm
        .code64
        setup_idt
        setup_user
        setup_syscall
        mov     $0x9000, %esi
        mov     $0x33e00, %edi
        mov     $0x200, %ecx
        rep movsb
        mov     $0x8000, %esi
        mov     $0x35f80, %edi
        mov     $0x100, %ecx
        rep movsb
        movq    $0x20003, 0x13000
        movq    $0x33003, 0x20008
        movq    $0x34003, 0x20010
        movq    $0x35003, 0x20080
        movq    $0x36003, 0x20088
        movq    $0x37003, 0x200f8
        movq    $0x38003, 0x20100
        movq    $0x39003, 0x20180
        movq    $0x3a003, 0x20188
        // The TSS: RSP0, IST1 (for #DF), IST2 at the stack, IST7; no I/O map.
        movq    $0x80000, 0x37fb4
        movq    $0x84000, 0x37fb0 + 36
        movq    $stack + 16, 0x37fb0 + 44
        movq    $0x88000, 0x37fb0 + 84
        movw    $104, 0x37fb0 + 102     // behind the limit
        gate    0x20, 0
        gate    0x21, 7
        gate    0x22, 2
        gate    0x23, 0
        lgdt    new_gdt(%rip)
        lidt    new_idt(%rip)
        // Descriptors in the GDT's second page: 80h data, not accessed; 88h code; 90h TSS, available; a0h LDT in the same page.
        mov     $0x00cff2000000ffff, %rax
        mov     %rax, 0x36000
        mov     $0x00affa000000ffff, %rax
        mov     %rax, 0x36008
        mov     $0x40008901ffb00067, %rax
        mov     %rax, 0x36010
        movq    $0, 0x36018
        mov     $0x40008201108000ff, %rax
        mov     %rax, 0x36020
        movq    $0, 0x36028
        // The TSS at its new place.
        mov     $0x40008901ffb00067, %rax
        mov     %rax, 0x35f80 + 0x28
        mov     $0x28, %eax
        ltr     %ax
        // ---- descriptor tables, ring 0
        mov     $0x83, %eax
        mov     $0xa0, %ecx
        mov     $0x90, %edx
        movq    $0x36002, gdt_page2
        PF(0, gdt + 0x80, mov %eax, %es)
        PF(0, gdt + 0x80, lar %eax, %ebx)
        PF(0, gdt + 0x80, lsl %eax, %ebx)
        PF(0, gdt + 0x80, verr %ax)
        PF(0, gdt + 0x80, verw %ax)
        PF(0, gdt + 0xa0, lldt %cx)
        PF(0, gdt + 0x90, ltr %dx)
        PF(0, gdt + 0x88, ljmp *far(%rip))
        PF(0, gdt + 0x88, lcall *far(%rip))
        push    $0x83
        PF(0, gdt + 0x80, pop %fs)
        pop     %rbx
        EQUAL(%rbx, 0x83)
        push    $0x8b
        push    $0
        PF(0, gdt + 0x88, lretq)
        add     $16, %rsp
        // Read-only: the accessed and the busy bit are writes.
        movq    $0x36001, gdt_page2
        PF(3, gdt + 0x85, mov %eax, %es)
        PF(3, gdt + 0x95, ltr %dx)
        lar     %eax, %ebx
        mov     %cr0, %rbx
        btr     $16, %rbx
        mov     %rbx, %cr0
        mov     %eax, %es               // with WP clear it can be written
        bts     $16, %rbx
        mov     %rbx, %cr0
        mov     0x36004, %ebx
        EQUAL(%rbx, 0xcff300)
        movb    $0xf2, 0x36005
        movq    $0x36003, gdt_page2
        // The LDT's own page.
        lldt    %cx
        movq    $0x36002, gdt_page2
        mov     $7, %esi
        PF(0, gdt + 0x100, mov %esi, %es)
        // ---- the same in ring 3: U stays 0
        enter_user 1f
1:      mov     $0x83, %eax
        mov     $7, %esi
        PF(0, gdt + 0x80, mov %eax, %es)
        PF(0, gdt + 0x100, mov %esi, %es)
        PF(0, gdt + 0x80, lar %eax, %ebx)
        PF(0, gdt + 0x80, verw %ax)
        PF(0, gdt + 0x88, ljmp *far(%rip))
        PF(0, gdt + 0x88, lcall *far(%rip))
        leave_user 2f
2:      movq    $0x36001, gdt_page2
        enter_user 1f
1:      mov     $0x83, %eax
        PF(3, gdt + 0x85, mov %eax, %es)
        // Its own accesses to the same page are a user's.
        PF(5, gdt + 0x80, mov gdt + 0x80, %eax)
        PF(7, gdt + 0x80, mov %eax, gdt + 0x80)
        leave_user 2f
2:      movq    $0x36003, gdt_page2
        // ---- the IDT
        movq    $0x34002, idt_page2
        PF(0, idt + 0x200, int $0x20)
        PF(0, idt + 0x230, int $0x23)
        enter_user 1f
1:      PF(0, idt + 0x200, int $0x20)
        PF(0, idt + 0x220, int $0x22)
        leave_user 2f
2:      movq    $0x34001, idt_page2     // reading is enough
        movq    $0, 0xb010
        int     $0x20
        mov     0xb010, %rbx
        EQUAL(%rbx, 1)
        movq    $0x34003, idt_page2
        // ---- the TSS: IST7, and the I/O map
        movq    $0x38002, tss_page2
        PF(0, tss + 84, int $0x21)
        enter_user 1f
1:      PF(0, tss + 84, int $0x21)
        mov     $0x80, %edx
        PF(0, tss + 102, in %dx, %al)
        PF(0, tss + 102, out %al, %dx)
        PF(0, tss + 102, insb)
        PF(0, tss + 102, rep outsb)
        leave_user 2f
2:      in      %dx, %al                // ring 0 does not ask
        movq    $0x38001, tss_page2
        int     $0x21
        mov     0xb010, %rbx
        EQUAL(%rbx, 2)
        movq    $0x38003, tss_page2
        // ---- interrupt stacks: IST2 begins 16 bytes above the boundary
        movq    $0x3a002, stack_page2
        PF(2, stack + 8, int $0x22)
        movq    $0x3a001, stack_page2
        PF(3, stack + 8, int $0x22)
        enter_user 1f
1:      PF(3, stack + 8, int $0x22)
        leave_user 2f
2:      movq    $0x3a003, stack_page2
        movq    $0x39002, stack_page1
        PF(2, stack-8, int $0x22)
        enter_user 1f
1:      PF(2, stack-8, int $0x22)
        leave_user 2f
2:      movq    $0x39003, stack_page1
        int     $0x22
        mov     0xb010, %rbx
        EQUAL(%rbx, 3)
        // IRET and RETF pop as the program that executes them.
        mov     %rsp, %rbp
        mov     $stack - 16, %esp
        movq    $0x3a002, stack_page2
        movq    $8, 0x39ff8
        PF(0, stack, iretq)
        lea     8(%rsp), %rsp
        PF(0, stack, lretq)
        mov     %rbp, %rsp
        // ---- table 6-5
        // #UD, #GP and #PF with IST2, whose page is absent: #UD (benign) and #GP (contributory) give way to the page fault, which
        // has a good stack.
        movq    $0x3a002, stack_page2
        movb    $2, 0x33e64
        movb    $2, 0x33ed4
        PF(2, stack + 8, ud2)
        mov     $0x800000000000, %rbx
        PF(2, stack + 8, mov (%rbx), %rax)
        // A page fault whose own stack is absent: #DF with code 0 at the same instruction; CR2 has the second address.
        movb    $1, 0x33e84
        movb    $2, 0x33ee4
        FAULTS(8, 0, mov 0x40000000, %rax)
        mov     0xa028, %rbx
        EQUAL(%rbx, stack + 8)
        enter_user 1f
1:      FAULTS(8, 0, mov 0x40000000, %eax)
        leave_user 2f
2:      // A page fault whose gate is absent (contributory), then one whose gate is of a wrong type.
        movb    $0, 0x33ee4
        movb    $0x0e, 0x33ee5
        FAULTS(8, 0, mov 0x40000000, %rax)
        mov     0xa028, %rbx
        EQUAL(%rbx, 0x40000000)
        movb    $0x85, 0x33ee5
        FAULTS(8, 0, mov 0x40000000, %rax)
        movb    $0x8e, 0x33ee5
        // And one whose code segment's descriptor is in an absent page.
        movq    $0x36002, gdt_page2
        movw    $0x88, 0x33ee2
        FAULTS(8, 0, mov 0x40000000, %rax)
        mov     0xa028, %rbx
        EQUAL(%rbx, gdt + 0x88)
        movw    $8, 0x33ee2
        PF(0, 0x40000000, mov 0x40000000, %rax)
        DONE
handler:
        incq    0xb010
        iretq
        .balign 8
new_gdt:
        .word   0xff
        .quad   gdt
        .balign 8
new_idt:
        .word   0x2ff
        .quad   idt
        .balign 8
far:    .long   0
        .word   0x88
//= R14 0
