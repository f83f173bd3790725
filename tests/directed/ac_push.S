// An alignment fault comes before translation, however the instruction is run: neither the push of a misaligned operand
// nor one to a misaligned stack marks the stack's page dirty.
#include "idt.inc"
#include "user.inc"
        .code64
        setup_idt
        setup_user
        setup_syscall
        mov     %cr0, %rax
        or      $0x40000, %eax       // AM
        mov     %rax, %cr0
        xor     %r8d, %r8d
        movl    $first, 0xa020
        enter_user user
user:   pushf
        orl     $0x40000, (%rsp)     // AC
        popf
        mov     $0x600100, %esp
        nop
        nop
        pushq   0x300001
        inc     %r8d
first:  mov     $0x600101, %esp
        movl    $second, 0xa020
        nop
        nop
        pushq   0x300000
        inc     %r8d
second: nop
        mov     $0x88000, %esp
        leave_user done
done:   mov     0xa018, %rbx         // how many faults
        mov     0xa000, %rdx
        hlt
//= RBX 2
//= RDX 17
//= R8 0
//= [0x12018] 0x600087
