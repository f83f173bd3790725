//@ mode protected32
// RETF and IRET to every code descriptor from every privilege (SDM vol. 2, RET, IRET): never inwards; the level is that of
// the selector, which the descriptor must be of, or if conforming, not above. A return outwards takes SS:ESP along.
#include "pm32.inc"
#include "matrix32.inc"
        setup_pm32
        matrix_loops 2
one_case:
        mov     case_type, %ebx
        mov     case_dpl, %edx
        mov     case_rpl, %ecx
        mov     case_selector, %esi
        cmp     case_cpl, %ecx
        expects b, 13
        mov     %ebx, %eax
        and     $0x18, %eax
        cmp     $0x18, %eax
        expects ne, 13
        test    $4, %bl
        jz      1f
        cmp     %ecx, %edx
        expects a, 13
        jmp     2f
1:      cmp     %ecx, %edx
        expects ne, 13
2:      test    $0x20, %bl
        expects z, 11
        movl    $0xff000000, want
case_run:
        // SS for the return.
        mov     case_rpl, %ecx
        mov     %ecx, %edi
        shl     $4, %edi
        lea     16(%edi, %ecx), %edi
        mov     $by_retf, %ebx
        movl    $by_retf_at, start
        cmpl    $0, case_what
        je      3f
        mov     $by_iret, %ebx
        movl    $by_iret_at, start
3:      to_case_ring %ebx
by_retf:
        push    %edi
        push    $0x5c000
        push    $0                      // a parameter
        push    %esi
        push    $returned
by_retf_at:
        lret    $4
by_iret:
        push    %edi
        push    $0x5c004
        push    $0x202
        push    %esi
        push    $returned
by_iret_at:
        iret
returned:
        mov     %cs, %eax
        mov     %ss, %ebx
        mov     %esp, %ecx
        int     $0x30
case_check:
        cmpl    $0xff000000, want
        jne     case_next
        cmp     case_selector, %eax
        jne     case_failed
        cmp     %edi, %ebx
        jne     case_failed
        mov     case_rpl, %edx
        cmp     case_cpl, %edx
        je      case_next
        cmp     $0x5c004, %ecx
        jne     case_failed
        jmp     case_next
//= [0xb000] 0
//= [0xb00c] 8192
