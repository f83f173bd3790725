//@ mode protected32
// Hardware task switches between 32-bit and 16-bit TSSs: JMP, CALL, interrupt, IRET; busy bits, back links, NT, TS, what is
// saved, faults before and behind the point of no return, the T bit, and a task in virtual-8086 mode.
#include "pm32.inc"
        .set    tss_b, 0x5400           // 58h
        .set    tss_c, 0x5500           // 60h, 16 bit
        // Records the type byte of a descriptor and a dword.
        .macro  record_type selector
        movzbl  0x8005 + \selector, %eax
        record
        .endm
        // Makes task b fresh: entry, ring 0.
        .macro  fresh label, flags=2
        mov     $tss_b, %edi
        xor     %eax, %eax
        mov     $0x68 / 4, %ecx
        rep stosl
        movl    $\label, tss_b + 0x20
        movl    $\flags, tss_b + 0x24
        movl    $0x11111111, tss_b + 0x28
        movl    $0x80000, tss_b + 0x38
        movl    $0x77777777, tss_b + 0x44
        movl    $0x10, tss_b + 0x48
        movl    $8, tss_b + 0x4c
        movl    $0x10, tss_b + 0x50
        movl    $0x10, tss_b + 0x54
        movl    $0x40, tss_b + 0x58
        movl    $0x40, tss_b + 0x5c
        movl    $0x50, tss_b + 0x60
        movw    $0x68, tss_b + 0x66
        set_desc 0x58, tss_b, 0x67, 0x89
        .endm
        setup_pm32
        // JMP: the old task is no longer busy, the new one is; TS is set, NT is not; no link.
        clts
        fresh   b1
        mov     $0x12345678, %ebx
        mov     $0x9abcdef0, %esi
        ljmp    $0x58, $0
back1:  record_type 0x48                // 8b: back in the first task
        record_type 0x58                // 89
        mov     %ebx, %eax              // the first task's registers came back
        record
        jmp     test2
b1:     record                          // EAX of the TSS: 11111111
        mov     %edi, %eax
        record
        smsw    %eax
        and     $8, %eax
        record                          // TS
        pushf
        pop     %eax
        and     $~0x8d5, %eax
        record                          // 2
        mov     tss_b, %eax             // no link: 0
        record
        record_type 0x48                // 89
        record_type 0x58                // 8b
        mov     0x5000 + 0x34, %eax     // EBX saved
        record
        mov     0x5000 + 0x40, %eax     // ESI
        record
        mov     0x5000 + 0x20, %eax
        sub     $back1, %eax            // EIP: behind the JMP
        record
        str     %eax
        record                          // 58
        mov     %fs, %eax
        record                          // 40
        ljmp    $0x48, $0
        // CALL: NT, the link, both busy; IRET goes back.
test2:  fresh   b2
        lcall   $0x58, $0
back2:  record_type 0x48                // 8b
        record_type 0x58                // 89
        mov     tss_b + 0x24, %eax      // EFLAGS saved by IRET: NT clear
        and     $~0x8d5, %eax
        record
        mov     tss_b + 0x20, %eax      // EIP behind the IRET
        sub     $b2_end, %eax
        record
        jmp     test3
b2:     pushf
        pop     %eax
        and     $~0x8d5, %eax
        record                          // 4002
        mov     tss_b, %eax             // link 48
        record
        record_type 0x48                // 8b
        record_type 0x58                // 8b
        iret
b2_end:
        // Through a task gate; and INT n and an exception through task gates in the IDT.
test3:  fresh   b3
        movl    $0x00580000, 0x8068
        movl    $0x00008500, 0x806c
        lcall   $0x68, $0
        mov     $1, %eax
        record
        fresh   b4
        movl    $0x00580000, 0x9000 + 13 * 8
        movl    $0x00008500, 0x9004 + 13 * 8
        mov     $0x7f8, %eax
at4:    mov     %ax, %gs                // #GP(7f8) in task b
after4: record                          // 7f8 again: EAX came back, and the handler skipped the instruction
        set_gate 0x9068, 8, "pm_stubs+208", 14, 0
        // Faults of the old task.
        fresh   b3
        faults  ljmp $0x48, $0          // busy: #GP
        set_desc 0x58, tss_b, 0x66, 0x89
        faults  ljmp $0x58, $0          // limit: #TS
        set_desc 0x58, tss_b, 0x67, 0x09
        faults  lcall $0x58, $0         // #NP
        set_desc 0x58, tss_b, 0x67, 0x89
        faults  ljmp $0x5b, $0          // RPL 3, DPL 0: #GP
        movl    $0x005c0000, 0x8068
        faults  lcall $0x68, $0         // a task gate into the LDT: #GP(5c)
        movl    $0x00100000, 0x8068
        faults  lcall $0x68, $0         // to no TSS: #GP(10)
        // NT and a bad link.
        movl    $0x10, 0x5000
        movl    $.Lnt, resume
        movl    $.Lnt0, start
        push    $0x4002
        popf
.Lnt0:  iret                            // #TS(10)
.Lnt:   record_type 0x48                // still 8b
        // Faults of the new task: TR is its, EIP its entry; the vector says what. It is of ring 3, so that there is a stack
        // for the handler.
        .macro  new_faults offset, value
        fresh   b3
        movl    $0x70000, tss_b + 4
        movl    $0x10, tss_b + 8
        movl    $0x3b, tss_b + 0x4c
        movl    $0x43, tss_b + 0x50
        movl    $0x43, tss_b + 0x48
        movl    $0x43, tss_b + 0x54
        movl    $\value, tss_b + \offset
        movl    $.Lf_\@, resume
        movl    $b3, start
        ljmp    $0x58, $0
.Lf_\@: str     %eax
        record
        mov     $0x50, %eax
        lldt    %ax
        // Back to the first task.
        movl    $.Lg_\@, 0x5020
        ljmp    $0x48, $0
.Lg_\@:
        .endm
        new_faults 0x60, 0x58           // LDT: #TS(58)
        new_faults 0x4c, 0x13           // CS is data: #TS(10)
        new_faults 0x4c, 3              // CS null: #TS(0)
        new_faults 0x4c, 0x2b           // CS of DPL 2: #TS(28)
        new_faults 0x50, 0x42           // SS: RPL 2: #TS(40)
        new_faults 0x50, 0              // SS null: #TS(0)
        new_faults 0x54, 0x48           // DS is a TSS: #TS(48)
        new_faults 0x48, 0x10           // ES of DPL 0: #TS(10)
        new_faults 0x58, 0x7f8          // FS outside: #TS(7f8)
        set_desc 0x70, 0, 0xfffff, 0xc073
        new_faults 0x5c, 0x73           // GS not present: #NP(70)
        new_faults 0x50, 0x73           // SS not present: #SS(70)
        set_desc 0x78, 0, 0xfff, 0x40fb
        new_faults 0x4c, 0x7b           // EIP beyond the limit: #GP(0)
        mov     frame + 4, %eax
        record                          // CS 7b
        // In ring 0 there is no stack yet when SS is bad, so that #TS doubles: #DF through a task gate.
        fresh   b3
        movl    $0x40, tss_b + 0x50
        movl    $0x00600000, 0x9040
        movl    $0x00008500, 0x9044
        set_desc 0x60, 0x5600, 0x67, 0x89
        movl    $df, 0x5620
        movl    $2, 0x5624
        movl    $0x80000, 0x5638
        movl    $0x10, 0x5648
        movl    $8, 0x564c
        movl    $0x10, 0x5650
        movl    $0x10, 0x5654
        ljmp    $0x58, $0
df:     pop     %eax                    // #DF's error code
        record
        mov     0x5600, %eax            // the task that failed
        record
        mov     tss_b + 0x50, %eax      // its SS as it was
        record
        movl    $1f, 0x5020
        pushl   $2
        popf
        ljmp    $0x48, $0
1:
        // T: #DB with BT before the first instruction.
        fresh   b3
        movb    $1, tss_b + 0x64
        movl    $1f, resume
        movl    $b3, start
        ljmp    $0x58, $0
1:      mov     %dr6, %eax
        record
        movl    $2f, 0x5020
        ljmp    $0x48, $0
2:      // DR7's local enables go with a switch.
        fresh   b5
        mov     $0x3ff, %eax            // all, of nothing that happens
        mov     %eax, %dr7
        xor     %eax, %eax
        lcall   $0x58, $0
        mov     $0x400, %eax
        mov     %eax, %dr7
        // A 16-bit TSS.
        mov     $tss_c, %edi
        xor     %eax, %eax
        mov     $0x2c / 2, %ecx
        rep stosw
        set_desc 0x60, tss_c, 0x2b, 0x81
        set_desc 0x80, 0x100000, 0xffff, 0x409b
        movw    $(c1 - 0x100000), tss_c + 0x0e
        movw    $2, tss_c + 0x10
        movw    $0x4321, tss_c + 0x12
        movw    $0xf000, tss_c + 0x1a
        movw    $0x10, tss_c + 0x22
        movw    $0x80, tss_c + 0x24
        movw    $0x10, tss_c + 0x26
        movw    $0x10, tss_c + 0x28
        movw    $0x50, tss_c + 0x2a
        set_gate 0x9068, 8, "pm_stubs+208", 14, 0
        mov     $0x55667788, %ebp
        lcall   $0x60, $0
        mov     %ebp, %eax
        record
        record_type 0x60                // 81
        movzwl  tss_c + 0x12, %eax      // AX saved: the low half
        record
        // A task in virtual-8086 mode: what it faults with.
        fresh   0x100, 0x20002
        movl    $0x70000, tss_b + 4
        movl    $0x10, tss_b + 8
        movl    $0x3000, tss_b + 0x4c
        movl    $0x3800, tss_b + 0x50
        movl    $0x1234, tss_b + 0x54
        movw    $0x0b0f, 0x30100        // UD2
        movl    $1f, resume
        movl    $0x100, start
        ljmp    $0x58, $0
1:      mov     frame + 4, %eax
        record
        mov     frame + 8, %eax
        record
        mov     frame + 24, %eax
        record
        str     %eax
        record
        hlt
b3:     mov     $3, %eax
        record
        iret
b4:     pop     %eax                    // the error code
        record
        mov     0x5000 + 0x20, %eax
        sub     $at4, %eax
        record                          // the faulting instruction
        mov     0x5000 + 0x24, %eax
        and     $~0x8d5, %eax
        record                          // RF is set in the saved EFLAGS
        movl    $after4, 0x5000 + 0x20
        iret
b5:     mov     %dr7, %eax
        record
        iret
c1:     movzwl  %ax, %eax
        record                          // 4321
        movzwl  tss_c, %eax             // link
        record
        mov     %fs, %eax
        record                          // 0
        mov     %esp, %eax
        movzwl  %ax, %eax
        record
        iret
//= [0xa100] 0x11111111
//= [0xa104] 0x77777777
//= [0xa108] 0x8
//= [0xa10c] 0x2
//= [0xa110] 0
//= [0xa114] 0x89
//= [0xa118] 0x8b
//= [0xa11c] 0x12345678
//= [0xa120] 0x9abcdef0
//= [0xa124] 0
//= [0xa128] 0x58
//= [0xa12c] 0x40
//= [0xa130] 0x8b
//= [0xa134] 0x89
//= [0xa138] 0x12345678
//= [0xa13c] 0x4002
//= [0xa140] 0x48
//= [0xa144] 0x8b
//= [0xa148] 0x8b
//= [0xa14c] 0x8b
//= [0xa150] 0x89
//= [0xa154] 0x2
//= [0xa158] 0
//= [0xa15c] 0x3
//= [0xa160] 0x1
//= [0xa164] 0x7f8
//= [0xa168] 0
//= [0xa16c] 0x10002
//= [0xa170] 0x7f8
//= [0xa174] 0xd000048
//= [0xa178] 0xa000058
//= [0xa17c] 0xb000058
//= [0xa180] 0xd000058
//= [0xa184] 0xd00005c
//= [0xa188] 0xd000010
//= [0xa18c] 0xa000010
//= [0xa190] 0x8b
//= [0xa194] 0xa000058
//= [0xa198] 0x58
//= [0xa19c] 0xa000010
//= [0xa1a0] 0x58
//= [0xa1a4] 0xa000000
//= [0xa1a8] 0x58
//= [0xa1ac] 0xa000028
//= [0xa1b0] 0x58
//= [0xa1b4] 0xa000040
//= [0xa1b8] 0x58
//= [0xa1bc] 0xa000000
//= [0xa1c0] 0x58
//= [0xa1c4] 0xa000048
//= [0xa1c8] 0x58
//= [0xa1cc] 0xa000010
//= [0xa1d0] 0x58
//= [0xa1d4] 0xa0007f8
//= [0xa1d8] 0x58
//= [0xa1dc] 0xb000070
//= [0xa1e0] 0x58
//= [0xa1e4] 0xc000070
//= [0xa1e8] 0x58
//= [0xa1ec] 0xd000000
//= [0xa1f0] 0x58
//= [0xa1f4] 0x7b
//= [0xa1f8] 0
//= [0xa1fc] 0x58
//= [0xa200] 0x40
//= [0xa204] 0x1000000
//= [0xa208] 0xffff8ff0
//= [0xa20c] 0x6aa
//= [0xa210] 0x4321
//= [0xa214] 0x48
//= [0xa218] 0
//= [0xa21c] 0xf000
//= [0xa220] 0x55667788
//= [0xa224] 0x81
//= [0xa228] 0xf000
//= [0xa22c] 0x6000000
//= [0xa230] 0x3000
//= [0xa234] 0x30002
//= [0xa238] 0x1234
//= [0xa23c] 0x58
