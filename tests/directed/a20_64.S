// The A20 gate (port 92h) with paging: frames and tables of every level whose address has bit 20 wrap while it is off, their changes
// count at once through either address, and so does code. Bus masters do not pass the gate. The program is in both halves.
#include "expect.inc"
#include "a20.inc"
        .code64
        a20_by_port92
        mov     $0x100000, %esi
        xor     %edi, %edi
        mov     $0x800, %ecx
        rep movsb
        movl    $0x11, 0x40000
        movl    $0x22, 0x140000
        mov     0x140000, %eax
        EQUAL(%rax, 0x22)
        a20     0
        mov     0x140000, %eax
        EQUAL(%rax, 0x11)
        movl    $0x33, 0x140000
        mov     0x40000, %eax
        EQUAL(%rax, 0x33)
        a20     1
        mov     0x140000, %eax
        EQUAL(%rax, 0x22)
        mov     0x40000, %eax
        EQUAL(%rax, 0x33)
        // A whole branch of tables with bit 20: 0x8000000000 by 0x120000, 0x121000, 0x122000 to the frame 0x130000; while the gate
        // is off, by 0x20000, 0x21000, 0x22000 to 0x30000.
        movq    $0x120003, 0x10008
        movq    $0x121003, 0x120000
        movq    $0x122003, 0x121000
        movq    $0x130003, 0x122000
        movq    $0x121003, 0x20000
        movq    $0x122003, 0x21000
        movq    $0x130003, 0x22000
        movl    $0x44, 0x30000
        movl    $0x55, 0x31000
        movl    $0x66, 0x130000
        movl    $0x77, 0x131000
        mov     $0x8000000000, %rdi
        mov     (%rdi), %eax
        EQUAL(%rax, 0x66)
        mov     0x122000, %rax
        EQUAL(%rax, 0x130023)
        mov     0x22000, %rax
        EQUAL(%rax, 0x130003)
        a20     0
        mov     (%rdi), %eax
        EQUAL(%rax, 0x44)
        mov     0x22000, %rax           // A
        EQUAL(%rax, 0x130023)
        mov     0x20000, %rax
        EQUAL(%rax, 0x121023)
        // The leaf, through the address that the gate lets pass, and through the other.
        movq    $0x131003, 0x22000
        mov     (%rdi), %eax
        EQUAL(%rax, 0x55)
        movq    $0x130003, 0x122000
        mov     (%rdi), %eax
        EQUAL(%rax, 0x44)
        movq    $0x31003, 0x22000
        mov     (%rdi), %eax
        EQUAL(%rax, 0x55)
        // By a bus master, which writes to the one behind the gate without effect.
        mov     $0xd00, %edx
        mov     $0x122000, %eax
        out     %eax, %dx
        mov     $0xd04, %edx
        mov     $0x131003, %eax
        out     %eax, %dx
        mov     0x22000, %rax
        EQUAL(%rax, 0x31023)
        mov     $0xd00, %edx
        mov     $0x22000, %eax
        out     %eax, %dx
        mov     $0xd04, %edx
        mov     $0x130003, %eax
        out     %eax, %dx
        mov     (%rdi), %eax
        EQUAL(%rax, 0x44)
        // Upper levels.
        movq    $0x23003, 0x21000
        movq    $0x131003, 0x23000
        mov     (%rdi), %eax
        EQUAL(%rax, 0x55)
        movq    $0x122003, 0x121000
        mov     (%rdi), %eax
        EQUAL(%rax, 0x44)
        movq    $0x124003, 0x120000
        movq    $0x23003, 0x24000
        mov     (%rdi), %eax
        EQUAL(%rax, 0x55)
        // The top too: CR3 with bit 20.
        mov     $0x110000, %eax
        mov     %rax, %cr3
        mov     (%rdi), %eax
        EQUAL(%rax, 0x55)
        movq    $0x121003, 0x110008
        movq    $0x122003, 0x21000
        movq    $0x83, 0x22000
        mov     0x40000(%rdi), %eax
        mov     $0x10000, %eax
        mov     %rax, %cr3
        a20     1
        movq    $0x120003, 0x10008
        mov     (%rdi), %eax
        EQUAL(%rax, 0x77)               // the bus master wrote this table
        // Code: mov $n, %eax; ret.
        movl    $0x000001b8, 0x41000
        movw    $0xc300, 0x41004
        movl    $0x000002b8, 0x141000
        movw    $0xc300, 0x141004
        mov     $0x141000, %ebx
        mov     $0x41000, %esi
        call    *%rbx
        EQUAL(%rax, 2)
        a20     0
        call    *%rbx
        EQUAL(%rax, 1)
        movb    $3, 0x41001
        call    *%rbx
        EQUAL(%rax, 3)
        movb    $4, 0x141001
        call    *%rsi
        EQUAL(%rax, 4)
        call    *%rbx
        EQUAL(%rax, 4)
        a20     1
        call    *%rbx
        EQUAL(%rax, 2)
        call    *%rsi
        EQUAL(%rax, 4)
        DONE
//= R14 0
