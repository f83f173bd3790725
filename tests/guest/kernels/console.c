// COM1 (16550A at 3F8h, polled) and what freestanding C needs of a library.
#include "kernel.h"

enum { COM1 = 0x3f8, LSR = COM1 + 5, LSR_DR = 1, LSR_THRE = 0x20 };

void serial_init(void)
{
    outb(COM1 + 1, 0);
    outb(COM1 + 3, 0x80);
    outb(COM1, 1); // 115200 bits a second
    outb(COM1 + 1, 0);
    outb(COM1 + 3, 3);    // 8 bits, no parity
    outb(COM1 + 2, 0x07); // FIFO on and empty
    outb(COM1 + 4, 0x0b); // DTR, RTS, OUT2
}

void putch(char c)
{
    if (c == '\n')
        putch('\r');
    while (!(inb(LSR) & LSR_THRE))
        ;
    outb(COM1, (uint8_t)c);
}

static void print_number(uintptr_t v, unsigned base)
{
    char digits[20];
    unsigned n = 0;
    do
        digits[n++] = "0123456789abcdef"[v % base];
    while (v /= base);
    while (n)
        putch(digits[--n]);
}

void print(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    for (; *fmt; fmt++) {
        if (*fmt != '%') {
            putch(*fmt);
            continue;
        }
        bool wide = fmt[1] == 'l';
        fmt += wide ? 2 : 1;
        if (*fmt == 's') {
            for (const char *text = va_arg(ap, const char *); *text; text++)
                putch(*text);
        } else if (*fmt == 'c') {
            putch((char)va_arg(ap, int));
        } else {
            print_number(wide ? va_arg(ap, unsigned long) : va_arg(ap, unsigned), *fmt == 'u' ? 10 : 16);
        }
    }
    va_end(ap);
}

bool starts_with(const char *text, const char *word)
{
    while (*word)
        if (*text++ != *word++)
            return false;
    return true;
}

void *memset(void *to, int value, size_t n)
{
    for (unsigned char *p = to; n; n--)
        *p++ = (unsigned char)value;
    return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
    const unsigned char *q = from;
    for (unsigned char *p = to; n; n--)
        *p++ = *q++;
    return to;
}
