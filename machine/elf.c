// Reading ELF (System V ABI, chapters 4 and 5; the i386 and x86-64 supplements): headers, LOAD segments by physical
// address, notes.
//
// Not implemented: other machines and byte orders, relocation, more than ELF_SEGMENTS_MAX segments.
#include "machine/elf.h"

// Where the fields are in each class, and how wide addresses and offsets are.
enum { EI_CLASS = 4, EI_DATA = 5, E_TYPE = 16, E_MACHINE = 18, E_ENTRY = 24, P_TYPE = 0, ET_EXEC = 2 };
enum { PT_LOAD = 1, PT_NOTE = 4, NOTE_HEADER = 12 };
struct elf_layout {
    uint8_t wide; // bytes
    uint8_t class_id;
    uint16_t machine;
    uint8_t e_phoff, e_phentsize, e_phnum, ehdr_size;
    uint8_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align, phdr_size;
};
// clang-format off
static const struct elf_layout elf64 = {8, 2, ELF_X86_64, 32, 54, 56, 64, 8, 16, 24, 32, 40, 48, 56};
static const struct elf_layout elf32 = {4, 1, ELF_I386,   28, 42, 44, 52, 4,  8, 12, 16, 20, 28, 32};
// clang-format on

static const struct elf_layout *layout(const struct elf *e)
{
    return e->machine == ELF_X86_64 ? &elf64 : &elf32;
}

bool elf_magic(const uint8_t *bytes, size_t size)
{
    static const uint8_t magic[] = {0x7f, 'E', 'L', 'F'};
    return size >= elf32.ehdr_size && !memcmp(bytes, magic, sizeof magic);
}

const char *elf_open(struct elf *e, const uint8_t *bytes, size_t size)
{
    if (!elf_magic(bytes, size))
        return "not an ELF file";
    const struct elf_layout *f = bytes[EI_CLASS] == elf64.class_id ? &elf64 : &elf32;
    if (bytes[EI_CLASS] != f->class_id || bytes[EI_DATA] != 1 || load_u16(bytes + E_MACHINE) != f->machine)
        return "the ELF file is not for i386 or x86-64";
    if (size < f->ehdr_size || load_u16(bytes + E_TYPE) != ET_EXEC)
        return "the ELF file is not an executable";
    uint64_t table = load_le(bytes + f->e_phoff, f->wide);
    unsigned count = load_u16(bytes + f->e_phnum);
    uint64_t table_bytes = (uint64_t)count * f->phdr_size;
    if (load_u16(bytes + f->e_phentsize) != f->phdr_size || table > size || table_bytes > size - table)
        return "the ELF file's program headers are damaged";
    *e = (struct elf){bytes, size, bytes + table, count, f->machine, load_le(bytes + E_ENTRY, f->wide)};
    return NULL;
}

void elf_segment(const struct elf *e, unsigned n, struct elf_segment *s)
{
    const struct elf_layout *f = layout(e);
    const uint8_t *header = e->table + (size_t)n * f->phdr_size;
    *s = (struct elf_segment){
        .type = load_u32(header + P_TYPE),
        .offset = load_le(header + f->p_offset, f->wide),
        .vaddr = load_le(header + f->p_vaddr, f->wide),
        .paddr = load_le(header + f->p_paddr, f->wide),
        .filesz = load_le(header + f->p_filesz, f->wide),
        .memsz = load_le(header + f->p_memsz, f->wide),
        .align = load_le(header + f->p_align, f->wide),
    };
}

void elf_store(struct phys *phys, uint64_t addr, const uint8_t *bytes, uint64_t n)
{
    static const uint8_t zeros[PAGE_SIZE];
    while (n) {
        uint64_t off = addr & PAGE_MASK, part = PAGE_SIZE - off;
        part = part < n ? part : n;
        const uint8_t *from = bytes ? bytes : zeros;
        const struct phys_page *page = phys_page(phys, addr);
        if (!page || memcmp(page->host + off, from, part))
            phys_write(phys, addr, from, part);
        addr += part;
        n -= part;
        if (bytes)
            bytes += part;
    }
}

static bool inside(const struct elf_range *allowed, unsigned ranges, uint64_t addr, uint64_t size)
{
    for (unsigned n = 0; n < ranges; n++)
        if (addr >= allowed[n].from && addr < allowed[n].to && size <= allowed[n].to - addr)
            return true;
    return false;
}

const char *elf_load(const struct elf *e, struct phys *phys, const struct elf_range *allowed, unsigned ranges,
                     uint64_t *end)
{
    struct elf_segment loaded[ELF_SEGMENTS_MAX];
    unsigned count = 0;
    *end = 0;
    for (unsigned n = 0; n < e->segments; n++) {
        struct elf_segment s;
        elf_segment(e, n, &s);
        if (s.type != PT_LOAD || !s.memsz)
            continue;
        if (s.filesz > s.memsz || s.offset > e->size || s.filesz > e->size - s.offset)
            return "a segment lies outside the file";
        if (!inside(allowed, ranges, s.paddr, s.memsz))
            return "a segment lies outside the memory that is there for it";
        for (unsigned k = 0; k < count; k++)
            if (s.paddr < loaded[k].paddr + loaded[k].memsz && loaded[k].paddr < s.paddr + s.memsz)
                return "two segments overlap";
        if (count == ELF_SEGMENTS_MAX)
            return "it has too many segments";
        loaded[count++] = s;
        elf_store(phys, s.paddr, e->bytes + s.offset, s.filesz);
        elf_store(phys, s.paddr + s.filesz, NULL, s.memsz - s.filesz);
        if (s.paddr + s.memsz > *end)
            *end = s.paddr + s.memsz;
    }
    return count ? NULL : "it has no segments to load";
}

bool elf_entry(const struct elf *e, uint64_t entry, uint64_t *addr)
{
    bool found = false;
    for (unsigned n = 0; n < e->segments; n++) {
        struct elf_segment s;
        elf_segment(e, n, &s);
        if (s.type != PT_LOAD)
            continue;
        if (entry >= s.paddr && entry - s.paddr < s.filesz) {
            *addr = entry;
            return true;
        }
        if (entry >= s.vaddr && entry - s.vaddr < s.filesz) {
            *addr = s.paddr + (entry - s.vaddr);
            found = true;
        }
    }
    return found;
}

static const uint8_t *note_in(const uint8_t *at, uint64_t left, uint64_t align, const char *owner, uint32_t type,
                              uint32_t *size)
{
    size_t owner_size = strlen(owner) + 1;
    while (left >= NOTE_HEADER) {
        uint32_t name_size = load_u32(at), content = load_u32(at + 4);
        uint64_t from = (NOTE_HEADER + (uint64_t)name_size + align - 1) & ~(align - 1);
        uint64_t next = (from + content + align - 1) & ~(align - 1);
        if (from > left || content > left - from)
            return NULL;
        if (name_size == owner_size && !memcmp(at + NOTE_HEADER, owner, owner_size) && load_u32(at + 8) == type) {
            *size = content;
            return at + from;
        }
        if (next > left)
            return NULL;
        at += next;
        left -= next;
    }
    return NULL;
}

const uint8_t *elf_note(const struct elf *e, const char *owner, uint32_t type, uint32_t *size)
{
    for (unsigned n = 0; n < e->segments; n++) {
        struct elf_segment s;
        elf_segment(e, n, &s);
        if (s.type != PT_NOTE || s.offset > e->size || s.filesz > e->size - s.offset)
            continue;
        const uint8_t *note = note_in(e->bytes + s.offset, s.filesz, s.align == 8 ? 8 : 4, owner, type, size);
        if (note)
            return note;
    }
    return NULL;
}
