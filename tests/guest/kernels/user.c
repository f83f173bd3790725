// The user programs. They have nothing but their code, their own memory and system calls.
#include "layout.h"

int user_main(unsigned id, struct user_data *data);

static unsigned long call(unsigned long which, unsigned long first, unsigned long second)
{
    unsigned long result;
#ifdef __x86_64__
    __asm__ volatile("syscall" : "=a"(result) : "a"(which), "D"(first), "S"(second) : "rcx", "r11", "memory");
#else
    __asm__ volatile("int %1" : "=a"(result) : "i"(SYSTEM_CALL), "a"(which), "b"(first), "c"(second) : "memory");
#endif
    return result;
}

static void say(const char *text)
{
    unsigned long n = 0;
    while (text[n])
        n++;
    call(CALL_WRITE, (unsigned long)text, n);
}

static char *put_number(char *to, unsigned v)
{
    char digits[10];
    unsigned n = 0;
    do
        digits[n++] = (char)('0' + v % 10);
    while (v /= 10);
    while (n)
        *to++ = digits[--n];
    return to;
}

static void say_number(struct user_data *data, const char *before, unsigned v)
{
    char *to = data->text;
    while (*before)
        *to++ = *before++;
    to = put_number(to, v);
    *to++ = '\n';
    *to = 0;
    say(data->text);
}

// Counts timer ticks while the others compute.
static int counter(struct user_data *data)
{
    unsigned from = (unsigned)call(CALL_TICKS, 0, 0), spins = 0;
    while ((unsigned)call(CALL_TICKS, 0, 0) - from < 5)
        for (unsigned n = 0; n < 1000; n++)
            *(volatile unsigned *)&data->done = ++spins;
    say("counter: 5 ticks have passed\n");
    return 0;
}

static int sieve(struct user_data *data)
{
    unsigned primes = 0;
    for (unsigned n = 2; n < SIEVE_LIMIT; n++) {
        if (data->composite[n / 8] >> n % 8 & 1)
            continue;
        primes++;
        for (unsigned k = 2 * n; k < SIEVE_LIMIT; k += n)
            data->composite[k / 8] |= (unsigned char)(1 << k % 8);
    }
    say_number(data, "sieve: primes below 200000: ", primes);
    return primes == 17984 ? 0 : 1;
}

// Builds numbers as text, reverses and sums them.
static int strings(struct user_data *data)
{
    unsigned sum = 0;
    for (unsigned n = 0; n < 20000; n++) {
        char *from = data->text, *to = put_number(from, n * 7919);
        while (from < --to) {
            char c = *from;
            *from++ = *to;
            *to = c;
        }
        for (from = data->text; *from >= '0' && *from <= '9'; from++)
            sum = sum * 31 + (unsigned char)*from;
        if (n % 4000 == 0)
            call(CALL_YIELD, 0, 0);
    }
    say_number(data, "strings: sum ", sum);
    return 0;
}

int user_main(unsigned id, struct user_data *data)
{
    switch (id) {
    case 0:
        return *(volatile unsigned char *)0x100000; // the kernel's
    case 1:
        return counter(data);
    case 2:
        return sieve(data);
    default:
        return strings(data);
    }
}
