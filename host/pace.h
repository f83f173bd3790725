// Live time: how guest time follows the clock on the wall. Pure: wall time comes as an argument. All times in ns.
#ifndef HOST_PACE_H
#define HOST_PACE_H

#include "core/types.h"

#define PACE_RATIO_MIN  ((uint64_t)1 << 20) // one guest ns a tick
#define PACE_RATIO_MAX  ((uint64_t)1 << 30) // 1024
#define PACE_AHEAD_MAX  2000000u            // guest time runs ahead by no more than this and one slice
#define PACE_BEHIND_MAX 1000000000u         // what is lost beyond this is not caught up with

struct pace {
    uint64_t wall_base, guest_base; // the same moment
    uint64_t busy_wall, busy_ticks; // since the last measurement
    uint64_t ratio;                 // guest ns per 2^20 ticks in force
    uint64_t speed;                 // wall ns per 2^20 ticks, smoothed; 0: not known yet
};

// From here on guest time `guest` is wall time `wall`.
void pace_start(struct pace *p, uint64_t wall, uint64_t guest, uint64_t ratio);

// The guest time that belongs to wall time `wall`.
uint64_t pace_guest_at(const struct pace *p, uint64_t wall);

// How long to wait before going on, 0 if the guest is not ahead. Far behind, it starts anew.
uint64_t pace_ahead(struct pace *p, uint64_t wall, uint64_t guest);

// `ticks` were executed in `spent` ns of wall time. The ratio that should be in force now, 0 for no change.
uint64_t pace_measure(struct pace *p, uint64_t ticks, uint64_t spent, uint64_t wall, uint64_t guest);

#endif
