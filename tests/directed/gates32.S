//@ mode protected32
// Call gates at every pair of privilege levels: CALL and JMP from ring a through a gate to code of DPL b, conforming or not;
// inner stacks and copied parameters, and the return. One byte a case: CPL there, or 80h | vector.
#include "pm32.inc"
        .set    results, 0xb000
        .set    level, 0xb400           // a
        .set    target, 0xb404          // b
        .set    what, 0xb408            // 0 CALL, 1 JMP, 2 CALL conforming, 3 JMP conforming
        .set    next, 0xb40c
        .set    outer_sp, 0xb410
        setup_pm32
        movl    $results, next
        movl    $0, what
        set_gate 0x8058, 8, entered, 12, 3, 2
each_what:
        movl    $0, level
each_level:
        movl    $0, target
each_target:
        // The gate's target: code b, or a conforming segment of DPL b at 60h.
        mov     target, %ecx
        mov     %ecx, %eax
        shl     $4, %eax
        add     $8, %eax
        testl   $2, what
        jz      1f
        movl    $0x0000ffff, 0x8060
        mov     %ecx, %eax
        shl     $13, %eax
        or      $0x00cf9e00, %eax
        mov     %eax, 0x8064
        mov     $0x60, %eax
1:      mov     %ax, 0x805a
        movl    $failed, resume
        movl    $0, start
        // To ring a.
        mov     level, %ecx
        mov     %ecx, %eax
        shl     $4, %eax
        lea     16(%eax, %ecx), %edx
        push    %edx
        push    $0x60000
        lea     8(%eax, %ecx), %edx
        push    %edx
        push    $ring_a
        lret
ring_a: mov     %esp, %ebx
        push    $0x22222222
        push    $0x11111111
        testl   $1, %cs:what
        jnz     2f
        lcall   $0x58, $0
        // Back from CALL: the parameters are gone from both stacks.
        cmp     %ebx, %esp
        jne     bad
        int     $0x30
2:      ljmp    $0x58, $0
bad:    ud2
entered:
        mov     %cs, %eax
        and     $3, %eax
        mov     %eax, %ebp
        testl   $1, %cs:what
        jnz     no_frame
        // CS:EIP, then the parameters, then the outer stack if the level changed.
        cmpl    $0x11111111, 8(%esp)
        jne     bad
        cmpl    $0x22222222, 12(%esp)
        jne     bad
        mov     %ss, %eax
        and     $3, %eax
        cmp     %eax, %ebp
        jne     bad
        cmp     %cs:level, %ebp
        je      1f
        cmpl    $0x5fff8, 16(%esp)      // ESP before the call
        jne     bad
1:      lret    $8
no_frame:
        int     $0x30
failed: // Here in ring 0 after INT 30h or a fault.
        mov     log_ptr, %eax
        mov     -4(%eax), %eax
        movl    $log, log_ptr
        mov     next, %edi
        cmp     $0xff000000, %eax
        je      1f
        mov     %eax, 0xb800            // the last fault as it was recorded
        rol     $8, %eax
        or      $0x80, %al
        mov     %al, (%edi)
        jmp     2f
1:      mov     %ebp, %eax
        mov     %al, (%edi)
2:      incl    next
        incl    target
        cmpl    $4, target
        jne     each_target
        incl    level
        cmpl    $4, level
        jne     each_level
        incl    what
        cmpl    $4, what
        jne     each_what

        // Rights of the gate itself.
        mov     $8, %eax
        mov     %ax, 0x805a
        movw    $0xcc00, 0x805c         // DPL 2
        faults  lcall $0x5b, $0         // RPL 3: #GP(gate)
        movw    $0x4c00, 0x805c         // not present
        faults  lcall $0x58, $0         // #NP(gate)
        movw    $0xcc00, 0x805c
        movw    $0, 0x805a
        faults  lcall $0x58, $0         // null target: #GP(0)
        movw    $0x10, 0x805a
        faults  lcall $0x58, $0         // not code: #GP(target)
        movw    $0x7f8, 0x805a
        faults  lcall $0x58, $0         // outside: #GP(target)
        movw    $8, 0x805a
        movw    $0xcc40, 0x805c
        set_desc 0x68, 0, 0xfff, 0x409b
        movw    $0x68, 0x805a
        faults  lcall $0x58, $0         // target beyond its limit: #GP(0)
        set_desc 0x68, 0, 0xfffff, 0xc01b
        faults  lcall $0x58, $0         // not present: #NP(target)
        faults  lcall $0, $0            // #GP(0)
        faults  ljmp $0x7f8, $0         // #GP(selector)
        faults  ljmp $0x10, $0
        faults  ljmp $0x38, $0          // DPL 3 code from ring 0
        hlt
// CALL: rows a, columns b
//= [0xb000] 0x8d8d8d00
//= [0xb004] 0x8d8d0100
//= [0xb008] 0x8d020100
//= [0xb00c] 0x03020100
// JMP
//= [0xb010] 0x8d8d8d00
//= [0xb014] 0x8d8d018d
//= [0xb018] 0x8d028d8d
//= [0xb01c] 0x038d8d8d
// CALL conforming
//= [0xb020] 0x8d8d8d00
//= [0xb024] 0x8d8d0101
//= [0xb028] 0x8d020202
//= [0xb02c] 0x03030303
// JMP conforming
//= [0xb030] 0x8d8d8d00
//= [0xb034] 0x8d8d0101
//= [0xb038] 0x8d020202
//= [0xb03c] 0x03030303
//= [0xa100] 0x0d000058
//= [0xa104] 0x0b000058
//= [0xa108] 0x0d000000
//= [0xa10c] 0x0d000010
//= [0xa110] 0x0d0007f8
//= [0xa114] 0x0d000000
//= [0xa118] 0x0b000068
//= [0xa11c] 0x0d000000
//= [0xa120] 0x0d0007f8
//= [0xa124] 0x0d000010
//= [0xa128] 0x0d000038
