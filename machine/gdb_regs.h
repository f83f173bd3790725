// The processor's registers as gdb numbers them, and the target description that says so. There are two sets: of i386,
// and of x86-64.
#ifndef MACHINE_GDB_REGS_H
#define MACHINE_GDB_REGS_H

#include "machine/control.h"

#define GDB_REGISTER_MAX 16u // bytes

// How many registers the set has, and how many of them, the first ones, make up packet g: those that gdb knows without
// a description, but MXCSR. So packet g ends within a register of the other set, and gdb, should it expect that one,
// says so instead of showing wrong values.
unsigned gdb_register_count(bool wide);
unsigned gdb_register_standard(bool wide);

// Size of register n in bytes. Here and below the number is valid.
unsigned gdb_register_size(bool wide, unsigned n);
// Register n as its bytes go over the wire; how many.
unsigned gdb_register_read(struct control *c, bool wide, unsigned n, uint8_t out[GDB_REGISTER_MAX]);
// Changes it in `s`, which was control_cpu()'s. False: it cannot be given that value.
bool gdb_register_write(struct control *c, struct cpu_state *s, bool wide, unsigned n, const uint8_t *in);

// The set that fits what the machine is about to run: what is running if paging says it, or else what the kernel is
// for.
bool gdb_wide(struct control *c);

// target.xml for a set: its length without the NUL; at most `size` bytes of it go to `out`.
#define GDB_DESCRIPTION_MAX 16384u
size_t gdb_description(bool wide, char *out, size_t size);

#endif
