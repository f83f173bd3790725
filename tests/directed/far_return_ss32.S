//@ mode protected32
// The SS that RETF and IRET take along outwards, with every descriptor: writable data of the new level, whose selector has
// that level too. [case_cpl] is the level returned to.
#include "pm32.inc"
#include "matrix32.inc"
        setup_pm32
        matrix_loops 2
one_case:
        mov     case_type, %ebx
        mov     case_dpl, %edx
        mov     case_rpl, %ecx
        cmpl    $0, case_cpl
        je      case_next
        cmp     case_cpl, %ecx
        expects ne, 13
        mov     %ebx, %eax
        and     $0x1a, %eax
        cmp     $0x12, %eax
        expects ne, 13
        cmp     case_cpl, %edx
        expects ne, 13
        test    $0x20, %bl
        expects z, 12
        movl    $0xff000000, want
case_run:
        mov     case_cpl, %ecx
        mov     %ecx, %edi
        shl     $4, %edi
        lea     8(%edi, %ecx), %edi
        mov     $0x10, %eax
        mov     %eax, %fs               // of DPL 0: lost on the way out
        mov     $0x43, %eax
        mov     %eax, %gs               // of DPL 3: kept
        push    case_selector
        push    $0x5c000
        cmpl    $0, case_what
        jne     1f
        push    %edi
        push    $returned
        movl    $by_retf, start
by_retf:
        lret
1:      push    $2
        push    %edi
        push    $returned
        movl    $by_iret, start
by_iret:
        iret
returned:
        mov     %ds, %eax
        mov     %fs, %ebx
        mov     %gs, %ecx
        mov     %ss, %edx
        int     $0x30
case_check:
        cmpl    $0xff000000, want
        jne     2f
        or      %eax, %ebx
        jnz     case_failed
        cmp     $0x43, %ecx
        jne     case_failed
        cmp     case_selector, %edx
        jne     case_failed
        testb   $1, gdt_case + 5
        jz      case_failed
        jmp     case_next
2:      mov     gdt_case + 5, %al       // not accessed
        xor     case_type, %al
        test    $1, %al
        jnz     case_failed
        jmp     case_next
//= [0xb000] 0
