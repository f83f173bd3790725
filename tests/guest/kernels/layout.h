// Numbers that C, assembly and user programs share.
#ifndef LAYOUT_H
#define LAYOUT_H

#define KERNEL_CS 0x08
#define KERNEL_DS 0x10
#define USER_DS   0x1b // before the code segment, as SYSRET wants it
#define USER_CS   0x23
#define TSS_SEL   0x28

#define SYSTEM_CALL 0x80 // vector
#define CALL_EXIT   0
#define CALL_WRITE  1 // address, bytes
#define CALL_YIELD  2
#define CALL_TICKS  3

#ifdef __x86_64__
#define USER_BASE 0x8000000000 // where a program's own memory is
#else
#define USER_BASE 0x40000000
#endif
#define USER_PAGES 16 // the last one is the stack

#ifndef __ASSEMBLER__
#define SIEVE_LIMIT 200000u
struct user_data {
    unsigned char composite[SIEVE_LIMIT / 8];
    char text[256];
    unsigned done;
};
#endif

#endif
