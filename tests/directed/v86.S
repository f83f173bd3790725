//@ mode protected32
// Virtual-8086 mode without VME: what is sensitive to IOPL, the frame of an interrupt, the I/O permission map, and that
// segments are the 8086's.
#include "pm32.inc"
#include "v86.inc"
        setup_pm32
        movb    $0xcc, 0x30030          // INT3
        movb    $0xcb, 0x30038          // RETF
        // IOPL 0: each faults at itself.
        v86_faults 0, cli
        v86_faults 0, sti
        v86_faults 0, pushf
        v86_faults 0, popf
        v86_faults 0, iret
        v86_faults 0, int $0x21
        v86_faults 0, hlt
        v86_faults 0, int3              // not sensitive, but the gate's DPL is 0: #GP(vector 3, IDT)
        mov     frame + 8, %eax         // EFLAGS: VM, RF of the fault
        record
        mov     frame + 16, %eax        // SS
        record
        mov     frame + 12, %eax        // SP
        record
        mov     frame + 20, %eax
        record
        mov     frame + 24, %eax
        record
        mov     frame + 28, %eax
        record
        mov     frame + 32, %eax
        record
        // IOPL 3: CLI, STI, PUSHF, POPF and IRET work; INT n goes through the IDT (DPL 0: #GP).
        v86_begin 0x3000
        cli
        pushf
        pop %ax
        sti
        pushf
        pop %bx
        mov %ax, %fs
        mov %bx, %gs
        ud2
        v86_end
        mov     frame + 28, %eax        // FS: flags with IF clear
        record
        mov     frame + 32, %eax        // GS: with IF set
        record
        v86_faults 0x3000, int $0x21
        v86_begin 0x3000
        pushw $0x3202
        pushw $0x3001
        pushw $0x20
        iret
        v86_end                         // to 3001:0020 = 0x30030: INT3's bytes below
        mov     frame + 4, %eax         // CS
        record
        // IRET cannot change IOPL or VM.
        v86_begin 0x3000
        7: pushl $0x202
        pushl $0x3000
        pushl $8f - 7b
        iretl
        8: pushfl
        popl %eax
        shr $12, %eax
        mov %ax, %fs
        ud2
        v86_end
        mov     frame + 28, %eax
        record
        // Ports: the map begins at 0x800 of the TSS; port 80h is allowed, 81h is not.
        movw    $0x800, 0x5066
        movb    $0xfe, 0x5810
        v86_begin 0x3000
        in $0x80, %al
        in $0x81, %al
        v86_end
        v86_faults 0x3000, in $0x80, %ax
        movb    $0, 0x5810
        // Segments: limit 64 KiB whatever was loaded, base 16 times the selector.
        movl    $0x12345678, 0x31234
        v86_begin 0
        mov $0x3123, %ax
        mov %ax, %ds
        mov 4, %eax
        mov %ax, %fs
        shr $16, %eax
        mov %ax, %gs
        ud2
        v86_end
        mov     frame + 28, %eax
        record
        mov     frame + 32, %eax
        record
        v86_begin 0
        mov $0xffff, %bx
        mov (%bx), %ax
        v86_end                         // #GP(0)
        v86_begin 0
        mov $0xffff, %bp
        mov (%bp), %ax
        v86_end                         // #SS(0)
        v86_begin 0
        mov $0x10000, %ebx
        mov (%ebx), %al
        v86_end                         // #GP(0)
        v86_begin 0
        mov $1, %sp
        push %ax
        v86_end                         // #SS(0)
        v86_faults 0, lldt %ax                               // #UD
        v86_faults 0, arpl %ax, %ax
        v86_faults 0, mov %cr0, %eax                         // #GP(0)
        v86_faults 0, ljmp $0x3001, $0x20
        mov     frame + 4, %eax
        record
        v86_faults 0, lcall $0x3001, $0x28
        hlt
//= [0xa100] 0x0d000000
//= [0xa104] 0x0d000000
//= [0xa108] 0x0d000000
//= [0xa10c] 0x0d000000
//= [0xa110] 0x0d000000
//= [0xa114] 0x0d000000
//= [0xa118] 0x0d000000
//= [0xa11c] 0x0d00001a
//= [0xa120] 0x00030002
//= [0xa124] 0x3800
//= [0xa128] 0x1000
//= [0xa12c] 0x2222
//= [0xa130] 0x1111
//= [0xa134] 0x3333
//= [0xa138] 0x4444
//= [0xa13c] 0x60a0000
//= [0xa140] 0x3002
//= [0xa144] 0x3202
//= [0xa148] 0xd00010a
//= [0xa14c] 0xd20001a
//= [0xa150] 0x3001
//= [0xa154] 0x61e0000
//= [0xa158] 0x3
//= [0xa15c] 0xd020000
//= [0xa160] 0xd000000
//= [0xa164] 0x6110000
//= [0xa168] 0x5678
//= [0xa16c] 0x1234
//= [0xa170] 0xd030000
//= [0xa174] 0xc030000
//= [0xa178] 0xd060000
//= [0xa17c] 0xc030000
//= [0xa180] 0x6000000
//= [0xa184] 0x6000000
//= [0xa188] 0xd000000
//= [0xa18c] 0xd20001a
//= [0xa190] 0x3001
//= [0xa194] 0x6050000
