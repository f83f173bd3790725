//@ mode protected32
// Loads of the data segment registers with every descriptor at every privilege (SDM vol. 2, MOV, POP, LDS; vol. 3A, 5.6):
// the fault, its error code, and the accessed bit, which only a load that succeeds sets.
#include "pm32.inc"
#include "matrix32.inc"
        setup_pm32
        matrix_loops 5
snippets:
        .long   pop_es, mov_ss, mov_ds, lfs, pop_gs
one_case:
        mov     case_selector, %eax
        movl    $0, 0xb020
        mov     %eax, 0xb024
        // By LFS and POP GS from the LDT.
        cmpl    $3, case_what
        jb      1f
        or      $4, %eax
        mov     %eax, 0xb024
1:      mov     case_type, %ebx
        mov     case_dpl, %edx
        cmpl    $1, case_what
        je      stack
        test    $0x10, %bl              // system
        expects z, 13
        and     $10, %bl                // execute-only
        cmp     $8, %bl
        expects e, 13
        mov     case_type, %ebx
        and     $12, %bl
        cmp     $12, %bl                // conforming: no privilege
        je      2f
        cmp     case_cpl, %edx
        expects b, 13
        cmp     case_rpl, %edx
        expects b, 13
2:      testl   $0x20, case_type
        expects z, 11
        jmp     good
stack:  and     $0x1a, %bl
        cmp     $0x12, %bl              // writable data
        expects ne, 13
        cmp     case_cpl, %edx
        expects ne, 13
        cmp     case_rpl, %edx
        expects ne, 13
        testl   $0x20, case_type
        expects z, 12
good:   movl    $0xff000000, want
case_run:
        cmpl    $3, case_what
        jb      3f
        cmpl    $0xff000000, want
        je      3f
        orl     $4, want
3:      mov     case_what, %ebx
        mov     snippets(, %ebx, 4), %ebx
        mov     (%ebx), %ecx            // the length of what comes before the load
        lea     4(%ebx), %ebx
        add     %ebx, %ecx
        mov     %ecx, start
        to_case_ring %ebx
pop_es: .long   1
        push    %eax
        pop     %es
        int     $0x30
mov_ss: .long   0
        mov     %ax, %ss
        int     $0x30
mov_ds: .long   0
        mov     %ax, %ds
        int     $0x30
lfs:    .long   0
        lfs     %cs:0xb020, %ebp
        int     $0x30
pop_gs: .long   1
        push    %eax
        pop     %gs
        int     $0x30
case_check:
        mov     gdt_case + 5, %al
        cmpl    $3, case_what
        jb      4f
        mov     ldt_case + 5, %al
4:      and     $0x1f, %al
        mov     case_type, %bl
        and     $0x1f, %bl
        cmpl    $0xff000000, want
        jne     5f
        or      $1, %bl
5:      cmp     %al, %bl
        jne     case_failed
        jmp     case_next
//= [0xb000] 0
//= [0xb00c] 20480
