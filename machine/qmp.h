// QMP: commands and events as JSON, for programs. A pure end of machine/control.h: bytes in, bytes out.
#ifndef MACHINE_QMP_H
#define MACHINE_QMP_H

#include "machine/control.h"

struct qmp;

// `out` is copied. NULL: out of memory, or the control has no place for a listener.
struct qmp *qmp_create(struct control *c, const struct char_backend *out);
void qmp_destroy(struct qmp *q);
void qmp_opened(struct qmp *q);
void qmp_input(struct qmp *q, const uint8_t *bytes, size_t n);
void qmp_closed(struct qmp *q);

#endif
