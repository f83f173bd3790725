// Names of keys as QEMU's monitor has them (the values of QKeyCode), with their USB HID usages (HID Usage Tables 1.12,
// keyboard page 07h, generic desktop page 01h, consumer page 0Ch).
//
// Not implemented: numbers in place of names.
#include "machine/keys.h"

#include <stdio.h>

// clang-format off
static const struct {
    const char *name;
    uint32_t usage;
} names[] = {
    {"shift", 0xe1}, {"shift_r", 0xe5}, {"alt", 0xe2}, {"alt_r", 0xe6}, {"ctrl", 0xe0}, {"ctrl_r", 0xe4},
    {"meta_l", 0xe3}, {"meta_r", 0xe7}, {"menu", 0xc0040}, {"compose", 0x65}, {"esc", 0x29}, {"1", 0x1e}, {"2", 0x1f},
    {"3", 0x20}, {"4", 0x21}, {"5", 0x22}, {"6", 0x23}, {"7", 0x24}, {"8", 0x25}, {"9", 0x26}, {"0", 0x27},
    {"minus", 0x2d}, {"equal", 0x2e}, {"backspace", 0x2a}, {"tab", 0x2b}, {"a", 0x04}, {"b", 0x05}, {"c", 0x06},
    {"d", 0x07}, {"e", 0x08}, {"f", 0x09}, {"g", 0x0a}, {"h", 0x0b}, {"i", 0x0c}, {"j", 0x0d}, {"k", 0x0e},
    {"l", 0x0f}, {"m", 0x10}, {"n", 0x11}, {"o", 0x12}, {"p", 0x13}, {"q", 0x14}, {"r", 0x15}, {"s", 0x16},
    {"t", 0x17}, {"u", 0x18}, {"v", 0x19}, {"w", 0x1a}, {"x", 0x1b}, {"y", 0x1c}, {"z", 0x1d}, {"bracket_left", 0x2f},
    {"bracket_right", 0x30}, {"ret", 0x28}, {"semicolon", 0x33}, {"apostrophe", 0x34}, {"grave_accent", 0x35},
    {"backslash", 0x31}, {"comma", 0x36}, {"dot", 0x37}, {"slash", 0x38}, {"asterisk", 0x55}, {"spc", 0x2c},
    {"caps_lock", 0x39}, {"less", 0x64}, {"f1", 0x3a}, {"f2", 0x3b}, {"f3", 0x3c}, {"f4", 0x3d}, {"f5", 0x3e},
    {"f6", 0x3f}, {"f7", 0x40}, {"f8", 0x41}, {"f9", 0x42}, {"f10", 0x43}, {"f11", 0x44}, {"f12", 0x45},
    {"f13", 0x68}, {"f14", 0x69}, {"f15", 0x6a}, {"f16", 0x6b}, {"f17", 0x6c}, {"f18", 0x6d}, {"f19", 0x6e},
    {"f20", 0x6f}, {"f21", 0x70}, {"f22", 0x71}, {"f23", 0x72}, {"f24", 0x73}, {"num_lock", 0x53},
    {"scroll_lock", 0x47}, {"sysrq", 0x9a}, {"print", 0x46}, {"pause", 0x48}, {"kp_divide", 0x54},
    {"kp_multiply", 0x55}, {"kp_subtract", 0x56}, {"kp_add", 0x57}, {"kp_enter", 0x58}, {"kp_decimal", 0x63},
    {"kp_comma", 0x85}, {"kp_equals", 0x67}, {"kp_0", 0x62}, {"kp_1", 0x59}, {"kp_2", 0x5a}, {"kp_3", 0x5b},
    {"kp_4", 0x5c}, {"kp_5", 0x5d}, {"kp_6", 0x5e}, {"kp_7", 0x5f}, {"kp_8", 0x60}, {"kp_9", 0x61}, {"home", 0x4a},
    {"pgup", 0x4b}, {"pgdn", 0x4e}, {"end", 0x4d}, {"left", 0x50}, {"up", 0x52}, {"down", 0x51}, {"right", 0x4f},
    {"insert", 0x49}, {"delete", 0x4c}, {"open", 0x74}, {"help", 0x75}, {"props", 0x76}, {"front", 0x77},
    {"stop", 0x78}, {"again", 0x79}, {"undo", 0x7a}, {"cut", 0x7b}, {"copy", 0x7c}, {"paste", 0x7d}, {"find", 0x7e},
    {"lf", 0x9e}, {"ro", 0x87}, {"katakanahiragana", 0x88}, {"yen", 0x89}, {"henkan", 0x8a}, {"muhenkan", 0x8b},
    {"lang1", 0x90}, {"lang2", 0x91}, {"hiragana", 0x93}, {"power", 0x10081}, {"sleep", 0x10082}, {"wake", 0x10083},
    {"audionext", 0xc00b5}, {"audioprev", 0xc00b6}, {"audiostop", 0xc00b7}, {"audioplay", 0xc00cd},
    {"audiomute", 0xc00e2}, {"volumeup", 0xc00e9}, {"volumedown", 0xc00ea}, {"mediaselect", 0xc0183},
    {"mail", 0xc018a}, {"calculator", 0xc0192}, {"computer", 0xc0194}, {"ac_home", 0xc0223}, {"ac_back", 0xc0224},
    {"ac_forward", 0xc0225}, {"ac_refresh", 0xc0227}, {"ac_bookmarks", 0xc022a},
};
// clang-format on

// The usage of the key whose name is the `length` characters at `name`, or 0.
static uint32_t usage_of(const char *name, size_t length)
{
    for (unsigned n = 0; n < ARRAY_LEN(names); n++)
        if (strlen(names[n].name) == length && !memcmp(names[n].name, name, length))
            return names[n].usage;
    return 0;
}

unsigned keys_parse(const char *text, uint32_t usage[KEYS_MAX], char *error, size_t size)
{
    unsigned count = 0;
    for (const char *rest = text; rest;) {
        size_t length = strcspn(rest, "-");
        uint32_t key = usage_of(rest, length);
        if (!length)
            snprintf(error, size, "a key's name is missing in '%.80s'", text);
        else if (!key)
            snprintf(error, size, "there is no key '%.*s'", (int)(length < 80 ? length : 80), rest);
        else if (count == KEYS_MAX)
            snprintf(error, size, "more than %u keys", KEYS_MAX);
        if (!length || !key || count == KEYS_MAX)
            return 0;
        usage[count++] = key;
        rest = rest[length] ? rest + length + 1 : NULL;
    }
    return count;
}

const char *keys_name(unsigned n)
{
    return n < ARRAY_LEN(names) ? names[n].name : NULL;
}
