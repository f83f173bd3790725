//@ mode protected32
// The I/O permission map (SDM vol. 1, 19.5.2): IOPL against CPL, ports over byte boundaries, the map's end against the TSS's
// limit, a 16-bit TSS, strings.
#include "pm32.inc"
#include "check32.inc"
        .macro  new_tss limit, attr=0x89, base=0x5000
        set_desc 0x48, \base, \limit, \attr
        mov     $0x48, %eax
        ltr     %ax
        .endm
        // In ring n with IOPL.
        .macro  iopl_case line, n, iopl, vector, code:vararg
        movl    $log, log_ptr
        movl    $.Lgo_\@, resume
        movl    $.Lat_\@, start
        push    $(16 + 17 * \n)
        push    $0x60000
        push    $(2 | \iopl << 12)
        push    $(8 + 17 * \n)
        push    $.Lat_\@
        iret
.Lat_\@: \code
        int     $0x30
.Lgo_\@: expect_record \line, \vector, 0
        .endm
        setup_pm32
        new_tss 0x67
        .irp    iopl, 0, 1, 2, 3
        .irp    n, 0, 1, 2, 3
        .if     \n <= \iopl
        .set    v, 0xff
        .else
        .set    v, 13
        .endif
        iopl_case (0x1000 + \iopl * 16 + \n), \n, \iopl, v, in $0x80, %al
        iopl_case (0x2000 + \iopl * 16 + \n), \n, \iopl, v, cli
        iopl_case (0x3000 + \iopl * 16 + \n), \n, \iopl, v, sti
        iopl_case (0x4000 + \iopl * 16 + \n), \n, \iopl, v, out %eax, $0x80
        .endr
        .endr
#define IN(vector, port, reg)   mov $port, %edx; iopl_case __LINE__, 3, 0, vector, in %dx, %reg
        // The map at 200h of the TSS, all set but some.
        movw    $0x200, 0x5066
        mov     $0x5200, %edi
        mov     $-1, %eax
        mov     $0x200, %ecx
        rep stosl
        new_tss 0x600
        movb    $0x7f, 0x520f           // 7F
        movb    $0xf8, 0x5210           // 80, 81, 82
        IN(13, 0x7e, al)
        IN(0xff, 0x7f, al)
        IN(0xff, 0x80, al)
        IN(0xff, 0x82, al)
        IN(13, 0x83, al)
        IN(13, 0x7e, ax)
        IN(0xff, 0x7f, ax)
        IN(0xff, 0x7f, eax)
        IN(13, 0x80, eax)
        IN(0xff, 0x81, ax)
        IN(13, 0x82, ax)
        IN(13, 0x7d, eax)
        mov     $0x80, %edx
        mov     $2, %ecx
        iopl_case __LINE__, 3, 0, 13, outsb     // allowed, but DS is null: #GP
        mov     $0x83, %edx
        iopl_case __LINE__, 3, 0, 13, rep outsb %ss:(%esi), %dx
        EQUAL(%ecx, 2)
        mov     $0x82, %edx
        mov     $0x60000, %esi
        iopl_case __LINE__, 3, 0, 0xff, rep outsb %ss:(%esi), %dx
        EQUAL(%ecx, 0)
        // The map's end: two bytes are read, so the one behind must be there.
        movb    $0, 0x5220              // 100 to 107
        new_tss 0x221
        IN(0xff, 0x100, al)
        IN(0xff, 0x107, al)
        new_tss 0x220
        IN(13, 0x100, al)
        IN(13, 0x108, al)
        new_tss 0x21f
        IN(13, 0x100, al)
        // The last port.
        movl    $0, 0x5200 + 0x1ffc
        movl    $0, 0x5200 + 0x2000
        new_tss 0x2200
        IN(0xff, 0xffff, al)
        new_tss 0x21ff
        IN(13, 0xffff, al)
        IN(13, 0xfff8, al)
        // No map: its offset is beyond the limit; a TSS that ends before the offset itself.
        movw    $0xffff, 0x5066
        new_tss 0x2200
        IN(13, 0x80, al)
        movw    $0x200, 0x5066
        new_tss 0x66
        IN(13, 0x80, al)
        // A 16-bit TSS has none.
        movw    $0xfff0, 0x8802         // SP0, SS0
        movw    $0x10, 0x8804
        movw    $0x200, 0x8866
        new_tss 0x5ff, 0x81, 0x8800
        IN(13, 0x80, al)
        DONE
//= [0xb000] 0
//= [0xb004] 0
