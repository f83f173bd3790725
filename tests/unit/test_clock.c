// Guest time: exact conversions between ticks, nanoseconds and counts, and the order of events.
#include "tests/unit/chip_rig.h"

static void test_one_to_one(void **state)
{
    (void)state;
    struct clock c;
    clock_init(&c);
    assert_int_equal(clock_ns(&c), 0);
    c.s.tick = 12345;
    assert_int_equal(clock_ns(&c), 12345);
    assert_int_equal(clock_tick_at(&c, 99999), 99999);
    assert_true(clock_tick_at(&c, CLOCK_NEVER) == CLOCK_NEVER);
    assert_true(clock_next_deadline(&c) == CLOCK_NEVER);
}

// tick_at() is the exact inverse: the first tick at which that nanosecond is reached.
static void test_tick_at_is_inverse(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (unsigned n = 0; n < 20000; n++) {
        struct clock c;
        clock_init(&c);
        c.s.tick = next_random(&seed);
        uint64_t num = 1 + (uint64_t)next_random(&seed), den = 1 + (uint64_t)next_random(&seed);
        clock_set_ratio(&c, n % 3 ? num >> next_random(&seed) % 32 | 1 : 1,
                        n % 5 ? den >> next_random(&seed) % 32 | 1 : 1);
        uint64_t ns = clock_ns(&c) + (next_random(&seed) >> next_random(&seed) % 32);
        uint64_t at = clock_tick_at(&c, ns), now = c.s.tick;
        assert_true(at >= now);
        c.s.tick = at;
        assert_true(clock_ns(&c) >= ns);
        if (at > now) {
            c.s.tick = at - 1;
            assert_true(clock_ns(&c) < ns);
        }
    }
}

static void test_ratio_changes_keep_time(void **state)
{
    (void)state;
    struct clock c;
    clock_init(&c);
    c.s.tick = 1000;
    clock_set_ratio(&c, 3, 2); // 1.5 ns a tick from here
    assert_int_equal(clock_ns(&c), 1000);
    assert_true(c.deadline_changed);
    c.s.tick = 1001;
    assert_int_equal(clock_ns(&c), 1001);
    c.s.tick = 1002;
    assert_int_equal(clock_ns(&c), 1003);
    assert_int_equal(clock_tick_at(&c, 1003), 1002);
    assert_int_equal(clock_tick_at(&c, 1004), 1003);
    clock_set_ratio(&c, 1, 1);
    c.s.tick = 1102;
    assert_int_equal(clock_ns(&c), 1103);
    assert_int_equal(clock_tick_at(&c, 5), 1002); // past: the tick at which the ratio began
}

static void test_far_future(void **state)
{
    (void)state;
    struct clock c;
    clock_init(&c);
    clock_set_ratio(&c, 1, (uint64_t)1 << 32);
    assert_true(clock_tick_at(&c, UINT64_MAX - 1) == CLOCK_NEVER); // beyond 2^64 ticks
    clock_set_ratio(&c, (uint64_t)1 << 32, 1);
    assert_int_equal(clock_tick_at(&c, UINT64_MAX - 1), (uint64_t)1 << 32);
}

static void test_counts(void **state)
{
    (void)state;
    struct clock c;
    clock_init(&c);
    assert_int_equal(clock_ns_of_count(1, 3579545), 280);
    assert_int_equal(clock_ns_of_count(3579545, 3579545), 1000000000);
    assert_true(clock_ns_of_count(UINT64_MAX, 1) == CLOCK_NEVER);
    uint64_t seed = 6;
    static const uint64_t rates[] = {1, 32768, 3579545, 14318180, 1000000000};
    for (unsigned n = 0; n < 10000; n++) {
        uint64_t hz = rates[n % ARRAY_LEN(rates)], count = next_random(&seed) >> next_random(&seed) % 32;
        uint64_t ns = clock_ns_of_count(count, hz);
        c.s.tick = ns;
        assert_int_equal(clock_count(&c, hz), count);
        if (ns) {
            c.s.tick = ns - 1;
            assert_int_equal(clock_count(&c, hz), count - 1);
        }
    }
    c.s.tick = (uint64_t)1 << 62; // 146 years
    assert_int_equal(clock_count(&c, 1000000000), (uint64_t)1 << 62);
}

struct log_of_events {
    struct event event[4];
    unsigned order[16], count;
    unsigned again; // times that event 0 arms itself again at once
};

static void fired(void *ctx, unsigned n)
{
    struct log_of_events *l = ctx;
    if (l->count < ARRAY_LEN(l->order))
        l->order[l->count] = n;
    l->count++;
    if (n == 0 && l->again) {
        l->again--;
        event_set(&l->event[0], 0);
    }
}

static void fire_0(void *ctx)
{
    fired(ctx, 0);
}
static void fire_1(void *ctx)
{
    fired(ctx, 1);
}
static void fire_2(void *ctx)
{
    fired(ctx, 2);
}
static void fire_3(void *ctx)
{
    fired(ctx, 3);
}

static void events_init(struct log_of_events *l, struct clock *c)
{
    static void (*const fire[4])(void *) = {fire_0, fire_1, fire_2, fire_3};
    *l = (struct log_of_events){0};
    clock_init(c);
    for (unsigned n = 0; n < 4; n++)
        event_init(&l->event[n], c, n, fire[n], l);
    c->deadline_changed = false;
}

static void test_order_of_events(void **state)
{
    (void)state;
    struct clock c;
    struct log_of_events l;
    events_init(&l, &c);
    event_set(&l.event[3], 100);
    event_set(&l.event[1], 100); // equal deadlines: the lower id first
    event_set(&l.event[2], 50);
    event_set(&l.event[0], 101);
    assert_int_equal(clock_next_deadline(&c), 50);
    c.s.tick = 49;
    assert_int_equal(clock_run_due(&c, 10), 0);
    c.s.tick = 100;
    assert_int_equal(clock_run_due(&c, 10), 3);
    assert_int_equal(l.order[0], 2);
    assert_int_equal(l.order[1], 1);
    assert_int_equal(l.order[2], 3);
    assert_int_equal(clock_next_deadline(&c), 101);
    event_cancel(&l.event[0]);
    event_cancel(&l.event[0]);
    assert_true(clock_next_deadline(&c) == CLOCK_NEVER);
    c.s.tick = 1000;
    assert_int_equal(clock_run_due(&c, 10), 0);
}

static void test_moving_events(void **state)
{
    (void)state;
    struct clock c;
    struct log_of_events l;
    events_init(&l, &c);
    event_set(&l.event[0], 100);
    assert_true(c.deadline_changed);
    c.deadline_changed = false;
    event_set(&l.event[1], 200);
    assert_false(c.deadline_changed); // the head stayed
    event_set(&l.event[0], 100);
    assert_false(c.deadline_changed);
    event_set(&l.event[0], 300); // the head moves back
    assert_true(c.deadline_changed);
    assert_int_equal(clock_next_deadline(&c), 200);
    c.deadline_changed = false;
    event_set(&l.event[0], 150);
    assert_true(c.deadline_changed);
    event_set(&l.event[1], CLOCK_NEVER);
    c.s.tick = 500;
    assert_int_equal(clock_run_due(&c, 10), 1);
    assert_int_equal(l.order[0], 0);
}

static void test_due_again_and_limit(void **state)
{
    (void)state;
    struct clock c;
    struct log_of_events l;
    events_init(&l, &c);
    l.again = 5;
    event_set(&l.event[0], 0); // in the past or now: fires at once, as often as it is armed
    event_set(&l.event[1], 0);
    assert_int_equal(clock_run_due(&c, 4), 4);
    assert_int_equal(l.order[3], 0);
    assert_int_equal(clock_run_due(&c, 100), 3);
    assert_int_equal(l.order[6], 1);
    assert_int_equal(c.fired, 7);
}

static void test_disarm(void **state)
{
    (void)state;
    struct clock c;
    struct log_of_events l;
    events_init(&l, &c);
    for (unsigned n = 0; n < 4; n++)
        event_set(&l.event[n], 10 - n);
    c.deadline_changed = false;
    clock_disarm(&c);
    assert_true(c.deadline_changed);
    assert_true(clock_next_deadline(&c) == CLOCK_NEVER);
    c.s.tick = 10;
    assert_int_equal(clock_run_due(&c, 10), 0);
    event_set(&l.event[2], 8); // the deadline that it had counts as new
    assert_int_equal(clock_run_due(&c, 10), 1);
    assert_int_equal(c.fired, 1);
}

static void test_random_queue(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (unsigned round = 0; round < 2000; round++) {
        struct clock c;
        struct log_of_events l;
        events_init(&l, &c);
        uint64_t deadline[4] = {CLOCK_NEVER, CLOCK_NEVER, CLOCK_NEVER, CLOCK_NEVER};
        for (unsigned step = 0; step < 20; step++) {
            unsigned n = next_random(&seed) % 4;
            deadline[n] = next_random(&seed) % 8 ? 1 + next_random(&seed) % 10 : CLOCK_NEVER;
            event_set(&l.event[n], deadline[n]);
            uint64_t first = CLOCK_NEVER;
            for (unsigned i = 0; i < 4; i++)
                first = deadline[i] < first ? deadline[i] : first;
            assert_true(clock_next_deadline(&c) == first);
        }
        c.s.tick = 10;
        unsigned count = clock_run_due(&c, 100);
        assert_int_equal(count, l.count);
        for (unsigned n = 1; n < count; n++) {
            unsigned a = l.order[n - 1], b = l.order[n];
            assert_true(deadline[a] < deadline[b] || (deadline[a] == deadline[b] && a < b));
        }
    }
}

static void test_save_and_load(void **state)
{
    (void)state;
    struct clock a, b;
    uint8_t packed[64];
    clock_init(&a);
    clock_init(&b);
    a.s.tick = 77777;
    clock_set_ratio(&a, 5, 3);
    a.s.tick = 88888;
    assert_true(state_size(clock_state_fields) <= sizeof packed);
    state_save(clock_state_fields, &a.s, packed);
    state_load(clock_state_fields, &b.s, packed);
    assert_int_equal(clock_ns(&b), clock_ns(&a));
    assert_int_equal(clock_ns(&b), 77777 + (88888 - 77777) * 5 / 3);
    assert_int_equal(clock_tick_at(&b, 1000000), clock_tick_at(&a, 1000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_to_one),
        cmocka_unit_test(test_tick_at_is_inverse),
        cmocka_unit_test(test_ratio_changes_keep_time),
        cmocka_unit_test(test_far_future),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_order_of_events),
        cmocka_unit_test(test_moving_events),
        cmocka_unit_test(test_due_again_and_limit),
        cmocka_unit_test(test_disarm),
        cmocka_unit_test(test_random_queue),
        cmocka_unit_test(test_save_and_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
