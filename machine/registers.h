// The processor's registers as text, in the shape of QEMU's `info registers`, for the monitor and for traces.
#ifndef MACHINE_REGISTERS_H
#define MACHINE_REGISTERS_H

#include "machine/pc.h"

#define REGISTERS_TEXT 6144u

// Writes them into `text`, each line with its newline; with the x87 and vector registers if `vectors`. The processor is
// between two blocks. Changes nothing that the guest can see.
void registers_text(struct machine *m, bool vectors, char text[REGISTERS_TEXT]);

#endif
