// The 8259A pair against its data sheet: initialization, priorities, ends of interrupt, modes, cascade, ELCR.
#include "tests/unit/chip_rig.h"

#include "devices/pic_8259a.h"

struct rig {
    struct pic_8259a pic;
    struct probe intr;
};

enum { MASTER, SLAVE };

static void command(struct rig *r, unsigned which, uint8_t v)
{
    out(which ? &pic_8259a_slave_io : &pic_8259a_master_io, &r->pic, 0, v);
}

static void mask(struct rig *r, unsigned which, uint8_t v)
{
    out(which ? &pic_8259a_slave_io : &pic_8259a_master_io, &r->pic, 1, v);
}

static uint8_t read_even(struct rig *r, unsigned which)
{
    return in(which ? &pic_8259a_slave_io : &pic_8259a_master_io, &r->pic, 0);
}

static uint8_t irr(struct rig *r, unsigned which)
{
    command(r, which, 0x0a);
    return read_even(r, which);
}

static uint8_t isr(struct rig *r, unsigned which)
{
    command(r, which, 0x0b);
    return read_even(r, which);
}

static void pin(struct rig *r, unsigned n, bool level)
{
    pic_8259a_set(&r->pic, n, level);
}

static void edge(struct rig *r, unsigned n)
{
    pin(r, n, false);
    pin(r, n, true);
}

static uint8_t ack(struct rig *r)
{
    return pic_8259a_acknowledge(&r->pic);
}

// As a PC does it: vectors 20h and 28h, slave on IR2.
static void setup(struct rig *r, uint8_t icw4_master, uint8_t icw4_slave)
{
    *r = (struct rig){0};
    pic_8259a_init(&r->pic);
    r->pic.intr = probe_line(&r->intr);
    command(r, MASTER, 0x11);
    mask(r, MASTER, 0x20);
    mask(r, MASTER, 0x04);
    mask(r, MASTER, icw4_master);
    command(r, SLAVE, 0x11);
    mask(r, SLAVE, 0x28);
    mask(r, SLAVE, 0x02);
    mask(r, SLAVE, icw4_slave);
}

static void test_nothing_before_initialization(void **state)
{
    (void)state;
    struct rig r = {0};
    pic_8259a_init(&r.pic);
    r.pic.intr = probe_line(&r.intr);
    pin(&r, 0, true);
    assert_false(r.intr.level);
    command(&r, MASTER, 0x11); // resets the edge sense circuit and IMR
    mask(&r, MASTER, 0x30);
    pin(&r, 1, true);
    assert_false(r.intr.level); // two words are missing
    mask(&r, MASTER, 0x04);
    mask(&r, MASTER, 0x01);
    assert_true(r.intr.level);
    assert_int_equal(irr(&r, MASTER), 0x02); // IR0 was high all the time: no edge
    assert_int_equal(ack(&r), 0x31);
}

static void test_icw_sequences(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 1, 1);
    command(&r, MASTER, 0x12); // single, no ICW4
    mask(&r, MASTER, 0x47);    // low bits do not count
    mask(&r, MASTER, 0xf0);    // OCW1 already
    assert_int_equal(in(&pic_8259a_master_io, &r.pic, 1), 0xf0);
    pin(&r, 2, true); // the cascade is no input of the pair
    assert_int_equal(irr(&r, MASTER), 0);
    pin(&r, 3, true);
    assert_int_equal(ack(&r), 0x43);
    command(&r, MASTER, 0x10); // cascade, no ICW4
    mask(&r, MASTER, 0x50);
    mask(&r, MASTER, 0x04);
    mask(&r, MASTER, 0xaa);
    assert_int_equal(in(&pic_8259a_master_io, &r.pic, 1), 0xaa);
    assert_int_equal(isr(&r, MASTER), 0);
}

static void test_fully_nested(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 1, 1);
    edge(&r, 4);
    assert_true(r.intr.level);
    assert_int_equal(ack(&r), 0x24);
    assert_false(r.intr.level);
    assert_int_equal(isr(&r, MASTER), 0x10);
    assert_int_equal(irr(&r, MASTER), 0); // taken, though the pin is high
    edge(&r, 5);
    edge(&r, 4);
    assert_false(r.intr.level);
    assert_int_equal(irr(&r, MASTER), 0x30);
    edge(&r, 1);
    assert_true(r.intr.level);
    assert_int_equal(ack(&r), 0x21);
    assert_int_equal(isr(&r, MASTER), 0x12);
    command(&r, MASTER, 0x20); // EOI ends the highest, level 1
    assert_int_equal(isr(&r, MASTER), 0x10);
    assert_false(r.intr.level);
    command(&r, MASTER, 0x64); // specific EOI of level 4
    assert_true(r.intr.level);
    assert_int_equal(ack(&r), 0x24);
    command(&r, MASTER, 0x20);
    assert_int_equal(ack(&r), 0x25);
    command(&r, MASTER, 0x20);
    assert_int_equal(isr(&r, MASTER), 0);
    command(&r, MASTER, 0x20); // nothing to end
    assert_int_equal(isr(&r, MASTER), 0);
}

static void test_masks(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 1, 1);
    mask(&r, MASTER, 0x08);
    edge(&r, 3);
    assert_false(r.intr.level);
    assert_int_equal(irr(&r, MASTER), 0x08); // IRR does not know the mask
    mask(&r, MASTER, 0);
    assert_true(r.intr.level);
    mask(&r, MASTER, 0xff);
    assert_false(r.intr.level);
    // A slave's masked request withdraws the master's, too.
    mask(&r, MASTER, 0);
    pin(&r, 3, false);
    edge(&r, 9);
    assert_true(r.intr.level);
    mask(&r, SLAVE, 0x02);
    assert_false(r.intr.level);
    assert_int_equal(irr(&r, MASTER), 0);
}

static void test_edge_must_stay(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 1, 1);
    edge(&r, 3);
    pin(&r, 3, false);
    assert_int_equal(irr(&r, MASTER), 0);
    assert_false(r.intr.level);
    assert_int_equal(ack(&r), 0x27); // spurious: the default level 7
    assert_int_equal(isr(&r, MASTER), 0);
    // Repeating a level is no edge.
    pin(&r, 3, true);
    assert_int_equal(ack(&r), 0x23);
    command(&r, MASTER, 0x20);
    pin(&r, 3, true);
    assert_false(r.intr.level);
    // A real level 7 is in service, a spurious one is not: that is how handlers tell them apart.
    edge(&r, 7);
    assert_int_equal(ack(&r), 0x27);
    assert_int_equal(isr(&r, MASTER), 0x80);
}

static void test_spurious_15(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 1, 1);
    edge(&r, 10);
    edge(&r, 9);
    assert_int_equal(ack(&r), 0x29);
    command(&r, MASTER, 0x20);
    assert_int_equal(isr(&r, SLAVE), 0x02);
    // The master has a request of the slave that the slave does not know any more.
    r.pic.s.chip[MASTER].pins |= 0x04;
    r.pic.s.chip[MASTER].edge |= 0x04;
    assert_int_equal(ack(&r), 0x2f);
    assert_int_equal(isr(&r, SLAVE), 0x02);  // 15 is not in service,
    assert_int_equal(isr(&r, MASTER), 0x04); // but the cascade is
}

static void test_cascade(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 1, 1);
    edge(&r, 12);
    edge(&r, 14);
    edge(&r, 3);
    assert_int_equal(ack(&r), 0x2c); // IR2's rank is above IR3's
    assert_int_equal(isr(&r, MASTER), 0x04);
    assert_int_equal(isr(&r, SLAVE), 0x10);
    assert_false(r.intr.level); // 14 and 3 wait
    edge(&r, 8);
    assert_int_equal(irr(&r, MASTER), 0x0c);
    assert_false(r.intr.level); // not even a higher one of the same slave: IR2 is in service
    command(&r, SLAVE, 0x20);
    assert_false(r.intr.level);
    command(&r, MASTER, 0x20);
    assert_true(r.intr.level);
    assert_int_equal(ack(&r), 0x28);
    command(&r, SLAVE, 0x20);
    command(&r, MASTER, 0x20);
    assert_int_equal(ack(&r), 0x2e);
    command(&r, SLAVE, 0x20);
    command(&r, MASTER, 0x20);
    assert_int_equal(ack(&r), 0x23);
}

static void test_slave_identity(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 1, 1);
    command(&r, SLAVE, 0x11);
    mask(&r, SLAVE, 0x28);
    mask(&r, SLAVE, 0x05); // answers as slave 5
    mask(&r, SLAVE, 0x01);
    edge(&r, 8);
    assert_true(r.intr.level);
    assert_int_equal(ack(&r), 0xff); // nobody drives the bus
    assert_int_equal(isr(&r, SLAVE), 0);
}

static void test_special_fully_nested(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0x11, 1);
    edge(&r, 12);
    assert_int_equal(ack(&r), 0x2c);
    edge(&r, 13);
    edge(&r, 3);
    assert_false(r.intr.level); // lower than both
    edge(&r, 8);
    assert_true(r.intr.level); // the slave is not locked out
    assert_int_equal(ack(&r), 0x28);
    assert_int_equal(isr(&r, SLAVE), 0x11);
    command(&r, SLAVE, 0x20);
    assert_int_equal(isr(&r, SLAVE), 0x10);
}

static void test_automatic_eoi(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0x03, 1);
    edge(&r, 4);
    edge(&r, 6);
    assert_int_equal(ack(&r), 0x24);
    assert_int_equal(isr(&r, MASTER), 0);
    assert_true(r.intr.level);
    assert_int_equal(ack(&r), 0x26);
    // Rotation in automatic EOI mode: the one served becomes the lowest.
    command(&r, MASTER, 0x80);
    edge(&r, 0);
    edge(&r, 1);
    assert_int_equal(ack(&r), 0x20);
    edge(&r, 0);
    assert_int_equal(ack(&r), 0x21);
    edge(&r, 1);
    assert_int_equal(ack(&r), 0x20); // 1 is lowest now
    command(&r, MASTER, 0x00);
    assert_int_equal(r.pic.s.chip[MASTER].lowest, 0);
    assert_int_equal(ack(&r), 0x21);
    assert_int_equal(r.pic.s.chip[MASTER].lowest, 0);
}

static void test_rotation(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 1, 1);
    command(&r, MASTER, 0xc4); // set priority: 4 lowest, 5 highest
    edge(&r, 4);
    edge(&r, 0);
    edge(&r, 6);
    assert_int_equal(ack(&r), 0x26);
    command(&r, MASTER, 0xa0); // rotate on non-specific EOI: 6 lowest
    assert_int_equal(r.pic.s.chip[MASTER].lowest, 6);
    assert_int_equal(ack(&r), 0x20);
    command(&r, MASTER, 0xe0); // rotate on specific EOI of 0
    assert_int_equal(isr(&r, MASTER), 0);
    assert_int_equal(r.pic.s.chip[MASTER].lowest, 0);
    assert_int_equal(ack(&r), 0x24);
    edge(&r, 0);
    assert_false(r.intr.level); // 0 is below 4 now
    edge(&r, 1);
    assert_true(r.intr.level); // and 1 the highest
    command(&r, MASTER, 0x40); // no operation
    assert_int_equal(isr(&r, MASTER), 0x10);
}

static void test_special_mask(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 1, 1);
    edge(&r, 3);
    assert_int_equal(ack(&r), 0x23);
    edge(&r, 5);
    assert_false(r.intr.level);
    mask(&r, MASTER, 0x08);
    command(&r, MASTER, 0x68); // ESMM and SMM
    assert_true(r.intr.level);
    assert_int_equal(ack(&r), 0x25);
    command(&r, MASTER, 0x20); // does not clear the masked level 3
    assert_int_equal(isr(&r, MASTER), 0x08);
    command(&r, MASTER, 0x20);
    assert_int_equal(isr(&r, MASTER), 0x08);
    command(&r, MASTER, 0x08); // without ESMM nothing changes
    assert_int_equal(r.pic.s.chip[MASTER].smm, 1);
    command(&r, MASTER, 0x48);
    assert_int_equal(r.pic.s.chip[MASTER].smm, 0);
    command(&r, MASTER, 0x20);
    assert_int_equal(isr(&r, MASTER), 0);
}

static void test_poll(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 1, 1);
    command(&r, MASTER, 0x0c);
    assert_int_equal(read_even(&r, MASTER), 0); // nothing
    edge(&r, 11);
    command(&r, MASTER, 0x0c);
    assert_int_equal(read_even(&r, MASTER), 0x82);
    assert_false(r.intr.level);
    assert_int_equal(isr(&r, MASTER), 0x04);
    command(&r, SLAVE, 0x0c);
    assert_int_equal(in(&pic_8259a_slave_io, &r.pic, 1), 0x83); // the next read at either address
    assert_int_equal(in(&pic_8259a_slave_io, &r.pic, 1), 0x00); // and only that one
    assert_int_equal(isr(&r, SLAVE), 0x08);
}

static void test_elcr(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 1, 1);
    out(&pic_8259a_elcr_io, &r.pic, 0, 0xff);
    out(&pic_8259a_elcr_io, &r.pic, 1, 0xff);
    assert_int_equal(in(&pic_8259a_elcr_io, &r.pic, 0), 0xf8);
    assert_int_equal(in(&pic_8259a_elcr_io, &r.pic, 1), 0xde);
    pin(&r, 5, true);
    assert_int_equal(ack(&r), 0x25);
    assert_int_equal(irr(&r, MASTER), 0x20);
    command(&r, MASTER, 0x20);
    assert_true(r.intr.level); // still high: again
    pin(&r, 5, false);
    assert_false(r.intr.level);
    pin(&r, 11, true);
    assert_int_equal(ack(&r), 0x2b);
    command(&r, SLAVE, 0x20);
    command(&r, MASTER, 0x20);
    assert_true(r.intr.level);
    // Back to edges: a high pin is not one.
    out(&pic_8259a_elcr_io, &r.pic, 1, 0);
    assert_false(r.intr.level);
    assert_int_equal(irr(&r, SLAVE), 0);
}

static void test_int_falls_with_acknowledge(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0x03, 0x03);
    edge(&r, 1);
    edge(&r, 3);
    edge(&r, 9);
    edge(&r, 13);
    assert_int_equal(r.intr.rises, 1);
    assert_int_equal(ack(&r), 0x21);
    assert_int_equal(ack(&r), 0x29);
    assert_int_equal(ack(&r), 0x2d); // the slave's next request was a new edge on IR2
    assert_int_equal(ack(&r), 0x23);
    assert_int_equal(r.intr.rises, 4);
    assert_int_equal(r.intr.falls, 4);
}

// Random programming and inputs: a copy made in the middle goes on exactly as the original, and loading is no edge.
static void test_save_and_load(void **state)
{
    (void)state;
    static const struct io_ops *const ops[3] = {&pic_8259a_master_io, &pic_8259a_slave_io, &pic_8259a_elcr_io};
    uint64_t seed = 8259;
    for (unsigned round = 0; round < 200; round++) {
        struct rig r[2];
        setup(&r[0], next_random(&seed) & 0x13, next_random(&seed) & 0x13);
        pic_8259a_init(&r[1].pic);
        unsigned copies = 1;
        for (unsigned step = 0; step < 300; step++) {
            if (step == 100) {
                unsigned rises = r[0].intr.rises;
                r[1].intr = r[0].intr;
                r[1].pic.intr = probe_line(&r[1].intr);
                transfer(&pic_8259a_class, &r[0].pic, &r[1].pic);
                assert_int_equal(r[1].intr.rises, rises);
                copies = 2;
            }
            uint32_t random = next_random(&seed), kind = random % 16, which = random >> 4 & 1;
            uint8_t value = (uint8_t)(random >> 8), answer[2] = {0};
            for (unsigned n = 0; n < copies; n++) {
                if (kind < 9)
                    pin(&r[n], random >> 4 & 15, value & 1);
                else if (kind < 11)
                    answer[n] = ack(&r[n]);
                else if (kind == 11)
                    answer[n] = in(ops[(random >> 4) % 3], &r[n].pic, value & 1);
                else if (kind == 12)
                    out(ops[2], &r[n].pic, value & 1, value);
                else if (kind == 13)
                    mask(&r[n], which, value);
                else if (random >> 16 & 31)
                    command(&r[n], which, value & ~0x10); // an ICW1 now and then only
                else
                    command(&r[n], which, value);
            }
            if (copies == 2) {
                assert_int_equal(answer[0], answer[1]);
                assert_int_equal(r[0].intr.level, r[1].intr.level);
                assert_int_equal(r[0].intr.rises, r[1].intr.rises);
                assert_same_state(&pic_8259a_class, &r[0].pic, &r[1].pic);
            }
            assert_null(pic_8259a_class.check(&r[0].pic));
        }
    }
}

static void test_check(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 1, 1);
    assert_null(pic_8259a_class.check(&r.pic));
    r.pic.s.chip[1].lowest = 8;
    assert_non_null(pic_8259a_class.check(&r.pic));
    setup(&r, 1, 1);
    r.pic.s.chip[0].elcr = 1;
    assert_non_null(pic_8259a_class.check(&r.pic));
    setup(&r, 1, 1);
    r.pic.s.chip[0].edge = 1;
    assert_non_null(pic_8259a_class.check(&r.pic));
    setup(&r, 1, 1);
    r.pic.s.chip[0].expect = 5;
    assert_non_null(pic_8259a_class.check(&r.pic));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_before_initialization),
        cmocka_unit_test(test_icw_sequences),
        cmocka_unit_test(test_fully_nested),
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_edge_must_stay),
        cmocka_unit_test(test_spurious_15),
        cmocka_unit_test(test_cascade),
        cmocka_unit_test(test_slave_identity),
        cmocka_unit_test(test_special_fully_nested),
        cmocka_unit_test(test_automatic_eoi),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_special_mask),
        cmocka_unit_test(test_poll),
        cmocka_unit_test(test_elcr),
        cmocka_unit_test(test_int_falls_with_acknowledge),
        cmocka_unit_test(test_save_and_load),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
