//@ mode real
// The A20 gate in real mode: FFFF:0010 is address 0 while it is off, for data, stack, string instructions and code; what is written
// there while it is on is kept. Both values of the two places are told in one register each.
#include "a20.inc"
        .code16
        a20_by_port92
        xor     %ax, %ax
        mov     %ax, %ds
        dec     %ax
        mov     %ax, %es
        movw    $0x1111, 0x600
        movw    $0x2222, %es:0x610
        mov     %es:0x610, %bx          // 2222
        a20     0
        mov     %es:0x610, %cx          // 1111
        movw    $0x3333, %es:0x610
        mov     0x600, %dx              // 3333
        incw    %es:0x610
        mov     $0x612, %di
        mov     $0x4444, %ax
        stosw
        mov     0x600, %esi             // 44443334
        // The boundary itself: three bytes below it, one behind.
        movl    $0x99887766, %es:0xd
        mov     0, %al
        movzbl  %al, %ebp               // 99
        // Code at FFFF:0620: mov $5, %ax; lret.
        movl    $0xcb0005b8, 0x610
        lcall   $0xffff, $0x620
        movzwl  %ax, %edi
        a20     1
        mov     %es:0x610, %ax
        shl     $16, %eax
        mov     0x600, %ax
        hlt
//= RAX 0x22223334
//= RBX 0x2222
//= RCX 0x1111
//= RDX 0x3333
//= RSI 0x44443334
//= RDI 5
//= RBP 0x99
//= [0x600] 0x44443334
