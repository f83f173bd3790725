// What every guest program of the bench stands on: system calls, memory, printing, the start.
// There is no libc, so that the same compiler gives the same instructions everywhere, and no string
// function chooses its code by CPUID.
//
// A program defines `u64 bench(void)`, which returns a checksum; the start prints it in hex and exits.
// tools/bench knows the right one.
#ifndef BENCH_GUEST_H
#define BENCH_GUEST_H

#include <asm/unistd.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define NOINLINE __attribute__((noinline, noclone))

static inline long sys(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long sys0(long n)
{
    return sys(n, 0, 0, 0, 0, 0, 0);
}
static inline long sys1(long n, long a)
{
    return sys(n, a, 0, 0, 0, 0, 0);
}
static inline long sys2(long n, long a, long b)
{
    return sys(n, a, b, 0, 0, 0, 0);
}
static inline long sys3(long n, long a, long b, long c)
{
    return sys(n, a, b, c, 0, 0, 0);
}

static inline _Noreturn void quit(int status)
{
    for (;;)
        sys1(__NR_exit_group, status);
}

// Private anonymous memory of that many bytes; ends the program if there is none.
static inline void *map_pages(size_t bytes)
{
    long at = sys(__NR_mmap, 0, (long)bytes, 3, 0x22, -1, 0);
    if (at < 0 && at > -4096)
        quit(3);
    return (void *)at;
}

static inline void unmap_pages(void *at, size_t bytes)
{
    if (sys2(__NR_munmap, (long)at, (long)bytes) != 0)
        quit(3);
}

// Marsaglia's xorshift64, shifts 13, 7, 17. The state is never zero.
static inline u64 xorshift(u64 *state)
{
    u64 x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

// One step of FNV-1a over a 64-bit word: enough to notice a wrong result.
static inline u64 mix(u64 sum, u64 word)
{
    return (sum ^ word) * 0x100000001b3u;
}

#define MIX_BEGIN 0xcbf29ce484222325u

static inline size_t length(const char *text)
{
    size_t n = 0;
    while (text[n])
        n++;
    return n;
}

// Writes `value` in hex, 16 digits, at `out`.
static inline void put_hex(char *out, u64 value)
{
    for (int i = 15; i >= 0; i--, value >>= 4)
        out[i] = "0123456789abcdef"[value & 15];
}

#endif
