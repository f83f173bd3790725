//@ mode protected32
// 32-bit addresses at 4 GiB with flat segments. Where an access reaches over, the architecture leaves the choice between wrapping and
// a fault (SDM vol. 3A, 5.3): ModRM operands wrap, strings and stacks fault. The page at the top is 0x30000, that at 0 itself.
#define BITS 32
#include "access.inc"
#include "tables.inc"
#include "expect32.inc"
        .set    high, 0xfffff000
        setup_access
        setup_tables_32
        push    $expect_failed32
        mov     %esp, acc_sp            // for what should not come
        movl    $0x22003, 0x20ffc
        movl    $0x30003, 0x22ffc
        movl    $0x44332211, 0
        movl    $0x88776655, 0x30ffc
        mov     0xfffffffe, %ebx
        EQUAL32(%ebx, 0x22118877)
        mov     $0xfffffff0, %esi
        mov     0x11(%esi), %bx
        EQUAL32(%ebx, 0x22113322)
        mov     0xf(%esi), %bx
        EQUAL32(%ebx, 0x22111188)
        addl    $0x10001, 0xfffffffe
        EQUAL32(0x30ffc, 0x88786655)
        EQUAL32(0, 0x44332212)
        movups  -8, %xmm0
        movups  %xmm0, 0xb000
        EQUAL32(0xb004, 0x88786655)
        EQUAL32(0xb008, 0x44332212)
        mov     $-3, %edi
        mov     $0x0a0b0c0d, %eax
        FAULTS32(13, 0, stosl)
        EQUAL32(0x30ffc, 0x88786655)
        mov     $-2, %edi
        mov     $4, %ecx
        mov     $0xee, %al
        rep stosb
        EQUAL32(%edi, 2)
        EQUAL32(0x30ffc, 0xeeee6655)
        EQUAL32(0, 0x4433eeee)
        // A stack at 0 begins at the top.
        mov     %esp, %ebx
        mov     $0, %esp
        push    $0x55555555
        mov     %esp, %esi
        mov     %ebx, %esp
        EQUAL32(%esi, 0xfffffffc)
        EQUAL32(0x30ffc, 0x55555555)
        // The second page, which is page 0, absent.
        andl    $~1, 0x2d000
        mov     $7, %ebx
        FAULTS32(14, 0, mov 0xfffffffe, %ebx)
        EQUAL32(acc_cr2, 0)
        FAULTS32(14, 2, mov %ebx, 0xfffffffd)
        EQUAL32(acc_cr2, 0)
        EQUAL32(0x30ffc, 0x55555555)
        orl     $1, 0x2d000
        // EIP: NOP at the top, then INC EBX and RET at 0; a short jump over it.
        movl    $0x90909090, 0x30ffc
        movl    $0xc343, 0
        mov     $0xfffffffc, %eax
        call    *%eax
        EQUAL32(%ebx, 8)
        movl    $0x02eb9090, 0x30ffc    // to 2
        movl    $0x43430000, 0
        movl    $0xc343, 4
        mov     $0xfffffffe, %eax
        call    *%eax
        EQUAL32(%ebx, 11)
        DONE32
//= RBP 0
