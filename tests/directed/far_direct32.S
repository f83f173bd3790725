//@ mode protected32
// Far JMP and CALL to every descriptor at every privilege (SDM vol. 2, JMP, CALL): conforming code keeps the caller's level,
// other code must be of that level, and what is no code and no gate is #GP. Gates and tasks are elsewhere.
#include "pm32.inc"
#include "matrix32.inc"
        setup_pm32
        matrix_loops 2
one_case:
        mov     case_type, %ebx
        mov     case_dpl, %edx
        mov     case_selector, %eax
        movl    $arrived, 0xb020
        mov     %eax, 0xb024
        mov     $0x1232, %eax           // gates and available tasks: types 1, 4, 5, 9, 12
        mov     %ebx, %ecx
        and     $0x1f, %ecx
        cmp     $16, %ecx
        jae     1f
        bt      %ecx, %eax
        jc      case_next
1:      and     $0x18, %ecx
        cmp     $0x18, %ecx
        expects ne, 13
        test    $4, %bl
        jz      2f
        cmp     case_cpl, %edx
        expects a, 13
        jmp     3f
2:      cmp     case_cpl, %edx
        expects ne, 13
        mov     case_rpl, %ecx
        cmp     case_cpl, %ecx
        expects a, 13
3:      test    $0x20, %bl
        expects z, 11
        movl    $0xff000000, want
case_run:
        mov     $jump, %ebx
        cmpl    $0, case_what
        je      4f
        mov     $call, %ebx
4:      mov     %ebx, start
        to_case_ring %ebx
jump:   ljmp    *%cs:0xb020
call:   lcall   *%cs:0xb020
arrived:
        mov     %cs, %eax
        mov     (%esp), %ebx
        mov     4(%esp), %ecx
        int     $0x30
case_check:
        cmpl    $0xff000000, want
        jne     5f
        // CS has the caller's level; what CALL pushed.
        mov     case_cpl, %edx
        or      $0x60, %edx
        cmp     %edx, %eax
        jne     case_failed
        cmpl    $0, case_what
        je      case_next
        cmp     $arrived, %ebx
        jne     case_failed
        mov     case_cpl, %edx
        mov     %edx, %eax
        shl     $4, %eax
        lea     8(%eax, %edx), %eax
        cmp     %eax, %ecx
        jne     case_failed
5:      jmp     case_next
//= [0xb000] 0
