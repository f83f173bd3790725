// The options -smbios and -uuid, in QEMU's spelling.
//
// Not implemented: -smbios file=, types 2, 8, 9, 11 and 41, and the numbers among the fields.
#include "host/smbios.h"

#include <string.h>

static const struct {
    unsigned type;
    const char *name;
    enum machine_smbios_text text;
} fields[] = {
    {0, "vendor", SMBIOS_BIOS_VENDOR},
    {0, "version", SMBIOS_BIOS_VERSION},
    {0, "date", SMBIOS_BIOS_DATE},
    {1, "manufacturer", SMBIOS_SYSTEM_MANUFACTURER},
    {1, "product", SMBIOS_SYSTEM_PRODUCT},
    {1, "version", SMBIOS_SYSTEM_VERSION},
    {1, "serial", SMBIOS_SYSTEM_SERIAL},
    {1, "sku", SMBIOS_SYSTEM_SKU},
    {1, "family", SMBIOS_SYSTEM_FAMILY},
    {3, "manufacturer", SMBIOS_CHASSIS_MANUFACTURER},
    {3, "version", SMBIOS_CHASSIS_VERSION},
    {3, "serial", SMBIOS_CHASSIS_SERIAL},
    {3, "asset", SMBIOS_CHASSIS_ASSET},
    {3, "sku", SMBIOS_CHASSIS_SKU},
    {4, "manufacturer", SMBIOS_PROCESSOR_MANUFACTURER},
    {4, "version", SMBIOS_PROCESSOR_VERSION},
    {4, "serial", SMBIOS_PROCESSOR_SERIAL},
    {4, "asset", SMBIOS_PROCESSOR_ASSET},
    {4, "part", SMBIOS_PROCESSOR_PART},
    {17, "manufacturer", SMBIOS_MEMORY_MANUFACTURER},
    {17, "serial", SMBIOS_MEMORY_SERIAL},
    {17, "asset", SMBIOS_MEMORY_ASSET},
    {17, "part", SMBIOS_MEMORY_PART},
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool smbios_uuid(struct machine_smbios *s, const char *text)
{
    for (unsigned n = 0; n < 16; n++) {
        if ((n == 4 || n == 6 || n == 8 || n == 10) && *text++ != '-')
            return false;
        int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0)
            return false;
        s->uuid[n] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return !*text;
}

// Copies the text up to a single comma; false if it is too long.
static bool next_word(const char **value, char *word, size_t size)
{
    const char *from = *value;
    size_t n = 0;
    for (; *from && (*from != ',' || from[1] == ','); from++) {
        from += *from == ',';
        if (n + 1 < size)
            word[n] = *from;
        n++;
    }
    word[n < size ? n : size - 1] = 0;
    *value = from + (*from == ',');
    return n < size;
}

static const char *set_field(struct machine_smbios *s, unsigned type, const char *name, const char *text)
{
    if (type == 1 && !strcmp(name, "uuid"))
        return smbios_uuid(s, text) ? NULL : "is no UUID";
    for (unsigned n = 0; n < ARRAY_LEN(fields); n++) {
        if (fields[n].type != type || strcmp(fields[n].name, name) != 0)
            continue;
        if (strlen(text) >= MACHINE_SMBIOS_TEXT_MAX)
            return "is longer than 64 bytes";
        strcpy(s->text[fields[n].text], text);
        return NULL;
    }
    return "is not a field of that type that can be set";
}

const char *smbios_option(struct machine_smbios *s, const char *value, char *word, size_t size)
{
    const char *digits = value;
    unsigned type = 0;
    if (!next_word(&value, word, size) || strncmp(word, "type=", 5) != 0)
        return "does not begin with type=N";
    digits = word + 5;
    for (; *digits >= '0' && *digits <= '9' && type < 256; digits++)
        type = type * 10 + (unsigned)(*digits - '0');
    if (*digits || digits == word + 5 || (type != 0 && type != 1 && type != 3 && type != 4 && type != 17))
        return "is not a type that can be set: 0, 1, 3, 4 and 17 can";
    while (*value) {
        if (!next_word(&value, word, size))
            return "is too long";
        char *equals = strchr(word, '=');
        if (!equals)
            return "has no value";
        *equals = 0;
        const char *wrong = set_field(s, type, word, equals + 1);
        if (wrong)
            return wrong;
    }
    return NULL;
}
