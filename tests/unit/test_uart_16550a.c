// The 16550A against the PC16550D data sheet, and the ways in which drivers probe it.
#include "tests/unit/chip_rig.h"

#include "devices/uart_16550a.h"

struct rig {
    struct clock clock;
    struct uart_16550a uart;
    struct probe irq;
    uint8_t sent[8192];
    unsigned count;
};

enum { DATA, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };

static void sink(void *ctx, const uint8_t *bytes, size_t n)
{
    struct rig *r = ctx;
    for (size_t i = 0; i < n; i++)
        r->sent[r->count++ % sizeof r->sent] = bytes[i];
}

static void rig_init(struct rig *r)
{
    *r = (struct rig){0};
    clock_init(&r->clock);
    uart_16550a_init(&r->uart, &r->clock, 7);
    r->irq.clock = &r->clock;
    r->uart.irq = probe_line(&r->irq);
    r->uart.out = (struct char_backend){sink, r};
    uart_16550a_class.update(&r->uart);
}

static uint8_t rd(struct rig *r, unsigned reg)
{
    return in(&uart_16550a_io, &r->uart, reg);
}
static void wr(struct rig *r, unsigned reg, uint8_t v)
{
    out(&uart_16550a_io, &r->uart, reg, v);
}

static size_t receive(struct rig *r, const char *s)
{
    return uart_16550a_receive(&r->uart, (const uint8_t *)s, strlen(s));
}

// 115200 baud, 8N1, OUT2 on.
static void setup(struct rig *r, uint8_t fcr)
{
    rig_init(r);
    wr(r, LCR, 0x83);
    wr(r, DATA, 1);
    wr(r, IER, 0);
    wr(r, LCR, 0x03);
    wr(r, IIR_FCR, fcr);
    wr(r, MCR, 0x0b);
}

// Ten bits of 1/115200 s each, four characters.
#define TIMEOUT ((uint64_t)347223)

static void test_reset_values(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    assert_int_equal(rd(&r, IER), 0x00);
    assert_int_equal(rd(&r, IIR_FCR), 0x01);
    assert_int_equal(rd(&r, LCR), 0x00);
    assert_int_equal(rd(&r, MCR), 0x00);
    assert_int_equal(rd(&r, LSR), 0x60);
    assert_int_equal(rd(&r, MSR), 0xb0);
    assert_int_equal(rd(&r, SCR), 0x00);
    assert_false(r.irq.level);
}

static void test_registers(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    wr(&r, IER, 0xff);
    assert_int_equal(rd(&r, IER), 0x0f);
    wr(&r, MCR, 0xff);
    assert_int_equal(rd(&r, MCR), 0x1f);
    wr(&r, SCR, 0xa5);
    assert_int_equal(rd(&r, SCR), 0xa5);
    wr(&r, LCR, 0x9b);
    assert_int_equal(rd(&r, LCR), 0x9b);
    wr(&r, DATA, 0x34);
    wr(&r, IER, 0x12);
    assert_int_equal(rd(&r, DATA), 0x34);
    assert_int_equal(rd(&r, IER), 0x12);
    wr(&r, LCR, 0x1b);
    assert_int_equal(rd(&r, IER), 0x0f);
    assert_int_equal(r.count, 0); // nothing of that was sent
    wr(&r, LSR, 0xff);
    assert_int_equal(rd(&r, LSR) & 0x9f, 0);
}

static void test_send(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0);
    for (const char *s = "hello"; *s; s++) {
        assert_int_equal(rd(&r, LSR), 0x60);
        wr(&r, DATA, (uint8_t)*s);
    }
    assert_int_equal(r.count, 5);
    assert_memory_equal(r.sent, "hello", 5);
    assert_false(r.irq.level);
}

static void test_thre_interrupt(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0xc1);
    wr(&r, IER, 0x02); // THR is empty
    assert_true(r.irq.level);
    assert_int_equal(rd(&r, IIR_FCR), 0xc2);
    assert_int_equal(rd(&r, IIR_FCR), 0xc1); // told once
    assert_false(r.irq.level);
    wr(&r, IER, 0x02); // it was set already
    assert_false(r.irq.level);
    wr(&r, IER, 0x00);
    wr(&r, IER, 0x02); // again: what drivers probe
    assert_int_equal(rd(&r, IIR_FCR), 0xc2);
    wr(&r, DATA, 'x');
    assert_true(r.irq.level);
    unsigned rises = r.irq.rises;
    wr(&r, DATA, 'y'); // each write ends the interrupt and makes a new edge
    assert_int_equal(r.irq.rises, rises + 1);
    // Reading IIR clears it only if it is what IIR tells.
    wr(&r, IER, 0x03);
    receive(&r, "12345678abcdef");
    assert_int_equal(rd(&r, IIR_FCR), 0xc4);
    for (unsigned n = 0; n < 14; n++)
        (void)rd(&r, DATA);
    assert_int_equal(rd(&r, IIR_FCR), 0xc2);
    assert_int_equal(rd(&r, IIR_FCR), 0xc1);
}

static void test_out2_gates_the_line(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0);
    wr(&r, MCR, 0x03);
    wr(&r, IER, 0x02);
    assert_false(r.irq.level);
    assert_int_equal(r.uart.s.thre_pending, 1);
    wr(&r, MCR, 0x0b);
    assert_true(r.irq.level);
    wr(&r, MCR, 0x1b); // loopback forces OUT2 inactive
    assert_false(r.irq.level);
    wr(&r, MCR, 0x0b);
    assert_int_equal(rd(&r, IIR_FCR), 0x02);
}

static void test_receive_without_fifo(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0);
    wr(&r, IER, 0x01);
    assert_int_equal(uart_16550a_room(&r.uart), 1);
    assert_int_equal(receive(&r, "ab"), 1);
    assert_int_equal(uart_16550a_room(&r.uart), 0);
    assert_int_equal(receive(&r, "b"), 0);
    assert_true(r.irq.level);
    assert_int_equal(rd(&r, IIR_FCR), 0x04);
    assert_int_equal(rd(&r, LSR), 0x61);
    assert_int_equal(rd(&r, DATA), 'a');
    assert_false(r.irq.level);
    assert_int_equal(rd(&r, LSR), 0x60);
    assert_int_equal(rd(&r, DATA), 'a');
    assert_true(clock_next_deadline(&r.clock) == CLOCK_NEVER); // no timeout without FIFOs
}

static void test_trigger_levels(void **state)
{
    (void)state;
    static const unsigned levels[4] = {1, 4, 8, 14};
    for (unsigned t = 0; t < 4; t++) {
        struct rig r;
        setup(&r, (uint8_t)(t << 6 | 1));
        wr(&r, IER, 0x01);
        for (unsigned n = 1; n <= 16; n++) {
            assert_int_equal(receive(&r, "x"), 1);
            assert_int_equal(r.irq.level, n >= levels[t]);
            assert_int_equal(rd(&r, IIR_FCR), n >= levels[t] ? 0xc4 : 0xc1);
        }
        assert_int_equal(receive(&r, "x"), 0);
        for (unsigned n = 15; n + 1 > 0; n--) {
            assert_int_equal(rd(&r, DATA), 'x');
            assert_int_equal(r.irq.level, n >= levels[t]);
        }
    }
}

static void test_fifo_order_and_wrap(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0x01);
    uint8_t next_in = 0, next_out = 0;
    for (unsigned round = 0; round < 100; round++) {
        uint8_t bytes[16];
        for (unsigned n = 0; n < 16; n++)
            bytes[n] = (uint8_t)(next_in + n);
        size_t taken = uart_16550a_receive(&r.uart, bytes, 1 + round % 16);
        next_in = (uint8_t)(next_in + taken);
        for (unsigned n = 0; n < 1 + (round * 7) % 16 && rd(&r, LSR) & 1; n++)
            assert_int_equal(rd(&r, DATA), next_out++);
    }
    while (rd(&r, LSR) & 1)
        assert_int_equal(rd(&r, DATA), next_out++);
    assert_int_equal(next_in, next_out);
}

static void test_character_timeout(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0x81); // trigger level 8
    wr(&r, IER, 0x01);
    run_to(&r.clock, 1000);
    receive(&r, "abc");
    assert_int_equal(clock_next_deadline(&r.clock), 1000 + TIMEOUT);
    run_to(&r.clock, 2000);
    receive(&r, "d"); // begins anew
    run_to(&r.clock, 2000 + TIMEOUT - 1);
    assert_false(r.irq.level);
    run_to(&r.clock, 2000 + TIMEOUT);
    assert_true(r.irq.level);
    assert_int_equal(rd(&r, IIR_FCR), 0xcc);
    assert_int_equal(rd(&r, IIR_FCR), 0xcc); // until a byte is read
    assert_int_equal(rd(&r, DATA), 'a');
    assert_int_equal(rd(&r, IIR_FCR), 0xc1);
    assert_false(r.irq.level);
    run_to(&r.clock, 2000 + 2 * TIMEOUT);
    assert_int_equal(rd(&r, IIR_FCR), 0xcc); // bytes are still waiting
    receive(&r, "efghi");                    // the trigger level goes before
    assert_int_equal(rd(&r, IIR_FCR), 0xc4);
    wr(&r, IIR_FCR, 0x83);
    assert_int_equal(rd(&r, IIR_FCR), 0xc1);
    assert_true(clock_next_deadline(&r.clock) == CLOCK_NEVER);
    // Without the interrupt enabled there is no event, and enabling it late finds the time passed.
    wr(&r, IER, 0x00);
    receive(&r, "j");
    assert_true(clock_next_deadline(&r.clock) == CLOCK_NEVER);
    run_to(&r.clock, r.clock.s.tick + 2 * TIMEOUT);
    wr(&r, IER, 0x01);
    run_to(&r.clock, r.clock.s.tick);
    assert_int_equal(rd(&r, IIR_FCR), 0xcc);
    // 300 baud, 7 bits, parity, two stop bits: 11 bits.
    setup(&r, 0x81);
    wr(&r, LCR, 0x8e);
    wr(&r, DATA, 384 & 0xff);
    wr(&r, IER, 384 >> 8);
    wr(&r, LCR, 0x0e);
    wr(&r, IER, 0x01);
    receive(&r, "a");
    assert_int_equal(clock_next_deadline(&r.clock), ((uint64_t)4 * 11 * 1000000000 + 299) / 300);
}

static void test_priorities(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0x01);
    wr(&r, IER, 0x0f);
    assert_true(uart_16550a_receive_break(&r.uart));
    uart_16550a_set_modem(&r.uart, 0xa0); // CTS off
    assert_int_equal(rd(&r, IIR_FCR), 0xc6);
    assert_int_equal(rd(&r, LSR), 0xf9); // FIFO error, break and framing error
    assert_int_equal(rd(&r, LSR), 0x61);
    assert_int_equal(rd(&r, IIR_FCR), 0xc4);
    assert_int_equal(rd(&r, DATA), 0);
    assert_int_equal(rd(&r, IIR_FCR), 0xc2);
    assert_int_equal(rd(&r, IIR_FCR), 0xc0);
    assert_true(r.irq.level);
    assert_int_equal(rd(&r, MSR), 0xa1);
    assert_int_equal(rd(&r, IIR_FCR), 0xc1);
    assert_false(r.irq.level);
}

static void test_errors_come_with_their_byte(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0x01);
    receive(&r, "a");
    uart_16550a_receive_break(&r.uart);
    receive(&r, "b");
    assert_int_equal(rd(&r, LSR), 0xe1); // bit 7 only: the break is not at the top
    assert_int_equal(rd(&r, DATA), 'a');
    assert_int_equal(rd(&r, LSR), 0xf9);
    assert_int_equal(rd(&r, DATA), 0);
    assert_int_equal(rd(&r, LSR), 0x61);
    assert_int_equal(rd(&r, DATA), 'b');
}

static void test_modem_deltas(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0);
    uart_16550a_set_modem(&r.uart, 0xf0); // RI on: no delta
    assert_int_equal(rd(&r, MSR), 0xf0);
    uart_16550a_set_modem(&r.uart, 0xb0); // RI off: TERI
    assert_int_equal(rd(&r, MSR), 0xb4);
    uart_16550a_set_modem(&r.uart, 0x00);
    uart_16550a_set_modem(&r.uart, 0xb0);
    assert_int_equal(rd(&r, MSR), 0xbb); // deltas stay until read
    assert_int_equal(rd(&r, MSR), 0xb0);
}

static void test_loopback(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0);
    wr(&r, MCR, 0x1a); // RTS, OUT2: what Linux probes
    assert_int_equal(rd(&r, MSR) & 0xf0, 0x90);
    wr(&r, MCR, 0x15);
    assert_int_equal(rd(&r, MSR) & 0xf0, 0x60);
    assert_int_equal(uart_16550a_room(&r.uart), 0);
    assert_int_equal(receive(&r, "z"), 0);
    wr(&r, DATA, 'a');
    assert_int_equal(r.count, 0);
    assert_int_equal(rd(&r, LSR), 0x61);
    assert_int_equal(rd(&r, DATA), 'a');
    // Overrun: RBR is overwritten.
    wr(&r, DATA, 'b');
    wr(&r, DATA, 'c');
    assert_int_equal(rd(&r, LSR), 0x63);
    assert_int_equal(rd(&r, LSR), 0x61);
    assert_int_equal(rd(&r, DATA), 'c');
    // With FIFOs the new byte is lost, and the FIFO stays.
    wr(&r, IIR_FCR, 0x01);
    for (unsigned n = 0; n < 17; n++)
        wr(&r, DATA, (uint8_t)('A' + n));
    assert_int_equal(rd(&r, LSR), 0x63);
    for (unsigned n = 0; n < 16; n++)
        assert_int_equal(rd(&r, DATA), 'A' + n);
    assert_int_equal(rd(&r, LSR), 0x60);
    wr(&r, MCR, 0x0b);
    assert_int_equal(rd(&r, MSR) & 0xf0, 0xb0);
    assert_int_equal(uart_16550a_room(&r.uart), 16);
}

static void test_break_in_loopback(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0x01);
    wr(&r, MCR, 0x1b);
    wr(&r, LCR, 0x43);
    uint64_t character = (uint64_t)10 * 1000000000 / 115200;
    run_to(&r.clock, character);
    assert_int_equal(rd(&r, LSR), 0x60);
    wr(&r, DATA, 'x'); // cannot get through
    run_to(&r.clock, character + 2);
    assert_int_equal(rd(&r, LSR), 0xf9);
    assert_int_equal(rd(&r, DATA), 0);
    run_to(&r.clock, 100 * character);
    assert_int_equal(rd(&r, LSR), 0x60); // only one
    wr(&r, LCR, 0x03);
    wr(&r, LCR, 0xe3); // shorter than a character: nothing
    wr(&r, LCR, 0x03);
    run_to(&r.clock, 200 * character);
    assert_int_equal(rd(&r, LSR), 0x60);
}

static void test_fifo_control(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 0);
    receive(&r, "a");
    wr(&r, IIR_FCR, 0xc0); // without bit 0 nothing is programmed
    assert_int_equal(rd(&r, IIR_FCR), 0x01);
    assert_int_equal(rd(&r, LSR), 0x61);
    wr(&r, IIR_FCR, 0x01); // changing bit 0 clears
    assert_int_equal(rd(&r, LSR), 0x60);
    receive(&r, "bcd");
    wr(&r, IIR_FCR, 0x05); // the transmitter's only
    assert_int_equal(rd(&r, LSR), 0x61);
    wr(&r, IIR_FCR, 0x03);
    assert_int_equal(rd(&r, LSR), 0x60);
    receive(&r, "efg");
    wr(&r, IIR_FCR, 0x00);
    assert_int_equal(rd(&r, LSR), 0x60);
    assert_int_equal(uart_16550a_room(&r.uart), 1);
}

static void test_save_and_load(void **state)
{
    (void)state;
    static struct rig r[2];
    uint64_t seed = 16550;
    for (unsigned round = 0; round < 300; round++) {
        rig_init(&r[0]);
        unsigned copies = 1;
        for (unsigned step = 0; step < 300; step++) {
            if (step == 100) {
                rig_init(&r[1]);
                r[1].clock.s = r[0].clock.s;
                r[1].irq = r[0].irq;
                r[1].irq.clock = &r[1].clock;
                r[1].count = r[0].count;
                memcpy(r[1].sent, r[0].sent, sizeof r[0].sent);
                transfer(&uart_16550a_class, &r[0].uart, &r[1].uart);
                assert_true(clock_next_deadline(&r[0].clock) == clock_next_deadline(&r[1].clock));
                copies = 2;
            }
            uint32_t random = next_random(&seed), kind = random % 16, reg = random >> 4 & 7;
            uint8_t value = (uint8_t)(random >> 8), answer[2] = {0};
            if (reg == LCR && random >> 30)
                value &= 0x7f;
            if (reg == IIR_FCR && random >> 30)
                value |= 1;
            uint64_t to = r[0].clock.s.tick + (uint64_t)(random >> 16) * (random & 0x100 ? 1 : 1000);
            for (unsigned n = 0; n < copies; n++) {
                if (kind < 5)
                    wr(&r[n], reg, value);
                else if (kind < 10)
                    answer[n] = rd(&r[n], reg);
                else if (kind < 12)
                    answer[n] =
                        (uint8_t)uart_16550a_receive(&r[n].uart, (const uint8_t *)"0123456789abcdef", value & 15);
                else if (kind == 12)
                    uart_16550a_set_modem(&r[n].uart, value);
                else if (kind == 13)
                    answer[n] = uart_16550a_receive_break(&r[n].uart);
                else
                    run_to(&r[n].clock, to);
            }
            assert_null(uart_16550a_class.check(&r[0].uart));
            if (copies == 2) {
                assert_int_equal(answer[0], answer[1]);
                assert_int_equal(r[0].irq.level, r[1].irq.level);
                assert_int_equal(r[0].irq.rises, r[1].irq.rises);
                assert_int_equal(r[0].irq.rise_tick, r[1].irq.rise_tick);
                assert_int_equal(r[0].count, r[1].count);
                assert_same_state(&uart_16550a_class, &r[0].uart, &r[1].uart);
            }
        }
        assert_memory_equal(r[0].sent, r[1].sent, sizeof r[0].sent);
    }
}

static void test_check(void **state)
{
    (void)state;
    struct rig r;
    setup(&r, 1);
    assert_null(uart_16550a_class.check(&r.uart));
    r.uart.s.count = 17;
    assert_non_null(uart_16550a_class.check(&r.uart));
    r.uart.s.count = 16;
    assert_null(uart_16550a_class.check(&r.uart));
    r.uart.s.fcr = 0;
    assert_non_null(uart_16550a_class.check(&r.uart));
    setup(&r, 1);
    r.uart.s.head = 16;
    assert_non_null(uart_16550a_class.check(&r.uart));
    setup(&r, 1);
    r.uart.s.error[3] = 0x80;
    assert_non_null(uart_16550a_class.check(&r.uart));
    setup(&r, 1);
    r.uart.s.touched_ns = UINT64_MAX;
    assert_non_null(uart_16550a_class.check(&r.uart));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reset_values),
        cmocka_unit_test(test_registers),
        cmocka_unit_test(test_send),
        cmocka_unit_test(test_thre_interrupt),
        cmocka_unit_test(test_out2_gates_the_line),
        cmocka_unit_test(test_receive_without_fifo),
        cmocka_unit_test(test_trigger_levels),
        cmocka_unit_test(test_fifo_order_and_wrap),
        cmocka_unit_test(test_character_timeout),
        cmocka_unit_test(test_priorities),
        cmocka_unit_test(test_errors_come_with_their_byte),
        cmocka_unit_test(test_modem_deltas),
        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_break_in_loopback),
        cmocka_unit_test(test_fifo_control),
        cmocka_unit_test(test_save_and_load),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
