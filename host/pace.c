// A guest that computes should see as much time pass as there is on the wall: a tick then stands for as many
// nanoseconds as it takes here. That speed is measured and smoothed; what is left of a difference is steered away
// within a fraction of a second. A guest that sleeps needs no steering: its time is moved on to the wall's.
#include "host/pace.h"

#define MEASURE_NS 5000000u // of executing, for one measurement
#define STEER_NS   50000000 // a difference of this much changes the ratio by half
#define DEAD_BAND  32u      // changes below 1/32 are not worth an entry in the journal
#define SMOOTHING  4u       // weight of old measurements to one new

void pace_start(struct pace *p, uint64_t wall, uint64_t guest, uint64_t ratio)
{
    *p = (struct pace){.wall_base = wall, .guest_base = guest, .ratio = ratio};
}

uint64_t pace_guest_at(const struct pace *p, uint64_t wall)
{
    return p->guest_base + (wall - p->wall_base);
}

uint64_t pace_ahead(struct pace *p, uint64_t wall, uint64_t guest)
{
    uint64_t due = pace_guest_at(p, wall);
    if (guest < due && due - guest > PACE_BEHIND_MAX) {
        p->wall_base = wall;
        p->guest_base = guest;
    }
    return guest > due + PACE_AHEAD_MAX ? guest - due - PACE_AHEAD_MAX : 0;
}

static uint64_t clamp(uint64_t v, uint64_t low, uint64_t high)
{
    return v < low ? low : v > high ? high : v;
}

uint64_t pace_measure(struct pace *p, uint64_t ticks, uint64_t spent, uint64_t wall, uint64_t guest)
{
    p->busy_ticks += ticks;
    p->busy_wall += spent;
    if (p->busy_wall < MEASURE_NS || p->busy_ticks == 0)
        return 0;
    uint64_t now = clamp(mul_div_u64(p->busy_wall, 1 << 20, p->busy_ticks), 1, PACE_RATIO_MAX);
    p->speed = p->speed ? (p->speed * SMOOTHING + now) / (SMOOTHING + 1) : now;
    p->busy_ticks = p->busy_wall = 0;
    // In 1/64: 32 when the guest is well ahead to 128 when it is well behind.
    uint64_t due = pace_guest_at(p, wall);
    uint64_t off = due > guest ? due - guest : guest - due;
    off = off < STEER_NS ? off : STEER_NS;
    uint64_t factor = due > guest ? 64 + 64 * off / STEER_NS : 64 - 32 * off / STEER_NS;
    uint64_t ratio = clamp(p->speed * factor / 64, PACE_RATIO_MIN, PACE_RATIO_MAX);
    uint64_t change = ratio > p->ratio ? ratio - p->ratio : p->ratio - ratio;
    if (change < p->ratio / DEAD_BAND)
        return 0;
    return p->ratio = ratio;
}
