// The 8042 of a PS/2: ports 60h and 64h (IBM PS/2 Hardware Interface Technical Reference, keyboard and auxiliary device
// controller), with translation of scan code set 2 to set 1, the A20 gate and the reset of the processor.
//
// Commands act when they are written; IBF stays set, and an answer comes, as much later as the controller and the wire
// to a device take.
//
// Not implemented: passwords (none is installed), the keylock, polling of the input port (C1h, C2h), the diagnostic
// dump (ACh), parity errors.
// Differs: a byte written while IBF is set does not replace the one before, which is done at once; DDh and DFh set A20,
// as in HP's controllers. A byte for an absent device gives FEh with the time-out bit.
#include "devices/kbc_8042.h"

STATE_TABLE(kbc_8042_state, KBC_8042_STATE);

enum {
    OBF = 0x01,
    IBF = 0x02,
    SYS = 0x04,
    CMD = 0x08, // the last byte was a command
    UNLOCKED = 0x10,
    AUX_OBF = 0x20,
    TIME_OUT = 0x40,

    CCB_INT = 0x01,
    CCB_AUX_INT = 0x02,
    CCB_SYS = 0x04,
    CCB_KBD_OFF = 0x10,
    CCB_AUX_OFF = 0x20,
    CCB_TRANSLATE = 0x40,

    P2_RUN = 0x01, // low: the processor is held in reset
    P2_A20 = 0x02,
    P2_DERIVED = 0x30, // what the buffer drives: IRQ 1 and IRQ 12
};

enum {
    READ_RAM = 0x20, // to 3Fh
    WRITE_RAM = 0x60,
    TEST_PASSWORD = 0xa4,
    AUX_DISABLE = 0xa7,
    AUX_ENABLE = 0xa8,
    AUX_TEST = 0xa9,
    SELF_TEST = 0xaa,
    KBD_TEST = 0xab,
    KBD_DISABLE = 0xad,
    KBD_ENABLE = 0xae,
    READ_INPUT_PORT = 0xc0,
    READ_OUTPUT_PORT = 0xd0,
    WRITE_OUTPUT_PORT = 0xd1,
    WRITE_KBD_BUFFER = 0xd2,
    WRITE_AUX_BUFFER = 0xd3,
    WRITE_AUX = 0xd4,
    A20_OFF = 0xdd,
    A20_ON = 0xdf,
    READ_TEST_INPUTS = 0xe0,
    PULSE = 0xf0, // to FFh
};

enum work { WORK_NONE, WORK_ANSWER, WORK_AUX_ANSWER, WORK_TO_KEYBOARD, WORK_TO_AUX };

enum { COMMAND_NS = 20000, RESEND = 0xfe, RELEASE = 0xf0 };

// Set 2 to set 1. The codes of answers stay.
// clang-format off
static const uint8_t set1_of_set2[0x90] = {
    0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
    0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
    0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
    0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
    0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
    0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
    0x80, 0x81, 0x82, 0x41, 0x54, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f,
};
// clang-format on

static bool port_free(const struct kbc_8042_state *s, unsigned port)
{
    uint8_t off = port == KBC_8042_AUX ? CCB_AUX_OFF : CCB_KBD_OFF;
    return !(s->status & OBF) && s->work == WORK_NONE && !(s->ram[0] & off);
}

static void update(void *self)
{
    struct kbc_8042 *k = self;
    const struct kbc_8042_state *s = &k->s;
    bool full = s->status & OBF, aux = s->status & AUX_OBF;
    line_set(&k->irq[KBC_8042_KEYBOARD], full && !aux && s->ram[0] & CCB_INT);
    line_set(&k->irq[KBC_8042_AUX], full && aux && s->ram[0] & CCB_AUX_INT);
    line_set(&k->a20, s->port & P2_A20);
    // An answer waits for the buffer to be empty.
    bool waits = full && (s->work == WORK_ANSWER || s->work == WORK_AUX_ANSWER);
    event_set(&k->event, s->work == WORK_NONE || waits ? CLOCK_NEVER : s->busy_ns);
    for (unsigned port = 0; port < KBC_8042_PORTS; port++)
        if (k->device[port].clock)
            k->device[port].clock(k->device[port].ctx, port_free(s, port));
}

static void fill(struct kbc_8042_state *s, uint8_t byte, bool aux, uint8_t errors)
{
    s->output = byte;
    s->status = (uint8_t)((s->status & ~(AUX_OBF | TIME_OUT)) | OBF | (aux ? AUX_OBF : 0) | errors);
}

// Does what the controller was still busy with.
static void finish(struct kbc_8042 *k)
{
    struct kbc_8042_state *s = &k->s;
    unsigned work = s->work, port = work == WORK_TO_AUX ? KBC_8042_AUX : KBC_8042_KEYBOARD;
    uint8_t byte = s->byte;
    s->work = WORK_NONE;
    s->busy_ns = 0;
    if (work == WORK_ANSWER || work == WORK_AUX_ANSWER)
        fill(s, byte, work == WORK_AUX_ANSWER, 0);
    else if (work != WORK_NONE && k->device[port].write)
        k->device[port].write(k->device[port].ctx, byte);
    else if (work != WORK_NONE)
        fill(s, RESEND, port == KBC_8042_AUX, TIME_OUT);
}

static void fire(void *ctx)
{
    finish(ctx);
    update(ctx);
}

static void begin(struct kbc_8042 *k, enum work work, uint8_t byte)
{
    k->s.work = (uint8_t)work;
    k->s.byte = byte;
    k->s.busy_ns = clock_ns(k->clock) + (work >= WORK_TO_KEYBOARD ? PS2_BYTE_NS : COMMAND_NS);
}

void kbc_8042_receive(void *ctx, unsigned port, uint8_t byte)
{
    struct kbc_8042 *k = ctx;
    struct kbc_8042_state *s = &k->s;
    bool aux = port == KBC_8042_AUX;
    if (!port_free(s, port))
        return;
    if (!aux && s->ram[0] & CCB_TRANSLATE) {
        if (byte == RELEASE) {
            s->breaks = 1;
            return;
        }
        byte = byte < sizeof set1_of_set2 ? set1_of_set2[byte] : byte;
        byte |= s->breaks ? 0x80 : 0;
        s->breaks = 0;
    }
    fill(s, byte, aux, 0);
    update(k);
}

static void pulse_reset(struct kbc_8042 *k)
{
    line_set(&k->reset, true);
    line_set(&k->reset, false);
}

static void set_command_byte(struct kbc_8042_state *s, uint8_t value)
{
    s->ram[0] = value;
    s->status = (uint8_t)((s->status & ~SYS) | (value & CCB_SYS ? SYS : 0));
    if (!(value & CCB_TRANSLATE))
        s->breaks = 0;
}

static uint8_t output_port(const struct kbc_8042_state *s)
{
    uint8_t full = s->status & OBF ? (s->status & AUX_OBF ? 0x20 : 0x10) : 0;
    return (s->port & (uint8_t)~P2_DERIVED) | full;
}

// ---- Ports ----

static void run_command(struct kbc_8042 *k, uint8_t command)
{
    struct kbc_8042_state *s = &k->s;
    if (command >= PULSE) {
        if (!(command & P2_RUN))
            pulse_reset(k);
        return;
    }
    if (command >= READ_RAM && command < READ_RAM + 32) {
        begin(k, WORK_ANSWER, s->ram[command - READ_RAM]);
        return;
    }
    if (command >= WRITE_RAM && command < WRITE_RAM + 32) {
        s->command = command;
        return;
    }
    switch (command) {
    case TEST_PASSWORD:
        begin(k, WORK_ANSWER, 0xf1); // none installed
        break;
    case AUX_DISABLE:
        s->ram[0] |= CCB_AUX_OFF;
        break;
    case AUX_ENABLE:
        s->ram[0] &= (uint8_t)~CCB_AUX_OFF;
        break;
    case AUX_TEST:
    case KBD_TEST:
        begin(k, WORK_ANSWER, 0x00); // clock and data are as they should
        break;
    case SELF_TEST:
        s->status |= SYS;
        s->ram[0] |= CCB_SYS;
        begin(k, WORK_ANSWER, 0x55);
        break;
    case KBD_DISABLE:
        s->ram[0] |= CCB_KBD_OFF;
        break;
    case KBD_ENABLE:
        s->ram[0] &= (uint8_t)~CCB_KBD_OFF;
        break;
    case READ_INPUT_PORT:
        begin(k, WORK_ANSWER, 0x80); // not locked
        break;
    case READ_OUTPUT_PORT:
        begin(k, WORK_ANSWER, output_port(s));
        break;
    case WRITE_OUTPUT_PORT:
    case WRITE_KBD_BUFFER:
    case WRITE_AUX_BUFFER:
    case WRITE_AUX:
        s->command = command;
        break;
    case A20_OFF:
        s->port &= (uint8_t)~P2_A20;
        break;
    case A20_ON:
        s->port |= P2_A20;
        break;
    case READ_TEST_INPUTS:
        begin(k, WORK_ANSWER, (port_free(s, KBC_8042_KEYBOARD) ? 1 : 0) | (port_free(s, KBC_8042_AUX) ? 2 : 0));
        break;
    default:
        break;
    }
}

static void write_command(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)offset, (void)size;
    struct kbc_8042 *k = ctx;
    finish(k);
    k->s.status |= CMD;
    k->s.command = 0;
    k->s.busy_ns = clock_ns(k->clock) + COMMAND_NS;
    run_command(k, (uint8_t)value);
    update(k);
}

static void write_output_port(struct kbc_8042 *k, uint8_t value)
{
    bool falls = k->s.port & ~value & P2_RUN;
    // The processor that holds itself in reset would never let go.
    k->s.port = (value & (uint8_t)~P2_DERIVED) | P2_RUN;
    if (falls)
        pulse_reset(k);
}

static void write_data(void *ctx, uint64_t offset, unsigned size, uint64_t value)
{
    (void)offset, (void)size;
    struct kbc_8042 *k = ctx;
    struct kbc_8042_state *s = &k->s;
    uint8_t byte = (uint8_t)value, command = s->command;
    finish(k);
    s->status &= (uint8_t)~CMD;
    s->command = 0;
    s->busy_ns = clock_ns(k->clock) + COMMAND_NS;
    if (command == WRITE_RAM)
        set_command_byte(s, byte);
    else if (command > WRITE_RAM && command < WRITE_RAM + 32)
        s->ram[command - WRITE_RAM] = byte;
    else if (command == WRITE_OUTPUT_PORT)
        write_output_port(k, byte);
    else if (command == WRITE_KBD_BUFFER)
        begin(k, WORK_ANSWER, byte);
    else if (command == WRITE_AUX_BUFFER)
        begin(k, WORK_AUX_ANSWER, byte);
    else if (command == WRITE_AUX)
        begin(k, WORK_TO_AUX, byte);
    else {
        s->ram[0] &= (uint8_t)~CCB_KBD_OFF; // the controller turns the keyboard on to send
        begin(k, WORK_TO_KEYBOARD, byte);
    }
    update(k);
}

static uint64_t read_data(void *ctx, uint64_t offset, unsigned size)
{
    (void)offset, (void)size;
    struct kbc_8042 *k = ctx;
    k->s.status &= (uint8_t) ~(OBF | TIME_OUT);
    update(k);
    return k->s.output;
}

static uint64_t read_status(void *ctx, uint64_t offset, unsigned size)
{
    (void)offset, (void)size;
    const struct kbc_8042 *k = ctx;
    return k->s.status | (clock_ns(k->clock) < k->s.busy_ns ? IBF : 0u);
}

const struct io_ops kbc_8042_data_io = {.read = read_data, .write = write_data, .sizes = 1};
const struct io_ops kbc_8042_command_io = {.read = read_status, .write = write_command, .sizes = 1};

// ---- The board's side ----

void kbc_8042_firmware_setup(struct kbc_8042 *k)
{
    set_command_byte(&k->s, CCB_TRANSLATE | CCB_AUX_OFF | CCB_SYS | CCB_INT);
    update(k);
}

static void reset(void *self)
{
    struct kbc_8042 *k = self;
    k->s.ram[0] = CCB_KBD_OFF | CCB_AUX_OFF;
}

static const char *check(const void *self)
{
    const struct kbc_8042 *k = self;
    const struct kbc_8042_state *s = &k->s;
    if (s->status & IBF || !(s->status & UNLOCKED) || s->status & 0x80)
        return "kbc: status has a bit that is not kept there";
    if (s->port & P2_DERIVED || !(s->port & P2_RUN) || s->breaks > 1 || s->work > WORK_TO_AUX)
        return "kbc: port, breaks or work is out of range";
    return NULL;
}

const struct device_class kbc_8042_class = {
    .name = "kbc",
    .title = "Intel 8042 keyboard controller",
    .version = 1,
    .fields = kbc_8042_state_fields,
    .state_offset = offsetof(struct kbc_8042, s),
    .reset = reset,
    .check = check,
    .update = update,
};

void kbc_8042_init(struct kbc_8042 *k, struct clock *clock, uint32_t event_id)
{
    *k = (struct kbc_8042){.clock = clock};
    event_init(&k->event, clock, event_id, fire, k);
    device_reset(&(struct device){&kbc_8042_class, k});
}
