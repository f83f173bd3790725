//@ mode protected32
// LAR, LSL, VERR and VERW with every descriptor at every privilege (SDM vol. 2): ZF, the result, and that the register stays
// without one. Presence and the accessed bit do not matter.
#include "pm32.inc"
#include "matrix32.inc"
        setup_pm32
        matrix_loops 1
        .set    LAR_TYPES, 0xffff1a3e   // bit n: type n; all of code and data
        .set    LSL_TYPES, 0xffff0a0e
        .set    VERR_TYPES, 0xccff0000
        .set    VERW_TYPES, 0x00cc0000
one_case:
        movl    $0xff000000, want
        mov     case_selector, %eax
        mov     $0x11111111, %ebx
        mov     $0x22222222, %esi
        xor     %edi, %edi
        xor     %ebp, %ebp
        to_case_ring $1f
1:      lar     %ax, %ebx
        setz    %cl
        movzx   %cl, %edi
        lsl     %ax, %esi
        setz    %cl
        movzx   %cl, %ecx
        lea     (%ecx, %edi, 2), %edi
        verr    %ax
        setz    %cl
        movzx   %cl, %ecx
        lea     (%ecx, %edi, 2), %edi
        verw    %ax
        setz    %cl
        movzx   %cl, %ecx
        lea     (%ecx, %edi, 2), %edi
        int     $0x30
case_check:
        mov     case_type, %ecx
        and     $0x1f, %ecx
        mov     %ecx, %edx
        and     $0x1c, %edx
        cmp     $0x1c, %edx             // conforming
        je      2f
        mov     case_dpl, %edx
        cmp     case_cpl, %edx
        jb      hidden
        cmp     case_rpl, %edx
        jb      hidden
2:      .macro  next_type mask
        mov     $\mask, %eax
        bt      %ecx, %eax
        adc     %ebp, %ebp
        .endm
        next_type LAR_TYPES
        next_type LSL_TYPES
        next_type VERR_TYPES
        next_type VERW_TYPES
hidden: mov     %edi, got
        mov     %ebp, want
        cmp     %edi, %ebp
        jne     case_failed
        mov     $0x11111111, %eax
        test    $8, %ebp
        jz      3f
        mov     gdt_case + 4, %eax
        and     $0x00f0ff00, %eax
        and     $0x00f0ff00, %ebx       // bits 16 to 19 are undefined
3:      mov     %ebx, got
        mov     %eax, want
        cmp     %eax, %ebx
        jne     case_failed
        mov     $0x22222222, %eax
        test    $4, %ebp
        jz      4f
        mov     $0xffffffff, %eax
        cmpw    $0, gdt_case
        jne     4f
        mov     $0xfff, %eax
4:      mov     %esi, got
        mov     %eax, want
        cmp     %eax, %esi
        jne     case_failed
        jmp     case_next
//= [0xb000] 0
//= [0xb00c] 4096
