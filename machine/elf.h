// ELF files for i386 and x86-64, as kernels are kept in them. All of a file is treated as hostile.
#ifndef MACHINE_ELF_H
#define MACHINE_ELF_H

#include "core/phys.h"

#define ELF_SEGMENTS_MAX 64u // that can be loaded of one file

enum { ELF_I386 = 3, ELF_X86_64 = 62 };

// An executable whose headers lie inside the file. `bytes` stays the caller's.
struct elf {
    const uint8_t *bytes;
    size_t size;
    const uint8_t *table; // program headers
    unsigned segments;
    uint16_t machine; // ELF_I386 (32-bit file) or ELF_X86_64 (64-bit file)
    uint64_t entry;
};

struct elf_segment {
    uint32_t type;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

// Physical memory from `from` up to, not including, `to`.
struct elf_range {
    uint64_t from, to;
};

// Whether a file begins as ELF files do, whatever follows.
bool elf_magic(const uint8_t *bytes, size_t size);

// Reads the headers; NULL, or what is wrong.
const char *elf_open(struct elf *e, const uint8_t *bytes, size_t size);

// Program header n, n < e->segments.
void elf_segment(const struct elf *e, unsigned n, struct elf_segment *s);

// Writes all segments of type LOAD to their physical addresses, each within one of the ranges, and tells the end of the
// last one. NULL, or what is wrong; memory may then hold some of them.
const char *elf_load(const struct elf *e, struct phys *phys, const struct elf_range *allowed, unsigned ranges,
                     uint64_t *end);

// The physical address of an entry point, which must lie in the file's part of a loaded segment: a physical address as
// it is, else a virtual one translated. False if it is neither.
bool elf_entry(const struct elf *e, uint64_t entry, uint64_t *addr);

// The content of the first note with this owner and type in the NOTE segments, or NULL.
const uint8_t *elf_note(const struct elf *e, const char *owner, uint32_t type, uint32_t *size);

// Writes to RAM, but leaves pages alone that have the content already: large parts of a kernel are zero, and pages that
// were never written cost the host nothing. NULL stands for zeros.
void elf_store(struct phys *phys, uint64_t addr, const uint8_t *bytes, uint64_t n);

#endif
