// The same, saved and loaded on the way.
#include "idt.inc"
        .code64
        setup_idt
        movq $0x20003,0x13000
        movw $0xb848,0x20006
        movq $0x30003,0x20008        // PTE of 0x40001000 and the immediate of the MOV
        movb $0xc3,0x20010
        mov $0x20006,%ebx
        call *%rbx
        mov %rax,%r8                 // 30003
        mov $0x40001000,%edi
        mov (%rdi),%rcx
        mov $600,%ecx
2:      loop 2b
        call *%rbx
        mov %rax,%r9                 // 30023
        hlt
//= R8 0x30003
//= R9 0x30023
