// DMTF System Management BIOS 2.8 (DSP0134): the 32-bit entry point and structures of types 0, 1, 3, 4, 16, 17, 19, 32
// and 127. The texts are the user's (-smbios) or the board's own.
//
// Not implemented: structures of other types.
#include "machine/smbios.h"

enum {
    ENTRY_SIZE = 31,
    MEMORY_ARRAY = 0x1000, // handles; others are type << 8
    MEMORY_DEVICE = 0x1100,
    UNKNOWN = 2, // in most enumerations
    NO_HANDLE = 0xfffe,
};

struct builder {
    const struct machine_smbios *user;
    uint8_t table[SMBIOS_END - SMBIOS_TABLE];
    size_t size, largest;
    unsigned count;
    size_t begin;   // of the present structure
    unsigned texts; // of the present structure so far
    uint8_t text[MACHINE_SMBIOS_TEXT_MAX * 8];
    size_t text_size;
};

static void put(struct builder *b, unsigned bytes, uint64_t value)
{
    for (unsigned n = 0; n < bytes; n++)
        b->table[b->size++] = (uint8_t)(value >> 8 * n);
}

static void begin(struct builder *b, unsigned type, unsigned length, unsigned handle)
{
    b->begin = b->size;
    b->texts = 0;
    b->text_size = 0;
    put(b, 1, type);
    put(b, 1, length);
    put(b, 2, handle);
}

// The number of a text of the present structure; 0 for none.
static void put_text(struct builder *b, const char *text)
{
    size_t size = strlen(text) + 1;
    if (size == 1) {
        put(b, 1, 0);
        return;
    }
    memcpy(b->text + b->text_size, text, size);
    b->text_size += size;
    put(b, 1, ++b->texts);
}

// What the user gave, or else the board's own.
static void put_user_text(struct builder *b, enum machine_smbios_text n, const char *otherwise)
{
    put_text(b, b->user->text[n][0] ? b->user->text[n] : otherwise);
}

static void end(struct builder *b)
{
    memcpy(b->table + b->size, b->text, b->text_size);
    b->size += b->text_size;
    // Two zeros end a structure, also one without texts.
    put(b, b->text_size ? 1 : 2, 0);
    b->count++;
    if (b->size - b->begin > b->largest)
        b->largest = b->size - b->begin;
}

static void add_bios(struct builder *b)
{
    enum { NOT_SUPPORTED = 1 << 3, ACPI = 1, VIRTUAL_MACHINE = 0x10 };
    begin(b, 0, 24, 0);
    put_user_text(b, SMBIOS_BIOS_VENDOR, "Snowglobe");
    put_user_text(b, SMBIOS_BIOS_VERSION, "direct start");
    put(b, 2, 0xe800); // segment
    put_user_text(b, SMBIOS_BIOS_DATE, "01/01/2026");
    put(b, 1, 0); // 64 KiB
    put(b, 8, NOT_SUPPORTED);
    put(b, 1, ACPI);
    put(b, 1, VIRTUAL_MACHINE);
    put(b, 2, 0);      // release
    put(b, 2, 0xffff); // no embedded controller
    end(b);
}

static void add_system(struct builder *b)
{
    enum { POWER_SWITCH = 6 };
    begin(b, 1, 27, 0x100);
    put_user_text(b, SMBIOS_SYSTEM_MANUFACTURER, "Snowglobe");
    put_user_text(b, SMBIOS_SYSTEM_PRODUCT, "pc-1");
    put_user_text(b, SMBIOS_SYSTEM_VERSION, "1");
    put_user_text(b, SMBIOS_SYSTEM_SERIAL, "");
    // The first three fields are little endian since version 2.6.
    static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    for (unsigned n = 0; n < 16; n++)
        put(b, 1, b->user->uuid[order[n]]);
    put(b, 1, POWER_SWITCH);
    put_user_text(b, SMBIOS_SYSTEM_SKU, "");
    put_user_text(b, SMBIOS_SYSTEM_FAMILY, "");
    end(b);
}

static void add_chassis(struct builder *b)
{
    enum { OTHER = 1, SAFE = 3 };
    begin(b, 3, 22, 0x300);
    put_user_text(b, SMBIOS_CHASSIS_MANUFACTURER, "Snowglobe");
    put(b, 1, OTHER);
    put_user_text(b, SMBIOS_CHASSIS_VERSION, "pc-1");
    put_user_text(b, SMBIOS_CHASSIS_SERIAL, "");
    put_user_text(b, SMBIOS_CHASSIS_ASSET, "");
    put(b, 1, SAFE); // boot-up state
    put(b, 1, SAFE); // power supply
    put(b, 1, SAFE); // thermal
    put(b, 1, UNKNOWN);
    put(b, 4, 0); // OEM
    put(b, 1, 0); // height
    put(b, 1, 0); // power cords
    put(b, 2, 0); // contained elements
    put_user_text(b, SMBIOS_CHASSIS_SKU, "");
    end(b);
}

static void add_processor(struct builder *b, const struct smbios_config *config)
{
    enum { OTHER = 1, CENTRAL = 3, POPULATED_ENABLED = 0x41, MHZ = 1000, NO_CACHE = 0xffff };
    begin(b, 4, 42, 0x400);
    put_text(b, "CPU 0");
    put(b, 1, CENTRAL);
    put(b, 1, OTHER); // family
    put_user_text(b, SMBIOS_PROCESSOR_MANUFACTURER, "Snowglobe");
    put(b, 4, config->signature);
    put(b, 4, config->features);
    put_user_text(b, SMBIOS_PROCESSOR_VERSION, "pc-1");
    put(b, 1, 0);   // voltage
    put(b, 2, 0);   // external clock
    put(b, 2, MHZ); // the time-stamp counter's
    put(b, 2, MHZ);
    put(b, 1, POPULATED_ENABLED);
    put(b, 1, OTHER); // upgrade
    put(b, 2, NO_CACHE);
    put(b, 2, NO_CACHE);
    put(b, 2, NO_CACHE);
    put_user_text(b, SMBIOS_PROCESSOR_SERIAL, "");
    put_user_text(b, SMBIOS_PROCESSOR_ASSET, "");
    put_user_text(b, SMBIOS_PROCESSOR_PART, "");
    put(b, 1, config->cpus); // cores, enabled, threads
    put(b, 1, 1);
    put(b, 1, config->cpus);
    put(b, 2, 2); // characteristics: unknown
    put(b, 2, OTHER);
    end(b);
}

static void add_memory_array(struct builder *b, uint64_t bytes)
{
    enum { SYSTEM_BOARD = 3, SYSTEM_MEMORY = 3, NO_ECC = 3 };
    begin(b, 16, 23, MEMORY_ARRAY);
    put(b, 1, SYSTEM_BOARD);
    put(b, 1, SYSTEM_MEMORY);
    put(b, 1, NO_ECC);
    put(b, 4, bytes >> 10);
    put(b, 2, NO_HANDLE); // no error information
    put(b, 2, 1);         // devices
    put(b, 8, 0);
    end(b);
}

static void add_memory_device(struct builder *b, uint64_t bytes)
{
    enum { DIMM = 9, RAM = 7, DETAIL_OTHER = 2, USE_EXTENDED = 0x7fff };
    uint64_t mib = bytes >> 20;
    begin(b, 17, 40, MEMORY_DEVICE);
    put(b, 2, MEMORY_ARRAY);
    put(b, 2, NO_HANDLE);
    put(b, 2, 0xffff); // widths
    put(b, 2, 0xffff);
    put(b, 2, mib < USE_EXTENDED ? mib : USE_EXTENDED);
    put(b, 1, DIMM);
    put(b, 1, 0); // set
    put_text(b, "DIMM 0");
    put_text(b, "");
    put(b, 1, RAM);
    put(b, 2, DETAIL_OTHER);
    put(b, 2, 0); // speed
    put_user_text(b, SMBIOS_MEMORY_MANUFACTURER, "Snowglobe");
    put_user_text(b, SMBIOS_MEMORY_SERIAL, "");
    put_user_text(b, SMBIOS_MEMORY_ASSET, "");
    put_user_text(b, SMBIOS_MEMORY_PART, "");
    put(b, 1, 0); // rank
    put(b, 4, mib < USE_EXTENDED ? 0 : mib);
    put(b, 2, 0); // configured speed
    put(b, 6, 0); // voltages
    end(b);
}

// In KiB, or in bytes where 32 bits do not hold that.
static void add_memory_range(struct builder *b, unsigned n, uint64_t from, uint64_t bytes)
{
    if (!bytes)
        return;
    bool extended = (from + bytes) >> 10 > UINT32_MAX;
    begin(b, 19, 31, 0x1300 + n);
    put(b, 4, extended ? UINT32_MAX : from >> 10);
    put(b, 4, extended ? UINT32_MAX : (from + bytes - 1) >> 10);
    put(b, 2, MEMORY_ARRAY);
    put(b, 1, 1); // devices in a row
    put(b, 8, extended ? from : 0);
    put(b, 8, extended ? from + bytes - 1 : 0);
    end(b);
}

static void add_boot_information(struct builder *b)
{
    begin(b, 32, 11, 0x2000);
    put(b, 6, 0);
    put(b, 1, 0); // no errors
    end(b);
}

static uint8_t checksum(const uint8_t *bytes, size_t n)
{
    uint8_t sum = 0;
    while (n--)
        sum = (uint8_t)(sum + *bytes++);
    return (uint8_t)-sum;
}

bool smbios_build(struct phys *phys, const struct smbios_config *config)
{
    struct builder b = {.user = config->texts};
    add_bios(&b);
    add_system(&b);
    add_chassis(&b);
    add_processor(&b, config);
    add_memory_array(&b, config->low_bytes + config->high_bytes);
    add_memory_device(&b, config->low_bytes + config->high_bytes);
    add_memory_range(&b, 0, 0, config->low_bytes);
    add_memory_range(&b, 1, (uint64_t)1 << 32, config->high_bytes);
    add_boot_information(&b);
    begin(&b, 127, 4, 0x7f00);
    end(&b);

    uint8_t entry[ENTRY_SIZE] = "_SM_", got[ENTRY_SIZE];
    entry[5] = ENTRY_SIZE;
    entry[6] = 2; // version 2.8
    entry[7] = 8;
    store_u16(entry + 8, (uint16_t)b.largest);
    memcpy(entry + 16, "_DMI_", 5);
    store_u16(entry + 22, (uint16_t)b.size);
    store_u32(entry + 24, SMBIOS_TABLE);
    store_u16(entry + 28, (uint16_t)b.count);
    entry[30] = 0x28;
    entry[21] = checksum(entry + 16, ENTRY_SIZE - 16);
    entry[4] = checksum(entry, ENTRY_SIZE);
    phys_write(phys, SMBIOS_TABLE, b.table, b.size);
    phys_write(phys, SMBIOS_ENTRY, entry, sizeof entry);
    phys_read(phys, SMBIOS_ENTRY, got, sizeof got);
    return !memcmp(entry, got, sizeof got);
}
