// The keyboard controller on the board: self test, answers with IRQ 1, and A20, which is on while port 92h or the
// controller says so. It waits by HLT and never for IBF: commands act at once.
#include "idt.inc"
#include "expect.inc"
        .set    LAPIC, 0xfee00000
        .code64
        .macro  write port, value
        mov     $\value, %al
        out     %al, $\port
        .endm
        // The next byte to RAX, the status before it to RBX.
        .macro  answer
        sti
        hlt
        cli
        mov     $0x20, %al
        out     %al, $0x20
        xor     %eax, %eax
        in      $0x64, %al
        mov     %eax, %ebx
        in      $0x60, %al
        .endm
        setup_idt
        // IRQ 1 by way of the 8259A, vector 19h.
        mov     $LAPIC, %ebp
        movl    $0x1ff, 0xf0(%rbp)
        movl    $0x700, 0x350(%rbp)     // LINT0: ExtINT
        mov     $0x11, %al
        out     %al, $0x20
        mov     $0x18, %al
        out     %al, $0x21
        mov     $4, %al
        out     %al, $0x21
        mov     $1, %al
        out     %al, $0x21
        mov     $0xfd, %al
        out     %al, $0x21
        movq    $0, 0xa018
        write   0x64, 0xad              // both off
        write   0x64, 0xa7
        write   0x64, 0xaa
        answer
        EQUAL(%rax, 0x55)
        EQUAL(0xa000, 0x19)
        and     $0xe5, %ebx
        EQUAL(%rbx, 0x05)               // OBF, SYS, no error
        write   0x64, 0x20
        answer
        EQUAL(%rax, 0x75)               // as firmware left it, and both off
        write   0x64, 0xab
        answer
        EQUAL(%rax, 0)

        // A byte as if it came from the keyboard.
        write   0x64, 0xd2
        write   0x60, 0x5a
        answer
        EQUAL(%rax, 0x5a)
        in      $0x64, %al
        and     $1, %eax
        EQUAL(%rax, 0)
        EQUAL(0xa018, 4)

        // A20, by a routine in an even MiB.
        movl    $0x11111111, 0x5000
        movl    $0x22222222, 0x105000
        lea     a20(%rip), %rsi
        mov     $0x50000, %edi
        mov     $a20_end - a20, %ecx
        cld
        rep movsb
        mov     $0x50000, %eax
        call    *%rax
        EQUAL(%r8, 0x11111111)
        EQUAL(%r9, 0x22222222)
        EQUAL(%r10, 0x11111111)
        EQUAL(%r11, 0x22222222)
        DONE
a20:
        write   0x64, 0xd1
        write   0x60, 0xdd
        mov     0x105000, %r8d
        mov     $2, %al
        out     %al, $0x92
        mov     0x105000, %r9d
        xor     %eax, %eax
        out     %al, $0x92
        mov     0x105000, %r10d
        write   0x64, 0xd1
        write   0x60, 0xdf
        mov     0x105000, %r11d
        ret
a20_end:
//= R14 0
