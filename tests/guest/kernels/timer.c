// Interrupts of the chips: 8259A pair at vectors 20h to 2Fh, 8254 channel 0, keyboard.
#include "kernel.h"

enum { PIC1 = 0x20, PIC2 = 0xa0, EOI = 0x20, PIT = 0x40, PIT_HZ = 1193182, KEYBOARD = 0x60, STATUS = 0x64 };

volatile unsigned ticks, keys;

void timer_init(unsigned hz)
{
    outb(PIC1, 0x11); // edge triggered, two of them, ICW4 follows
    outb(PIC1 + 1, 0x20);
    outb(PIC1 + 1, 4);
    outb(PIC1 + 1, 1);
    outb(PIC2, 0x11);
    outb(PIC2 + 1, 0x28);
    outb(PIC2 + 1, 2);
    outb(PIC2 + 1, 1);
    outb(PIC1 + 1, 0xe8); // timer, keyboard, second chip, COM1
    outb(PIC2 + 1, 0xff);
    unsigned divisor = PIT_HZ / (hz ? hz : 1);
    divisor = divisor > 0xffff ? 0xffff : divisor;
    outb(PIT + 3, 0x34); // channel 0, both bytes, rate generator
    outb(PIT, (uint8_t)divisor);
    outb(PIT, (uint8_t)(divisor >> 8));
}

void irq(unsigned n)
{
    if (n == 0)
        ticks++;
    if (n == 1 && inb(STATUS) & 1) {
        keys++;
        print("key %x\n", inb(KEYBOARD));
    }
    if (n >= 8)
        outb(PIC2, EOI);
    outb(PIC1, EOI);
}
