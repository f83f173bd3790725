// Fuzzer of all chips on the board: accesses to ports, configuration space and device memory, lines and other inputs,
// and time. The processor halts between interrupts, takes them, and returns at once.
//
// The input: one byte (how often the machine is moved, and whether it is idle when time passes), then operations of 8
// bytes: kind, a detail, 2 bytes, 4 bytes. Each is done on three machines, of which one is saved and loaded in place
// after each operation, and one moves to another machine from time to time. What is read, all fields and the next
// deadline must be the same in all of them after each operation.
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

#define RAM_BYTES ((uint64_t)1 << 20)

enum { MAX_OPS = 256, MACHINES = 3, HANDLER = 0x600, LOOP = 0x7c00 };
enum machine_role { STRAIGHT, SHAKEN, MOVED };

enum op_kind {
    OP_OUT,
    OP_OUT_AGAIN, // ports are where most is to be found
    OP_IN,
    OP_OUT_ANY,
    OP_IN_ANY,
    OP_LAPIC_WRITE,
    OP_LAPIC_READ,
    OP_IOAPIC_WRITE,
    OP_IOAPIC_READ,
    OP_MEMORY_WRITE,
    OP_MEMORY_READ,
    OP_PCI_WRITE,
    OP_PCI_READ,
    OP_RTC,
    OP_TIME,
    OP_TIME_AGAIN,
    OP_INPUT,
    OP_LINE,
    OP_CPU,
    OP_KINDS
};

struct op {
    uint8_t kind, detail;
    uint16_t word;
    uint32_t value;
};

// An address in some window of a map, so that every chip is met wherever it is.
static uint64_t window_address(const struct map *map, unsigned word)
{
    const struct map_window *w = &map->window[(word & 0xff) % map->count];
    return w->base + (word >> 8) % w->size;
}

// ---- the guest -----------------------------------------------------------------------------------------------------

// Real mode: every vector leads to an IRET; the program is STI, HLT, and back.
static void put_guest(struct machine *m)
{
    static const uint8_t loop[] = {0xfb, 0xf4, 0xeb, 0xfc}, iret = 0xcf;
    uint8_t vector[4];
    store_u32(vector, HANDLER);
    for (unsigned n = 0; n < 256; n++)
        phys_write(&m->phys, 4 * n, vector, 4);
    phys_write(&m->phys, HANDLER, &iret, 1);
    phys_write(&m->phys, LOOP, loop, sizeof loop);
}

static void enter_guest(struct machine *m)
{
    struct cpu_state *s = &m->cpu->s;
    s->seg[SEG_CS].base = 0;
    s->seg[SEG_CS].selector = 0;
    s->reg[RSP] = 0x7000;
    s->rip = LOOP;
    cpu_update(m->cpu);
}

static struct machine *start(unsigned slot)
{
    struct machine *m = fuzz_machine(slot, NULL, RAM_BYTES, MACHINE_SERIAL_PORTS);
    put_guest(m);
    enter_guest(m);
    return m;
}

// Runs up to a tick, but not through much code and not through many halts.
static void run(struct machine *m, uint64_t until, bool skip)
{
    for (unsigned halts = 0, slices = 0; halts < 64 && slices < 2;) {
        uint64_t tick = machine_tick(m);
        enum machine_stop stop = machine_run(m, until, skip);
        if (stop == MACHINE_IDLE && machine_tick(m) < until) {
            machine_idle_skip(m, until - machine_tick(m), until);
            halts++;
            if (machine_tick(m) == tick)
                return;
        } else if (stop == MACHINE_SLICE) {
            slices++;
        } else {
            return;
        }
    }
}

// ---- operations ----------------------------------------------------------------------------------------------------

static unsigned size_of(unsigned detail)
{
    return 1u << (detail >> 6) % 4; // 1, 2, 4, 8
}

static uint64_t input(struct machine *m, const struct op *op)
{
    uint8_t bytes[4];
    store_u32(bytes, op->value);
    switch (op->detail % 8) {
    case 0:
    case 4:
        return machine_serial_input(m, op->detail >> 3 & 3, bytes, 1 + (op->detail >> 5) % 4);
    case 1:
        machine_power_button(m);
        return 0;
    case 2:
        machine_set_ratio(m, (uint64_t)op->value << (op->word & 1));
        return 0;
    case 3:
        machine_idle_skip(m, op->value & 0xffffff, UINT64_MAX);
        return 0;
    case 5:
        machine_key(m, op->word & 1 ? op->value : op->value & 0xff, op->word & 2);
        return 0;
    case 6:
        machine_key(m, op->word & 0x7f, op->detail & 8);
        return 0;
    default:
        machine_mouse(m, (int16_t)op->word, (int16_t)op->value, (int8_t)(op->value >> 16), op->value >> 24);
        return 0;
    }
}

static void pulse(void (*set)(void *, unsigned, bool), void *ctx, unsigned n)
{
    set(ctx, n, true);
    set(ctx, n, false);
}

static void line(struct machine *m, const struct op *op)
{
    // IRQs without a chip of their own, so that no `update` says otherwise.
    static const uint8_t irq[] = {5, 6, 7, 10, 11, 14, 15};
    struct apic_message msg = {.dest = (uint8_t)(op->value >> 16),
                               .dest_logical = op->value >> 15 & 1,
                               .delivery = op->value >> 8 & 7,
                               .vector = (uint8_t)op->value,
                               .level = op->value >> 11 & 1};
    switch (op->detail % 4) {
    case 0:
        pulse(piix3_isa_irq, &m->piix3, irq[op->word % ARRAY_LEN(irq)]);
        break;
    case 1:
        pulse(piix3_intx, &m->piix3, op->word % 128);
        break;
    case 2:
        pulse(cpu_pulse_nmi, m->cpu, 0);
        break;
    default:
        m->lapic.bus.send(m->lapic.bus.ctx, &msg);
        break;
    }
}

static uint64_t processor(struct machine *m, const struct op *op)
{
    struct cpu *c = m->cpu;
    switch (op->detail % 8) {
    case 0:
        return lapic_base_msr_write(&m->lapic, (op->value & 0xfffff900u) | (uint64_t)(op->word & 15) << 32);
    case 1:
        lapic_tsc_deadline_write(&m->lapic, op->value);
        return lapic_tsc_deadline_read(&m->lapic);
    case 2:
        lapic_timer_sync(&m->lapic);
        c->s.tsc_offset += op->value;
        lapic_update(&m->lapic);
        return 0;
    case 3:
        lapic_tpr_write(&m->lapic, op->value & 15);
        return lapic_tpr_read(&m->lapic);
    case 4:
        c->s.rflags ^= F_IF;
        cpu_update(c);
        return 0;
    case 5:
        c->s.ferr = op->value & 1;
        line_set(&c->ferr, c->s.ferr);
        return 0;
    case 6:
        return lapic_pending(&m->lapic);
    default:
        return lapic_base_msr_read(&m->lapic);
    }
}

static void pci_address(struct machine *m, const struct op *op)
{
    // The functions that are there, or any.
    static const uint8_t devfn[] = {0x00, 0x08, 0x09, 0x0a, 0x0b};
    unsigned n = op->detail & 8 ? op->word >> 8 : devfn[op->word >> 8 & 7 ? (op->word >> 8) % ARRAY_LEN(devfn) : 0];
    map_write(&m->ports, 0xcf8, 4, 0x80000000u | n << 8 | (op->word & 0xfc));
}

static uint64_t memory_address(const struct machine *m, const struct op *op)
{
    if (op->detail & 16)
        return window_address(&m->memory, op->word & 0xff) + (op->word >> 8) * 4;
    static const uint32_t base[] = {0xc0000,    0xfee00000, 0xfec00000, 0xa0000,
                                    0xfffffff8, 0xfef00000, 0x100000,   0xf0000};
    return base[op->detail & 7] + (uint64_t)op->word;
}

// Does one operation; the result must be the same in each machine.
static uint64_t perform(struct machine *m, const struct op *op, bool skip)
{
    unsigned size = size_of(op->detail), port_size = size > 4 ? 1 : size;
    uint64_t port = window_address(&m->ports, op->word);
    uint8_t bytes[8] = {0};
    switch ((enum op_kind)(op->kind % OP_KINDS)) {
    case OP_OUT:
    case OP_OUT_AGAIN:
        m->stop = MACHINE_SLICE;
        map_write(&m->ports, port, port_size, op->value & size_mask(port_size));
        return m->stop == MACHINE_EXIT ? (uint64_t)m->stop << 8 | m->exit_value : (uint64_t)m->stop;
    case OP_IN:
        return map_read(&m->ports, port, port_size);
    case OP_OUT_ANY:
        map_write(&m->ports, op->word, port_size, op->value & size_mask(port_size));
        return 0;
    case OP_IN_ANY:
        return map_read(&m->ports, op->word, port_size);
    case OP_LAPIC_WRITE:
        map_write(&m->memory, 0xfee00000 + (op->word & 0x3f0), 4, op->value);
        return 0;
    case OP_LAPIC_READ:
        return map_read(&m->memory, 0xfee00000 + (op->word & 0x3f0), 4);
    case OP_IOAPIC_WRITE:
        map_write(&m->memory, 0xfec00000, 4, op->word);
        map_write(&m->memory, 0xfec00010, 4, op->value);
        return 0;
    case OP_IOAPIC_READ:
        map_write(&m->memory, 0xfec00000, 4, op->word);
        return map_read(&m->memory, 0xfec00010, 4);
    case OP_MEMORY_WRITE:
        store_u64(bytes, op->value * 0x100000001u);
        if (op->detail & 8)
            phys_write(&m->phys, memory_address(m, op), bytes, size);
        else
            map_write(&m->memory, memory_address(m, op), size, load_le(bytes, size));
        return 0;
    case OP_MEMORY_READ:
        if (!(op->detail & 8))
            return map_read(&m->memory, memory_address(m, op), size);
        phys_read(&m->phys, memory_address(m, op), bytes, size);
        return load_u64(bytes);
    case OP_PCI_WRITE:
        pci_address(m, op);
        map_write(&m->ports, 0xcfc + (op->word & (4 - port_size)), port_size, op->value & size_mask(port_size));
        return 0;
    case OP_PCI_READ:
        pci_address(m, op);
        return map_read(&m->ports, 0xcfc + (op->word & (4 - port_size)), port_size);
    case OP_RTC:
        map_write(&m->ports, 0x70, 1, op->word & 0xff);
        if (op->detail & 1)
            map_write(&m->ports, 0x71, 1, op->value & 0xff);
        return map_read(&m->ports, 0x71, 1);
    case OP_TIME:
    case OP_TIME_AGAIN: // up to a few seconds, rather less
        run(m, machine_tick(m) + (op->value >> (op->detail & 31)), skip);
        return machine_tick(m);
    case OP_INPUT:
        return input(m, op);
    case OP_LINE:
        line(m, op);
        return 0;
    default:
        return processor(m, op);
    }
}

static void step(struct machine *m)
{
    // What is due now, and a reset that waits; after one the guest begins anew.
    machine_run(m, machine_tick(m), true);
    if (m->cpu->s.seg[SEG_CS].base)
        enter_guest(m);
}

// ---- the target ----------------------------------------------------------------------------------------------------

static void compare(struct machine *a, struct machine *b, const struct op *op, unsigned n, const char *what)
{
    if (fuzz_same_chips(a, b) && clock_next_deadline(&a->clock) == clock_next_deadline(&b->clock))
        return;
    fuzz_print_difference(a, b);
    fuzz_finding("operation %u (kind %u, detail %02x, word %04x, value %08x): %s differs", n, op->kind % OP_KINDS,
                 op->detail, op->word, (unsigned)op->value, what);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, data + size};
    unsigned header = fuzz_u8(&in), period = 1 + header % 64, spare = MACHINES;
    struct machine *m[MACHINES];
    unsigned slot_of_moved = MOVED;
    for (unsigned k = 0; k < MACHINES; k++)
        m[k] = start(k);
    for (unsigned n = 0; in.at < in.end && n < MAX_OPS; n++) {
        struct op op = {fuzz_u8(&in), fuzz_u8(&in), (uint16_t)fuzz_le(&in, 2), (uint32_t)fuzz_le(&in, 4)};
        uint64_t result[MACHINES];
        for (unsigned k = 0; k < MACHINES; k++) {
            result[k] = perform(m[k], &op, header & 64);
            step(m[k]);
        }
        fuzz_shake(m[SHAKEN]);
        if (n % period == period - 1) {
            m[MOVED] = fuzz_move(m[MOVED], spare);
            unsigned was = slot_of_moved;
            slot_of_moved = spare;
            spare = was;
        }
        compare(m[STRAIGHT], m[SHAKEN], &op, n, "the machine that is saved and loaded in place");
        compare(m[STRAIGHT], m[MOVED], &op, n, "the machine that moves");
        for (unsigned k = 1; k < MACHINES; k++)
            if (result[k] != result[0])
                fuzz_finding("operation %u (kind %u, detail %02x, word %04x, value %08x): reads %llx against %llx", n,
                             op.kind % OP_KINDS, op.detail, op.word, (unsigned)op.value, (unsigned long long)result[0],
                             (unsigned long long)result[k]);
    }
    uint8_t digest[2][MACHINE_DIGEST_BYTES];
    machine_digest(m[STRAIGHT], digest[0]);
    for (unsigned k = 1; k < MACHINES; k++) {
        machine_digest(m[k], digest[1]);
        if (memcmp(digest[0], digest[1], sizeof digest[0]) != 0) {
            fuzz_print_difference(m[STRAIGHT], m[k]);
            fuzz_finding("the digests differ at the end");
        }
    }
    return 0;
}
