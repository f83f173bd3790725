// The system instructions of 64-bit code in every operand size that no other test needs: ports, segments, far transfers,
// tables, registers.
#include "idt.inc"
#include "expect.inc"
        .code64
        .set    v, 0xa100
        setup_idt
        .macro  entry at, low, high
        movl    $\low, 0x8000 + \at
        movl    $\high, 0x8004 + \at
        .endm
        entry   0x20, 0x50000fff, 0x00008900    // TSS
        entry   0x28, 0, 0
        entry   0x30, 0x580000ff, 0x00008200    // LDT
        entry   0x38, 0, 0
        entry   0x40, 0x00001234, 0x0000f000    // read-only data of ring 3
#define IS_ZERO         mov $__LINE__, %r14d ; jnz expect_failed
#define NOT_ZERO        mov $__LINE__, %r14d ; jz expect_failed

// Interrupts.
        int     $9
        EQUAL(0xa000, 9)
        int1
        EQUAL(0xa000, 1)
        EQUAL(0xa018, 2)

// Far transfers: 16-bit ones lead below 64 KiB, where a few instructions stand.
        lea     stubs16(%rip), %rsi
        mov     $0x6000, %edi
        mov     $stubs16_end - stubs16, %ecx
        rep movsb
        jmp     1f
        .balign 16
stubs16:
        jmp     *%rax
        .balign 16
        lretw
        .balign 16
        lretw   $6
stubs16_end:
far_l:  lretl
far_li: lretl   $6
far_q:  lretq
far_qi: lretq   $6
1:      lea     1f(%rip), %rax
        movw    $0x6000, v
        movw    $8, v + 2
        ljmpw   *v
1:      lea     1f(%rip), %rax
        mov     %eax, v
        movw    $8, v + 4
        ljmpl   *v
        jmp     expect_failed
1:      lea     1f(%rip), %rax
        mov     %rax, v
        movw    $8, v + 8
        rex.w ljmp *v
        jmp     expect_failed
1:      movw    $8, v + 2
        // The return address has 16 bits, too: from a place below 64 KiB.
        lea     2f(%rip), %rax
        lea     callw(%rip), %rsi
        mov     $0x6100, %edi
        mov     $callw_end - callw, %ecx
        rep movsb
        mov     $0x6100, %edx
        jmp     *%rdx
callw:  movw    $0x6010, v
        lcallw  *v
        sub     $6, %rsp
        movw    $0x6020, v
        lcallw  *v
        jmp     *%rax
callw_end:
2:      EQUAL(%rsp, 0x90000)
        lea     far_l(%rip), %rax
        mov     %eax, v
        movw    $8, v + 4
        lcalll  *v
        sub     $6, %rsp
        movl    $far_li, v
        lcalll  *v
        EQUAL(%rsp, 0x90000)
        lea     far_q(%rip), %rax
        mov     %rax, v
        movw    $8, v + 8
        rex.w lcall *v
        sub     $6, %rsp
        movl    $far_qi, v
        rex.w lcall *v
        EQUAL(%rsp, 0x90000)
        sub     $20, %rsp
        lea     1f(%rip), %rax
        mov     %eax, (%rsp)
        movl    $8, 4(%rsp)
        movl    $0x802, 8(%rsp)
        movl    $0x8fff0, 12(%rsp)
        movl    $0x10, 16(%rsp)
        iretl
1:      pushf
        pop     %rbx
        EQUAL(%rbx, 0x802)
        EQUAL(%rsp, 0x8fff0)
        lea     1f(%rip), %rax
        sub     $10, %rsp
        movw    $0x6000, (%rsp)
        movw    $8, 2(%rsp)
        movw    $2, 4(%rsp)
        movw    $0x7ff0, 6(%rsp)
        movw    $0x10, 8(%rsp)
        iretw
1:      EQUAL(%rsp, 0x7ff0)
        mov     $0x90000, %esp

// Segment registers.
        push    $0x40
        pop     %fs
        pushw   $0x10
        popw    %fs
        mov     %fs, %eax
        EQUAL(%rax, 0x10)
        push    $0x10
        pop     %gs
        pushw   $0x40
        popw    %gs
        mov     $-1, %rax
        .byte   0x48
        mov     %gs, %eax
        EQUAL(%rax, 0x40)
        mov     $-1, %rax
        mov     %gs, %ax
        EQUAL(%rax, 0xffffffffffff0040)
        movq    $-1, v
        movw    %gs, v
        EQUAL(v, 0xffffffffffff0040)
        .byte   0x66
        movw    %ds, v
        EQUAL(v, 0xffffffffffff0010)
        .byte   0x48
        movw    %gs, v
        EQUAL(v, 0xffffffffffff0040)
        movw    $0x10, v
        movw    v, %gs
        mov     %gs, %eax
        EQUAL(%rax, 0x10)
        movabs  $0x123456789abcdef0, %rax
        mov     %rax, v
        movw    $0x10, v + 8
        .byte   0x48
        lfs     v, %ecx
        EQUAL(%rcx, 0x123456789abcdef0)
        .byte   0x48
        lgs     v, %edx
        EQUAL(%rdx, 0x123456789abcdef0)
        mov     %rsp, v
        .byte   0x48
        lss     v, %esp
        movl    $0x87654321, v
        movl    $0, v + 4
        movw    $0x10, v + 4
        mov     $-1, %rcx
        lfs     v, %ecx
        EQUAL(%rcx, 0x87654321)
        lgs     v, %edx
        EQUAL(%rdx, 0x87654321)
        mov     %esp, v
        lss     v, %esp
        EQUAL(%rsp, 0x90000)
        movl    $0x0010fedc, v
        lfs     v, %cx
        EQUAL(%rcx, 0x8765fedc)
        lgs     v, %dx
        EQUAL(%rdx, 0x8765fedc)
        mov     %sp, v
        lss     v, %sp
        EQUAL(%rsp, 0x90000)
        mov     $0x1234000, %eax
        mov     %cr4, %rbx
        or      $1 << 16, %rbx
        mov     %rbx, %cr4
        mov     $-1, %rax
        wrfsbase %eax
        mov     $0x4000, %ebx
        wrgsbase %rbx
        rdfsbase %rcx
        EQUAL(%rcx, 0xffffffff)
        rdgsbase %edx
        EQUAL(%rdx, 0x4000)

// What a selector leads to.
        mov     $0x40, %ecx
        mov     %rcx, v
        lar     %ecx, %eax
        IS_ZERO
        EQUAL(%rax, 0xf100)
        lar     v, %edx
        EQUAL(%rdx, 0xf100)
        mov     $-1, %rax
        lar     %rcx, %rax
        EQUAL(%rax, 0xf100)
        lar     v, %rdx
        EQUAL(%rdx, 0xf100)
        mov     $-1, %rax
        lar     %cx, %ax
        EQUAL(%rax, 0xfffffffffffff100)
        mov     $-1, %rdx
        lar     v, %dx
        EQUAL(%rdx, 0xfffffffffffff100)
        lsl     %ecx, %eax
        IS_ZERO
        EQUAL(%rax, 0x1234)
        lsl     v, %edx
        EQUAL(%rdx, 0x1234)
        mov     $-1, %rax
        lsl     %rcx, %rax
        EQUAL(%rax, 0x1234)
        lsl     v, %rdx
        EQUAL(%rdx, 0x1234)
        mov     $-1, %rax
        lsl     %cx, %ax
        EQUAL(%rax, 0xffffffffffff1234)
        mov     $-1, %rdx
        lsl     v, %dx
        EQUAL(%rdx, 0xffffffffffff1234)
        verr    %cx
        IS_ZERO
        verr    v
        IS_ZERO
        verw    %cx
        NOT_ZERO
        movw    $0x10, v
        verw    v
        IS_ZERO

// Tables and the task.
        movw    $0x30, v
        lldt    v
        movw    $0x20, v
        ltr     v
        mov     $-1, %rax
        .byte   0x48
        sldt    %eax
        EQUAL(%rax, 0x30)
        mov     $-1, %rax
        sldt    %ax
        EQUAL(%rax, 0xffffffffffff0030)
        mov     $-1, %rax
        .byte   0x48
        str     %eax
        EQUAL(%rax, 0x20)
        mov     $-1, %rax
        str     %ax
        EQUAL(%rax, 0xffffffffffff0020)
        movq    $-1, v
        sldt    v
        EQUAL(v, 0xffffffffffff0030)
        str     v
        EQUAL(v, 0xffffffffffff0020)
        .byte   0x66
        sldt    v
        EQUAL(v, 0xffffffffffff0030)
        .byte   0x66
        str     v
        EQUAL(v, 0xffffffffffff0020)
        .byte   0x48
        sldt    v
        EQUAL(v, 0xffffffffffff0030)
        .byte   0x48
        str     v
        EQUAL(v, 0xffffffffffff0020)
        sgdt    v
        lgdt    v
        EQUAL(v + 2, 0x8000)

// Control and debug registers.
        mov     $-1, %rax
        smsw    %eax
        EQUAL(%rax, 0x80010033)
        mov     $-1, %rax
        smsw    %ax
        EQUAL(%rax, 0xffffffffffff0033)
        movq    $-1, v
        smsw    v
        EQUAL(v, 0xffffffffffff0033)
        .byte   0x66
        smsw    v
        EQUAL(v, 0xffffffffffff0033)
        .byte   0x48
        smsw    v
        EQUAL(v, 0xffffffffffff0033)
        mov     $0x3b, %eax
        lmsw    %ax
        mov     %cr0, %rbx
        EQUAL(%rbx, 0x8001003b)
        clts
        movw    $0x3a, v
        lmsw    v
        mov     %cr0, %rbx
        EQUAL(%rbx, 0x8001003b)         // PE cannot be cleared
        clts
        movabs  $0x123456789000, %rax
        mov     %rax, %db2
        mov     %db2, %rcx
        EQUAL(%rcx, 0x123456789000)
        invlpg  v
        invd
        wbinvd
        mov     $0xc0000103, %ecx
        mov     $0x77, %eax
        xor     %edx, %edx
        wrmsr
        rdtscp
        EQUAL(%rcx, 0x77)
        xor     %ecx, %ecx
        FAULTS(13, 0, rdpmc)
        rdpid   %rcx
        EQUAL(%rcx, 0x77)
        xor     %ecx, %ecx
        .byte   0xf3, 0x48, 0x0f, 0xc7, 0xf9    // the same with REX.W
        EQUAL(%rcx, 0x77)
        mov     $__LINE__, %r14d
        rdrand  %eax
        jnc     expect_failed
        rdseed  %ax
        jnc     expect_failed

// Ports: the first serial port's scratch register, the PCI address, the interrupt mask.
        mov     $0x3ff, %edx
        mov     $0x5a, %al
        out     %al, %dx
        xor     %eax, %eax
        in      %dx, %al
        EQUAL(%rax, 0x5a)
        mov     $0x3fe, %edx
        mov     $0xa500, %eax
        out     %ax, %dx
        xor     %eax, %eax
        in      %dx, %ax
        shr     $8, %eax
        EQUAL(%rax, 0xa5)
        mov     $0xcf8, %edx
        mov     $0x80001234, %eax
        out     %eax, %dx
        mov     $-1, %rax
        in      %dx, %eax
        EQUAL(%rax, 0x80001234)
        mov     $0xab, %eax
        out     %al, $0x21
        xor     %eax, %eax
        in      $0x21, %al
        EQUAL(%rax, 0xab)
        out     %ax, $0x21
        in      $0x21, %ax
        movzbl  %al, %eax
        EQUAL(%rax, 0xab)
        out     %eax, $0x21
        in      $0x21, %eax
        movzbl  %al, %eax
        EQUAL(%rax, 0xab)
        cld
        movabs  $0x1122334480001230, %rax
        mov     %rax, v
        movq    $0, v + 16
        mov     $v, %esi
        mov     $v + 16, %edi
        mov     $0xcf8, %edx
        outsl
        insl
        EQUAL(v + 16, 0x80001230)
        mov     $0x3fe, %edx
        outsw
        insw
        mov     $0x3ff, %edx
        insb
        EQUAL(%rsi, v + 6)
        EQUAL(%rdi, v + 23)
        movzbl  v + 22, %eax
        EQUAL(%rax, 0x33)
        mov     $v, %esi
        mov     $v + 16, %edi
        mov     $0xcf8, %edx
        rex.w outsl                     // a port has 32 bits at most
        rex.w insl
        EQUAL(%rsi, v + 4)
        EQUAL(%rdi, v + 20)
        DONE
//= R14 0
