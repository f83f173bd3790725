//@ mode protected32
// Double faults (SDM vol. 3A, 6.15, interrupt 8, tables 6-4 and 6-5): every first exception against every second one that
// its delivery can raise. #DF comes for contributory on contributory and for either on a page fault, else the second one is
// delivered alone; and CR2 is that of the last page fault, even of one that doubles (interrupt 14).
#include "pm32.inc"
#include "check32.inc"
        .set    PD, 0x18000
        // Makes vector v's gate raise something by itself.
        .macro  gate_gp v               // its target is data: #GP(11h)
        movl    $0x00100000, 0x9000 + \v * 8
        movl    $0x00008e00, 0x9004 + \v * 8
        .endm
        .macro  gate_np v
        movl    $0x00080000, 0x9000 + \v * 8
        movl    $0x00000e00, 0x9004 + \v * 8
        .endm
        .macro  gate_ts v               // ring 1, whose SS is null
        movl    $(0x00180000), 0x9000 + \v * 8
        movl    $0x00008e00, 0x9004 + \v * 8
        movl    $0, 0x5010
        .endm
        .macro  gate_ss v               // ring 1, no room
        movl    $(0x00180000), 0x9000 + \v * 8
        movl    $0x00008e00, 0x9004 + \v * 8
        movl    $0x61, 0x5010
        movl    $4, 0x500c
        .endm
        .macro  gate_pf v               // ring 1, a page that is not there
        movl    $(0x00180000), 0x9000 + \v * 8
        movl    $0x00008e00, 0x9004 + \v * 8
        movl    $0x21, 0x5010
        movl    $0x00c01000, 0x500c
        .endm
        .macro  gate_good v
        set_gate (0x9000 + \v * 8), 8, "(pm_stubs + 16 * \v)", 14, 0
        .endm
        // `code` raises `first` in ring 3, whose gate then raises something.
        .macro  twice line, first, how, vector, error, code:vararg
        gate_\how \first
        movl    $log, log_ptr
        movl    $.Lgo_\@, resume
        movl    $.Lat_\@, start
        to_ring 3, .Lat_\@
.Lat_\@: \code
        int     $0x30
.Lgo_\@: gate_good \first
        expect_record \line, \vector, \error
        .endm
#define TWICE(...) twice __LINE__, __VA_ARGS__
        setup_pm32
        set_desc 0x60, 0x70000, 0xf, 0x40b3
        set_desc 0x68, 0, 0xfffff, 0xc073       // not present
        // 4 MiB pages: 8 to 12 MiB are there, 12 to 16 are not.
        movl    $0x00000087, PD
        movl    $0x00400087, PD + 4
        movl    $0x00800087, PD + 8
        movl    $0x00c00086, PD + 12
        mov     $0x10, %eax
        mov     %eax, %cr4
        mov     $PD, %eax
        mov     %eax, %cr3
        mov     %cr0, %eax
        or      $0x80000000, %eax
        mov     %eax, %cr0
        // Benign first: the second is delivered alone.
        TWICE(6, gp, 13, 0x11, ud2)
        TWICE(6, np, 11, 0x33, ud2)
        TWICE(6, ts, 10, 1, ud2)
        TWICE(6, ss, 12, 0x61, ud2)
        TWICE(6, pf, 14, 2, ud2)
        mov     %cr2, %eax
        EQUAL(%eax, 0x00c00ffc)
        TWICE(3, gp, 13, 0x1a, int3)    // a software interrupt is benign, and has no EXT
        TWICE(1, gp, 13, 0x11, int1)
        // Contributory first.
        .macro  contributory first, code:vararg
        twice   0x10000 + \first, \first, gp, 8, 0, \code
        twice   0x20000 + \first, \first, np, 8, 0, \code
        twice   0x30000 + \first, \first, ts, 8, 0, \code
        twice   0x40000 + \first, \first, ss, 8, 0, \code
        mov     $0, %eax
        mov     %eax, %cr2
        twice   0x50000 + \first, \first, pf, 14, 2, \code
        mov     %cr2, %eax
        cmp     $0x00c00ffc, %eax
        jne     expect_failed
        .endm
        contributory 13, hlt
        mov     $0x6b, %edx
        contributory 11, mov %edx, %ds
        contributory 12, mov %edx, %ss
        xor     %ecx, %ecx
        contributory 0, div %ecx
        // #TS: by a call gate whose inner stack is bad, which is ring 1's.
        set_gate 0x8070, 0x18, 0, 12, 3
        movl    $0, 0x5010
        TWICE(10, gp, 8, 0, lcall $0x70, $0)
        TWICE(10, np, 8, 0, lcall $0x70, $0)
        TWICE(10, ts, 8, 0, lcall $0x70, $0)
        // A page fault first.
        TWICE(14, gp, 8, 0, movl %ss:0xc12340, %eax)
        mov     %cr2, %eax
        EQUAL(%eax, 0xc12340)
        TWICE(14, np, 8, 0, movl %ss:0xc12340, %eax)
        TWICE(14, ts, 8, 0, movl %ss:0xc12340, %eax)
        TWICE(14, ss, 8, 0, movl %ss:0xc12340, %eax)
        TWICE(14, pf, 8, 0, movl %ss:0xc12340, %eax)
        mov     %cr2, %eax
        EQUAL(%eax, 0xc00ffc)           // where the second page fault was
        // The first one's frame: #DF's is that of the first instruction.
        EQUAL(frame + 4, 0x3b)
        // Benign, then contributory, whose gate fails too: that is the first pair.
        gate_gp 13
        TWICE(6, gp, 8, 0, ud2)
        gate_pf 13
        TWICE(6, gp, 14, 2, ud2)
        gate_good 13
        // Contributory, a page fault, and then the page fault's gate: #DF.
        gate_np 14
        TWICE(13, pf, 8, 0, hlt)
        gate_good 14
        DONE
//= [0xb000] 0
//= [0xb004] 0
