// The IBM enhanced keyboard (IBM PS/2 Hardware Interface Technical Reference, 101/102-key keyboard), with the keys for
// Windows and media that later keyboards have (Microsoft, Keyboard Scan Code Specification). Keys come from outside as
// USB HID usages.
//
// Not implemented: scan codes of set 3 for keys that the 102-key keyboard does not have.
// Differs: the basic assurance test takes 5 ms, and none runs at power-on, as if firmware had waited for it; extended
// keys never come between false shift codes, whatever Num Lock and Shift are.
#include "devices/ps2_keyboard.h"

STATE_TABLE(ps2_keyboard_state, PS2_KEYBOARD_STATE);

enum {
    SET_LEDS = 0xed,
    ECHO = 0xee,
    SET_SCAN_CODES = 0xf0,
    IDENTIFY = 0xf2,
    SET_RATE = 0xf3,
    ENABLE = 0xf4,
    DEFAULT_DISABLE = 0xf5,
    SET_DEFAULT = 0xf6,
    ALL_TYPEMATIC = 0xf7,
    ALL_BREAKS = 0xf8,
    ALL_MAKE = 0xf9,
    ALL_TYPEMATIC_BREAKS = 0xfa,
    KEY_TYPEMATIC = 0xfb,
    KEY_BREAKS = 0xfc,
    KEY_MAKE = 0xfd,
    RESEND = 0xfe,
    RESET = 0xff,

    ACK = 0xfa,
    TEST_PASSED = 0xaa,
    OVERRUN_SET1 = 0xff,
    OVERRUN = 0x00,
    RELEASE = 0xf0,
    EXTENDED = 0xe0,
    PAUSE_PREFIX = 0xe1,

    RATE_DEFAULT = 0x2b, // 500 ms, 10.9 characters a second
    CODES_MAX = 8,
};

#define TEST_NS 5000000u

// Kinds of keys in set 3.
enum { MAKE = 0, TYPEMATIC = 1, BREAKS = 2, KINDS = 3 };

// Usages that are treated apart.
enum {
    PRINT_SCREEN = 0x46,
    PAUSE = 0x48,
    LEFT_CTRL = 0xe0,
    LEFT_SHIFT = 0xe1,
    LEFT_ALT = 0xe2,
    RIGHT_CTRL = 0xe4,
    RIGHT_SHIFT = 0xe5,
    RIGHT_ALT = 0xe6,
};

struct key {
    uint32_t usage;
    uint8_t extended; // E0h goes before the codes of sets 1 and 2
    uint8_t set1, set2, set3;
    uint8_t kind; // in set 3, by default
};

// The numbers of the rows are in saved machines: new ones go to the end.
// clang-format off
static const struct key keys[] = {
    {0x04, 0, 0x1e, 0x1c, 0x1c, TYPEMATIC}, // A
    {0x05, 0, 0x30, 0x32, 0x32, TYPEMATIC}, // B
    {0x06, 0, 0x2e, 0x21, 0x21, TYPEMATIC}, // C
    {0x07, 0, 0x20, 0x23, 0x23, TYPEMATIC}, // D
    {0x08, 0, 0x12, 0x24, 0x24, TYPEMATIC}, // E
    {0x09, 0, 0x21, 0x2b, 0x2b, TYPEMATIC}, // F
    {0x0a, 0, 0x22, 0x34, 0x34, TYPEMATIC}, // G
    {0x0b, 0, 0x23, 0x33, 0x33, TYPEMATIC}, // H
    {0x0c, 0, 0x17, 0x43, 0x43, TYPEMATIC}, // I
    {0x0d, 0, 0x24, 0x3b, 0x3b, TYPEMATIC}, // J
    {0x0e, 0, 0x25, 0x42, 0x42, TYPEMATIC}, // K
    {0x0f, 0, 0x26, 0x4b, 0x4b, TYPEMATIC}, // L
    {0x10, 0, 0x32, 0x3a, 0x3a, TYPEMATIC}, // M
    {0x11, 0, 0x31, 0x31, 0x31, TYPEMATIC}, // N
    {0x12, 0, 0x18, 0x44, 0x44, TYPEMATIC}, // O
    {0x13, 0, 0x19, 0x4d, 0x4d, TYPEMATIC}, // P
    {0x14, 0, 0x10, 0x15, 0x15, TYPEMATIC}, // Q
    {0x15, 0, 0x13, 0x2d, 0x2d, TYPEMATIC}, // R
    {0x16, 0, 0x1f, 0x1b, 0x1b, TYPEMATIC}, // S
    {0x17, 0, 0x14, 0x2c, 0x2c, TYPEMATIC}, // T
    {0x18, 0, 0x16, 0x3c, 0x3c, TYPEMATIC}, // U
    {0x19, 0, 0x2f, 0x2a, 0x2a, TYPEMATIC}, // V
    {0x1a, 0, 0x11, 0x1d, 0x1d, TYPEMATIC}, // W
    {0x1b, 0, 0x2d, 0x22, 0x22, TYPEMATIC}, // X
    {0x1c, 0, 0x15, 0x35, 0x35, TYPEMATIC}, // Y
    {0x1d, 0, 0x2c, 0x1a, 0x1a, TYPEMATIC}, // Z
    {0x1e, 0, 0x02, 0x16, 0x16, TYPEMATIC}, // 1
    {0x1f, 0, 0x03, 0x1e, 0x1e, TYPEMATIC}, // 2
    {0x20, 0, 0x04, 0x26, 0x26, TYPEMATIC}, // 3
    {0x21, 0, 0x05, 0x25, 0x25, TYPEMATIC}, // 4
    {0x22, 0, 0x06, 0x2e, 0x2e, TYPEMATIC}, // 5
    {0x23, 0, 0x07, 0x36, 0x36, TYPEMATIC}, // 6
    {0x24, 0, 0x08, 0x3d, 0x3d, TYPEMATIC}, // 7
    {0x25, 0, 0x09, 0x3e, 0x3e, TYPEMATIC}, // 8
    {0x26, 0, 0x0a, 0x46, 0x46, TYPEMATIC}, // 9
    {0x27, 0, 0x0b, 0x45, 0x45, TYPEMATIC}, // 0
    {0x28, 0, 0x1c, 0x5a, 0x5a, TYPEMATIC}, // Enter
    {0x29, 0, 0x01, 0x76, 0x08, MAKE}, // Esc
    {0x2a, 0, 0x0e, 0x66, 0x66, TYPEMATIC}, // Backspace
    {0x2b, 0, 0x0f, 0x0d, 0x0d, TYPEMATIC}, // Tab
    {0x2c, 0, 0x39, 0x29, 0x29, TYPEMATIC}, // Space
    {0x2d, 0, 0x0c, 0x4e, 0x4e, TYPEMATIC}, // -
    {0x2e, 0, 0x0d, 0x55, 0x55, TYPEMATIC}, // =
    {0x2f, 0, 0x1a, 0x54, 0x54, TYPEMATIC}, // [
    {0x30, 0, 0x1b, 0x5b, 0x5b, TYPEMATIC}, // ]
    {0x31, 0, 0x2b, 0x5d, 0x5c, TYPEMATIC}, // backslash
    {0x32, 0, 0x2b, 0x5d, 0x53, TYPEMATIC}, // # of other layouts
    {0x33, 0, 0x27, 0x4c, 0x4c, TYPEMATIC}, // ;
    {0x34, 0, 0x28, 0x52, 0x52, TYPEMATIC}, // '
    {0x35, 0, 0x29, 0x0e, 0x0e, TYPEMATIC}, // `
    {0x36, 0, 0x33, 0x41, 0x41, TYPEMATIC}, // ,
    {0x37, 0, 0x34, 0x49, 0x49, TYPEMATIC}, // .
    {0x38, 0, 0x35, 0x4a, 0x4a, TYPEMATIC}, // /
    {0x39, 0, 0x3a, 0x58, 0x14, BREAKS}, // Caps Lock
    {0x3a, 0, 0x3b, 0x05, 0x07, MAKE}, // F1
    {0x3b, 0, 0x3c, 0x06, 0x0f, MAKE}, // F2
    {0x3c, 0, 0x3d, 0x04, 0x17, MAKE}, // F3
    {0x3d, 0, 0x3e, 0x0c, 0x1f, MAKE}, // F4
    {0x3e, 0, 0x3f, 0x03, 0x27, MAKE}, // F5
    {0x3f, 0, 0x40, 0x0b, 0x2f, MAKE}, // F6
    {0x40, 0, 0x41, 0x83, 0x37, MAKE}, // F7
    {0x41, 0, 0x42, 0x0a, 0x3f, MAKE}, // F8
    {0x42, 0, 0x43, 0x01, 0x47, MAKE}, // F9
    {0x43, 0, 0x44, 0x09, 0x4f, MAKE}, // F10
    {0x44, 0, 0x57, 0x78, 0x56, MAKE}, // F11
    {0x45, 0, 0x58, 0x07, 0x5e, MAKE}, // F12
    {0x46, 0, 0x37, 0x7c, 0x57, MAKE}, // Print Screen: see key_codes()
    {0x47, 0, 0x46, 0x7e, 0x5f, MAKE}, // Scroll Lock
    {0x48, 0, 0x00, 0x00, 0x62, MAKE}, // Pause: see key_codes()
    {0x49, 1, 0x52, 0x70, 0x67, MAKE}, // Insert
    {0x4a, 1, 0x47, 0x6c, 0x6e, MAKE}, // Home
    {0x4b, 1, 0x49, 0x7d, 0x6f, MAKE}, // Page Up
    {0x4c, 1, 0x53, 0x71, 0x64, TYPEMATIC}, // Delete
    {0x4d, 1, 0x4f, 0x69, 0x65, MAKE}, // End
    {0x4e, 1, 0x51, 0x7a, 0x6d, MAKE}, // Page Down
    {0x4f, 1, 0x4d, 0x74, 0x6a, TYPEMATIC}, // Right
    {0x50, 1, 0x4b, 0x6b, 0x61, TYPEMATIC}, // Left
    {0x51, 1, 0x50, 0x72, 0x60, TYPEMATIC}, // Down
    {0x52, 1, 0x48, 0x75, 0x63, TYPEMATIC}, // Up
    {0x53, 0, 0x45, 0x77, 0x76, MAKE}, // Num Lock
    {0x54, 1, 0x35, 0x4a, 0x77, MAKE}, // keypad /
    {0x55, 0, 0x37, 0x7c, 0x7e, MAKE}, // keypad *
    {0x56, 0, 0x4a, 0x7b, 0x84, MAKE}, // keypad -
    {0x57, 0, 0x4e, 0x79, 0x7c, TYPEMATIC}, // keypad +
    {0x58, 1, 0x1c, 0x5a, 0x79, MAKE}, // keypad Enter
    {0x59, 0, 0x4f, 0x69, 0x69, MAKE}, // keypad 1
    {0x5a, 0, 0x50, 0x72, 0x72, MAKE}, // keypad 2
    {0x5b, 0, 0x51, 0x7a, 0x7a, MAKE}, // keypad 3
    {0x5c, 0, 0x4b, 0x6b, 0x6b, MAKE}, // keypad 4
    {0x5d, 0, 0x4c, 0x73, 0x73, MAKE}, // keypad 5
    {0x5e, 0, 0x4d, 0x74, 0x74, MAKE}, // keypad 6
    {0x5f, 0, 0x47, 0x6c, 0x6c, MAKE}, // keypad 7
    {0x60, 0, 0x48, 0x75, 0x75, MAKE}, // keypad 8
    {0x61, 0, 0x49, 0x7d, 0x7d, MAKE}, // keypad 9
    {0x62, 0, 0x52, 0x70, 0x70, MAKE}, // keypad 0
    {0x63, 0, 0x53, 0x71, 0x71, MAKE}, // keypad .
    {0x64, 0, 0x56, 0x61, 0x13, TYPEMATIC}, // key beside the left Shift
    {0x65, 1, 0x5d, 0x2f, 0x8d, MAKE}, // Menu
    {0x66, 1, 0x5e, 0x37, 0x00, MAKE}, // Power
    {0x67, 0, 0x59, 0x0f, 0x00, TYPEMATIC}, // keypad =
    {0x68, 0, 0x64, 0x08, 0x00, TYPEMATIC}, // F13
    {0x69, 0, 0x65, 0x10, 0x00, TYPEMATIC}, // F14
    {0x6a, 0, 0x66, 0x18, 0x00, TYPEMATIC}, // F15
    {0x6b, 0, 0x67, 0x20, 0x00, TYPEMATIC}, // F16
    {0x6c, 0, 0x68, 0x28, 0x00, TYPEMATIC}, // F17
    {0x6d, 0, 0x69, 0x30, 0x00, TYPEMATIC}, // F18
    {0x6e, 0, 0x6a, 0x38, 0x00, TYPEMATIC}, // F19
    {0x6f, 0, 0x6b, 0x40, 0x00, TYPEMATIC}, // F20
    {0x70, 0, 0x6c, 0x48, 0x00, TYPEMATIC}, // F21
    {0x71, 0, 0x6d, 0x50, 0x00, TYPEMATIC}, // F22
    {0x72, 0, 0x6e, 0x57, 0x00, TYPEMATIC}, // F23
    {0x73, 0, 0x76, 0x5f, 0x00, TYPEMATIC}, // F24
    {0x7f, 1, 0x20, 0x23, 0x00, MAKE}, // Mute
    {0x80, 1, 0x30, 0x32, 0x00, TYPEMATIC}, // Volume Up
    {0x81, 1, 0x2e, 0x21, 0x00, TYPEMATIC}, // Volume Down
    {0x85, 0, 0x7e, 0x6d, 0x7b, TYPEMATIC}, // keypad comma
    {0x87, 0, 0x73, 0x51, 0x51, TYPEMATIC}, // Ro
    {0x88, 0, 0x70, 0x13, 0x87, MAKE}, // Katakana Hiragana
    {0x89, 0, 0x7d, 0x6a, 0x5d, TYPEMATIC}, // Yen
    {0x8a, 0, 0x79, 0x64, 0x86, MAKE}, // Henkan
    {0x8b, 0, 0x7b, 0x67, 0x85, MAKE}, // Muhenkan
    {0xe0, 0, 0x1d, 0x14, 0x11, BREAKS}, // left Ctrl
    {0xe1, 0, 0x2a, 0x12, 0x12, BREAKS}, // left Shift
    {0xe2, 0, 0x38, 0x11, 0x19, BREAKS}, // left Alt
    {0xe3, 1, 0x5b, 0x1f, 0x8b, BREAKS}, // left GUI
    {0xe4, 1, 0x1d, 0x14, 0x58, MAKE}, // right Ctrl
    {0xe5, 0, 0x36, 0x59, 0x59, BREAKS}, // right Shift
    {0xe6, 1, 0x38, 0x11, 0x39, MAKE}, // right Alt
    {0xe7, 1, 0x5c, 0x27, 0x8c, BREAKS}, // right GUI
    {0x10081, 1, 0x5e, 0x37, 0x00, MAKE}, // system power
    {0x10082, 1, 0x5f, 0x3f, 0x00, MAKE}, // system sleep
    {0x10083, 1, 0x63, 0x5e, 0x00, MAKE}, // system wake
    {0xc00b5, 1, 0x19, 0x4d, 0x00, TYPEMATIC}, // next track
    {0xc00b6, 1, 0x10, 0x15, 0x00, TYPEMATIC}, // previous track
    {0xc00b7, 1, 0x24, 0x3b, 0x00, MAKE}, // stop
    {0xc00cd, 1, 0x22, 0x34, 0x00, MAKE}, // play
    {0xc00e2, 1, 0x20, 0x23, 0x00, MAKE}, // mute
    {0xc00e9, 1, 0x30, 0x32, 0x00, TYPEMATIC}, // volume up
    {0xc00ea, 1, 0x2e, 0x21, 0x00, TYPEMATIC}, // volume down
    {0xc0183, 1, 0x6d, 0x50, 0x00, MAKE}, // media player
    {0xc018a, 1, 0x6c, 0x48, 0x00, MAKE}, // mail
    {0xc0192, 1, 0x21, 0x2b, 0x00, MAKE}, // calculator
    {0xc0194, 1, 0x6b, 0x40, 0x00, MAKE}, // computer
    {0xc0221, 1, 0x65, 0x10, 0x00, MAKE}, // search
    {0xc0223, 1, 0x32, 0x3a, 0x00, MAKE}, // home page
    {0xc0224, 1, 0x6a, 0x38, 0x00, MAKE}, // back
    {0xc0225, 1, 0x69, 0x30, 0x00, MAKE}, // forward
    {0xc0226, 1, 0x68, 0x28, 0x00, MAKE}, // stop loading
    {0xc0227, 1, 0x67, 0x20, 0x00, MAKE}, // refresh
    {0xc022a, 1, 0x66, 0x18, 0x00, MAKE}, // bookmarks
    {0x9a, 0, 0x54, 0x84, 0x57, MAKE}, // SysRq
};
// clang-format on
_Static_assert(ARRAY_LEN(keys) <= PS2_KEYBOARD_KEYS, "the state has room for every key");

static uint64_t now(const struct ps2_keyboard *k)
{
    return clock_ns(k->clock);
}

// The row of a usage, or the number of rows.
static unsigned row_of(uint32_t usage)
{
    unsigned n = 0;
    while (n < ARRAY_LEN(keys) && keys[n].usage != usage)
        n++;
    return n;
}

static bool held(const struct ps2_keyboard *k, uint32_t left, uint32_t right)
{
    return k->s.down[row_of(left)] || k->s.down[row_of(right)];
}

static void update(void *self)
{
    struct ps2_keyboard *k = self;
    const struct ps2_keyboard_state *s = &k->s;
    event_set(&k->send, ps2_deadline(&s->sender[0]));
    uint64_t repeat = s->repeated ? s->repeat_ns : CLOCK_NEVER, test = s->test_ns ? s->test_ns : CLOCK_NEVER;
    event_set(&k->timer, repeat < test ? repeat : test);
}

// ---- Keys ----

static unsigned put_code(uint8_t *out, const struct ps2_keyboard_state *s, uint8_t code, bool up)
{
    unsigned n = 0;
    if (s->set != 1 && up)
        out[n++] = RELEASE;
    out[n++] = code | (s->set == 1 && up ? 0x80 : 0);
    return n;
}

// A code with E0h before it.
static unsigned put_extended(uint8_t *out, const struct ps2_keyboard_state *s, uint8_t code, bool up)
{
    out[0] = EXTENDED;
    return 1 + put_code(out + 1, s, code, up);
}

// The key behind the cursor keys: a shift goes with it, unless one is down; with Alt it is SysRq.
static unsigned print_screen_codes(const struct ps2_keyboard *k, bool up, uint8_t *out)
{
    const struct ps2_keyboard_state *s = &k->s;
    uint8_t main = s->set == 1 ? 0x37 : 0x7c, shift = s->set == 1 ? 0x2a : 0x12;
    if (held(k, LEFT_ALT, RIGHT_ALT))
        return put_code(out, s, s->set == 1 ? 0x54 : 0x84, up);
    if (held(k, LEFT_CTRL, RIGHT_CTRL) || held(k, LEFT_SHIFT, RIGHT_SHIFT))
        return put_extended(out, s, main, up);
    unsigned n = put_extended(out, s, up ? main : shift, up);
    return n + put_extended(out + n, s, up ? shift : main, up);
}

// Pause says all at once when it is pressed; with Ctrl it is Break.
static unsigned pause_codes(const struct ps2_keyboard *k, uint8_t *out)
{
    const struct ps2_keyboard_state *s = &k->s;
    uint8_t ctrl = s->set == 1 ? 0x1d : 0x14, num = s->set == 1 ? 0x45 : 0x77, scroll = s->set == 1 ? 0x46 : 0x7e;
    unsigned n = 0;
    for (unsigned up = 0; up < 2; up++) {
        if (held(k, LEFT_CTRL, RIGHT_CTRL)) {
            n += put_extended(out + n, s, scroll, up);
            continue;
        }
        out[n++] = PAUSE_PREFIX;
        n += put_code(out + n, s, ctrl, up);
        n += put_code(out + n, s, num, up);
    }
    return n;
}

// What a key says; up to CODES_MAX bytes, possibly none.
static unsigned key_codes(const struct ps2_keyboard *k, unsigned row, bool up, uint8_t *out)
{
    const struct ps2_keyboard_state *s = &k->s;
    const struct key *key = &keys[row];
    if (s->set == 3)
        return key->set3 && (!up || s->kind[row] & BREAKS) ? put_code(out, s, key->set3, up) : 0;
    if (key->usage == PRINT_SCREEN)
        return print_screen_codes(k, up, out);
    if (key->usage == PAUSE)
        return up ? 0 : pause_codes(k, out);
    uint8_t code = s->set == 1 ? key->set1 : key->set2;
    return key->extended ? put_extended(out, s, code, up) : put_code(out, s, code, up);
}

// All of a key's codes, or the overrun code in the last place.
static void say(struct ps2_keyboard *k, unsigned row, bool up)
{
    struct ps2_sender *sender = &k->s.sender[0];
    uint8_t codes[CODES_MAX];
    unsigned n = key_codes(k, row, up, codes);
    if (n <= PS2_QUEUE_BYTES - sender->queued) {
        for (unsigned i = 0; i < n; i++)
            ps2_queue(sender, now(k), codes[i]);
        return;
    }
    uint8_t overrun = k->s.set == 1 ? OVERRUN_SET1 : OVERRUN;
    if (sender->queued == PS2_QUEUE_BYTES)
        sender->queue[PS2_QUEUE_BYTES - 1] = overrun;
    else
        ps2_queue(sender, now(k), overrun);
}

static bool repeats(const struct ps2_keyboard *k, unsigned row)
{
    if (k->s.set == 3)
        return k->s.kind[row] & TYPEMATIC;
    return keys[row].usage != PAUSE;
}

static uint64_t delay_ns(const struct ps2_keyboard_state *s)
{
    return (uint64_t)250000000 * ((s->rate >> 5 & 3) + 1u);
}

// (8 + A) * 2^B / 240 s.
static uint64_t period_ns(const struct ps2_keyboard_state *s)
{
    return ((uint64_t)(8 + (s->rate & 7)) << (s->rate >> 3 & 3)) * 1000000000 / 240;
}

void ps2_keyboard_key(struct ps2_keyboard *k, uint32_t usage, bool down)
{
    struct ps2_keyboard_state *s = &k->s;
    unsigned row = row_of(usage);
    if (row == ARRAY_LEN(keys) || s->down[row] == down)
        return;
    // What goes with a key does not count the key itself.
    s->down[row] = down;
    if (!down && s->repeated == row + 1)
        s->repeated = 0;
    if (s->enabled && !s->test_ns) {
        say(k, row, !down);
        if (down) {
            s->repeated = repeats(k, row) ? (uint8_t)(row + 1) : 0;
            s->repeat_ns = now(k) + delay_ns(s);
        }
    }
    update(k);
}

// ---- Commands ----

static void set_kinds(struct ps2_keyboard_state *s, uint8_t kind)
{
    memset(s->kind, kind, ARRAY_LEN(keys));
}

static void set_defaults(struct ps2_keyboard_state *s)
{
    s->set = 2;
    s->rate = RATE_DEFAULT;
    for (unsigned n = 0; n < ARRAY_LEN(keys); n++)
        s->kind[n] = keys[n].kind;
}

static void forget(struct ps2_keyboard_state *s)
{
    s->sender[0].queued = 0;
    s->repeated = 0;
}

static void reply(struct ps2_keyboard *k, uint8_t byte)
{
    ps2_reply(&k->s.sender[0], now(k), byte);
}

// The parameter of an earlier command; false if it is none, but a command.
static bool take_parameter(struct ps2_keyboard *k, uint8_t command, uint8_t byte)
{
    struct ps2_keyboard_state *s = &k->s;
    switch (command) {
    case SET_LEDS:
        if (byte > 7)
            return false;
        s->leds = byte;
        break;
    case SET_SCAN_CODES:
        if (byte > 3)
            return false;
        reply(k, ACK);
        if (byte == 0) {
            reply(k, s->set);
        } else {
            forget(s);
            s->set = byte;
        }
        return true;
    case SET_RATE:
        if (byte & 0x80)
            return false;
        s->rate = byte;
        break;
    default: // kinds of single keys, one after the other
        if (byte >= SET_LEDS)
            return false;
        for (unsigned n = 0; n < ARRAY_LEN(keys); n++)
            if (byte && keys[n].set3 == byte)
                s->kind[n] = command == KEY_TYPEMATIC ? TYPEMATIC : command == KEY_BREAKS ? BREAKS : MAKE;
        s->command = command;
        break;
    }
    reply(k, ACK);
    return true;
}

static void run_command(struct ps2_keyboard *k, uint8_t command)
{
    struct ps2_keyboard_state *s = &k->s;
    switch (command) {
    case ECHO:
        reply(k, ECHO);
        return;
    case RESEND:
        reply(k, s->sender[0].last);
        return;
    case SET_LEDS:
    case SET_SCAN_CODES:
    case SET_RATE:
        s->command = command;
        break;
    case KEY_TYPEMATIC:
    case KEY_BREAKS:
    case KEY_MAKE:
        forget(s);
        s->command = command;
        break;
    case IDENTIFY:
        reply(k, ACK);
        reply(k, 0xab);
        reply(k, 0x83);
        return;
    case ENABLE:
        forget(s);
        s->enabled = 1;
        break;
    case DEFAULT_DISABLE:
    case SET_DEFAULT:
        forget(s);
        set_defaults(s);
        s->enabled = command == SET_DEFAULT ? s->enabled : 0;
        break;
    case ALL_TYPEMATIC:
    case ALL_BREAKS:
    case ALL_MAKE:
    case ALL_TYPEMATIC_BREAKS:
        forget(s);
        set_kinds(s, command == ALL_TYPEMATIC ? TYPEMATIC
                     : command == ALL_BREAKS  ? BREAKS
                     : command == ALL_MAKE    ? MAKE
                                              : TYPEMATIC | BREAKS);
        break;
    case RESET:
        forget(s);
        set_defaults(s);
        s->leds = 0;
        s->test_ns = now(k) + TEST_NS;
        break;
    default:
        reply(k, RESEND);
        return;
    }
    reply(k, ACK);
}

void ps2_keyboard_write(void *ctx, uint8_t byte)
{
    struct ps2_keyboard *k = ctx;
    struct ps2_keyboard_state *s = &k->s;
    uint8_t command = s->command;
    ps2_interrupt(&s->sender[0], now(k));
    s->command = 0;
    s->test_ns = 0;
    if (!command || !take_parameter(k, command, byte))
        run_command(k, byte);
    update(k);
}

// ---- Time ----

static void send_fire(void *ctx)
{
    struct ps2_keyboard *k = ctx;
    uint8_t byte = ps2_take(&k->s.sender[0], now(k));
    if (k->host.receive)
        k->host.receive(k->host.ctx, k->host.port, byte);
    update(k);
}

static void timer_fire(void *ctx)
{
    struct ps2_keyboard *k = ctx;
    struct ps2_keyboard_state *s = &k->s;
    uint64_t t = now(k);
    if (s->test_ns && t >= s->test_ns) {
        s->test_ns = 0;
        s->enabled = 1;
        reply(k, TEST_PASSED);
    }
    if (s->repeated && t >= s->repeat_ns) {
        say(k, s->repeated - 1u, false);
        s->repeat_ns = t + period_ns(s);
    }
    update(k);
}

void ps2_keyboard_clock(void *ctx, bool free)
{
    struct ps2_keyboard *k = ctx;
    if (ps2_clock(&k->s.sender[0], now(k), free))
        update(k);
}

// ---- The board's side ----

static void reset(void *self)
{
    struct ps2_keyboard *k = self;
    set_defaults(&k->s);
}

static const char *check(const void *self)
{
    const struct ps2_keyboard *k = self;
    const struct ps2_keyboard_state *s = &k->s;
    if (!ps2_plausible(&s->sender[0]))
        return "keyboard: sender";
    if (s->enabled > 1 || s->set < 1 || s->set > 3 || s->leds > 7 || s->rate & 0x80)
        return "keyboard: enabled, set, leds or rate is out of range";
    if (s->command && s->command != SET_LEDS && s->command != SET_SCAN_CODES && s->command != SET_RATE &&
        (s->command < KEY_TYPEMATIC || s->command > KEY_MAKE))
        return "keyboard: command takes no parameter";
    if (s->repeated > ARRAY_LEN(keys))
        return "keyboard: repeated is no key";
    for (unsigned n = 0; n < PS2_KEYBOARD_KEYS; n++)
        if (s->kind[n] > KINDS || s->down[n] > 1 || (n >= ARRAY_LEN(keys) && (s->kind[n] || s->down[n])))
            return "keyboard: kind or down is out of range";
    return NULL;
}

const struct device_class ps2_keyboard_class = {
    .name = "keyboard",
    .title = "PS/2 keyboard",
    .version = 1,
    .fields = ps2_keyboard_state_fields,
    .state_offset = offsetof(struct ps2_keyboard, s),
    .reset = reset,
    .check = check,
    .update = update,
};

void ps2_keyboard_init(struct ps2_keyboard *k, struct clock *clock, uint32_t first_id)
{
    *k = (struct ps2_keyboard){.clock = clock};
    event_init(&k->send, clock, first_id, send_fire, k);
    event_init(&k->timer, clock, first_id + 1, timer_fire, k);
    device_reset(&(struct device){&ps2_keyboard_class, k});
}
