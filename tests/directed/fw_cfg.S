// fw_cfg on the board: signature and RAM size by its ports, a file found in the directory and read by DMA, and DMA that
// overwrites instructions that have been executed already.
#include "idt.inc"
#include "expect.inc"
        .code64
        .macro  choose key
        mov     $0x510, %edx
        mov     $\key, %eax
        out     %ax, %dx
        inc     %edx
        .endm
        // DMA by the control structure at 5000h: bytes of `key`, from `skip` on, to `addr`.
        .macro  dma control, length, addr
        movl    $\control, %eax
        bswap   %eax
        mov     %eax, 0x5000
        movl    $\length, %eax
        bswap   %eax
        mov     %eax, 0x5004
        movl    $0, 0x5008
        lea     \addr, %eax
        bswap   %eax
        mov     %eax, 0x500c
        mov     $0x514, %edx
        xor     %eax, %eax
        out     %eax, %dx
        mov     $0x518, %edx
        mov     $0x00500000, %eax
        out     %eax, %dx
        .endm
        setup_idt
        choose  0
        mov     $0x6000, %edi
        mov     $4, %ecx
        cld
        rep insb
        mov     0x6000, %eax
        EQUAL(%rax, 0x554d4551)
        choose  3
        mov     $0x6000, %edi
        mov     $8, %ecx
        rep insb
        EQUAL(0x6000, 0x1000000)        // 16 MiB
        mov     $0x514, %edx
        in      %dx, %eax
        EQUAL(%rax, 0x554d4551)

        // The directory: one file, etc/e820, of one entry.
        dma     0x19000a, 68, 0x6000
        mov     0x5000, %eax
        EQUAL(%rax, 0)
        mov     0x6000, %eax
        bswap   %eax
        EQUAL(%rax, 1)
        mov     0x6004, %eax
        bswap   %eax
        EQUAL(%rax, 20)
        movzwl  0x6008, %eax
        EQUAL(%rax, 0x2000)
        EQUAL(0x600c, 0x303238652f637465)
        dma     0x20000a, 20, 0x6000
        EQUAL(0x6000, 0)
        EQUAL(0x6008, 0x1000000)
        mov     0x6010, %eax
        EQUAL(%rax, 1)

        // The entry's 20 bytes over instructions that ran before: ADD %al,(%rax) and the like are not what stood there.
        call    victim
        EQUAL(%rcx, 7)
        dma     0x20000a, 1, victim+1(%rip)
        call    victim
        EQUAL(%rcx, 0)

        // Where there is no RAM.
        dma     0x20000a, 20, 0xc0000000
        mov     0x5000, %eax
        EQUAL(%rax, 0x01000000)
        DONE
        .balign 64
victim: mov     $7, %ecx
        ret
//= R14 0
