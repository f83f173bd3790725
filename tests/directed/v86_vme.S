//@ mode protected32
// Virtual-mode extensions: INT n through the redirection bitmap, VIF and VIP for CLI, STI, PUSHF, POPF and IRET; and PVI.
#include "pm32.inc"
#include "v86.inc"
        .set    VIF, 0x80000
        .set    VIP, 0x100000
        setup_pm32
        mov     $1, %eax
        mov     %eax, %cr4
        movw    $0x200, 0x5066          // redirection bitmap at 51e0h, all zero: to the 8086 handler
        movl    $0x30000100, 0x84       // INT 21h: 3000:0100
        mov     $handler, %esi
        mov     $0x30100, %edi
        mov     $handler_end - handler, %ecx
        rep movsb
        jmp     1f
        .code16
handler:
        pop     %ax                     // IP
        mov     %ax, %ds
        pop     %ax                     // CS
        mov     %ax, %es
        pop     %ax                     // FLAGS
        mov     %ax, %fs
        pushf
        pop     %ax
        mov     %ax, %gs
        ud2
handler_end:
        .code32
1:      .macro  record_v86              // CS, EFLAGS, ES DS FS GS of the frame
        mov     frame + 8, %eax
        record
        mov     frame + 20, %eax
        shl     $16, %eax
        mov     frame + 24, %ax
        record
        mov     frame + 28, %eax
        shl     $16, %eax
        mov     frame + 32, %ax
        record
        .endm
        // IOPL 0, VIF set: the image has IF for VIF and IOPL 3; VIF and TF are cleared, IF is not touched.
        v86_begin VIF
        int     $0x21
        v86_end
        record_v86
        // VIF clear.
        v86_begin 0x200
        int     $0x21
        v86_end
        record_v86
        // IOPL 3: IF itself.
        v86_begin 0x3200 | VIF
        int     $0x21
        v86_end
        record_v86
        // The bit set: #GP(0) below IOPL 3, the IDT at IOPL 3 (whose gate has DPL 0: #GP).
        movb    $2, 0x51e4
        v86_begin 0
        int     $0x21
        v86_end
        v86_begin 0x3000
        int     $0x21
        v86_end
        movb    $0, 0x51e4
        // INT3 is never redirected.
        v86_begin 0
        int3
        v86_end
        // CLI and STI.
        v86_begin VIF
        cli
        ud2
        v86_end
        mov     frame + 8, %eax
        record
        v86_begin 0
        sti
        ud2
        v86_end
        mov     frame + 8, %eax
        record
        v86_begin VIP
        sti
        v86_end                         // #GP(0)
        // POPF and IRET set VIF from IF; not TF, not with VIP, not 32 bit; IOPL stays.
        v86_begin 0
        pushw   $0x3202
        popf
        ud2
        v86_end
        mov     frame + 8, %eax
        record
        v86_begin VIF
        pushw   $2
        popf
        ud2
        v86_end
        mov     frame + 8, %eax
        record
        v86_begin 0
        pushw   $0x102
        popf
        v86_end
        v86_begin VIP
        pushw   $0x202
        popf
        v86_end
        v86_begin 0
        pushfl
        v86_end
        v86_begin 0
        pushw   $0x202
        pushw   $0x3000
        pushw   $0x20
        iret
        .org    77b + 0x20
        ud2
        v86_end
        mov     frame + 8, %eax
        record
        v86_begin 0
        pushw   $0x302
        pushw   $0x3000
        pushw   $0x20
        iret
        v86_end
        v86_begin 0
        iretl
        v86_end
        // No bitmap within the TSS: #GP(0).
        movw    $0x1100, 0x5066
        v86_begin 0
        int     $0x21
        v86_end
        movw    $0x200, 0x5066

        // PVI: ring 3 of protected mode.
        mov     $2, %eax
        mov     %eax, %cr4
        .macro  ring3 flags, code
        movl    $81f, resume
        movl    $80f, start
        push    $0x43
        push    $0x60000
        push    $(\flags | 2)
        push    $0x3b
        push    $80f
        iret
80:     \code
        ud2
81:
        .endm
        ring3   0, sti
        mov     frame + 8, %eax
        record
        ring3   VIF, cli
        mov     frame + 8, %eax
        record
        ring3   VIP, sti                // #GP(0)
        ring3   0x3200, cli             // IOPL 3: IF
        mov     frame + 8, %eax
        record
        xor     %eax, %eax
        mov     %eax, %cr4
        ring3   0, sti                  // #GP(0)
        ring3   0, cli
        hlt
//= [0xa100] 0x60d0000
//= [0xa104] 0x30002
//= [0xa108] 0x30000002
//= [0xa10c] 0x32023002
//= [0xa110] 0x60d0000
//= [0xa114] 0x30202
//= [0xa118] 0x30000002
//= [0xa11c] 0x30023002
//= [0xa120] 0x60d0000
//= [0xa124] 0xb3002
//= [0xa128] 0x30000002
//= [0xa12c] 0x32023002
//= [0xa130] 0xd000000
//= [0xa134] 0xd00010a
//= [0xa138] 0xd00001a
//= [0xa13c] 0x6010000
//= [0xa140] 0x30002
//= [0xa144] 0x6010000
//= [0xa148] 0xb0002
//= [0xa14c] 0xd000000
//= [0xa150] 0x6040000
//= [0xa154] 0xb0002
//= [0xa158] 0x6030000
//= [0xa15c] 0x30002
//= [0xa160] 0xd030000
//= [0xa164] 0xd030000
//= [0xa168] 0xd000000
//= [0xa16c] 0x6200000
//= [0xa170] 0xb0002
//= [0xa174] 0xd080000
//= [0xa178] 0xd000000
//= [0xa17c] 0xd000000
//= [0xa180] 0x6010000
//= [0xa184] 0x90002
//= [0xa188] 0x6010000
//= [0xa18c] 0x10002
//= [0xa190] 0xd000000
//= [0xa194] 0x6010000
//= [0xa198] 0x13002
//= [0xa19c] 0xd000000
//= [0xa1a0] 0xd000000
