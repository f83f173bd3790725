// What this process offers to monitor, traces and QMP (machine/outside.h): names, files, the list of character devices.
#ifndef HOST_OUTSIDE_H
#define HOST_OUTSIDE_H

#include "host/connect.h"
#include "machine/outside.h"

#include <stdio.h>

struct host_outside {
    struct outside api;
    const struct connections *connections;
    FILE **log; // where the machine's log goes; replaced by the command `logfile`
};

// `log` belongs to the caller, who closes what is there in the end.
void host_outside_init(struct host_outside *h, const struct options *o, const struct connections *c, FILE **log);

#endif
