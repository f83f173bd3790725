// The human monitor: what it answers, in QEMU's shapes; its line editor; garbage; and that looking changes nothing.
#include "machine/monitor.h"
#include "tests/unit/outside_rig.h"

#include "machine/disasm.h"

static void type(struct monitor *m, const char *text)
{
    monitor_input(m, (const uint8_t *)text, strlen(text));
}

// What one command answers, with newlines for the terminal's line ends.
static const char *answer(struct rig *r, struct monitor *m, const char *line)
{
    rig_forget(r);
    monitor_command(m, line);
    size_t n = 0;
    for (size_t k = 0; k <= r->length; k++)
        if (r->heard[k] != '\r')
            r->heard[n++] = r->heard[k];
    return r->heard;
}

static struct monitor *commands(struct rig *r)
{
    struct char_backend out = rig_out(r);
    rig_begin(r, true);
    struct monitor *m = monitor_create(&r->c, &out, MONITOR_COMMANDS);
    assert_non_null(m);
    return m;
}

static void end(struct rig *r, struct monitor *m)
{
    monitor_destroy(m);
    rig_end(r);
}

static void test_dialogue(void **state)
{
    struct rig r;
    (void)state;
    rig_begin(&r, true);
    struct char_backend out = rig_out(&r);
    struct monitor *m = monitor_create(&r.c, &out, MONITOR_TERMINAL);
    monitor_opened(m);
    assert_string_equal(r.heard, "Snowglobe 1.2.3 monitor - type 'help' for more information\r\n(qemu) ");
    rig_forget(&r);
    type(m, "p 1+2*3\n");
    assert_string_equal(r.heard, "p 1+2*3\r\n0x7\r\n(qemu) ");
    rig_forget(&r);
    type(m, "\r\n");
    assert_string_equal(r.heard, "\r\n(qemu) ");
    rig_forget(&r);
    type(m, "foo\r");
    assert_string_equal(r.heard, "foo\r\nunknown command: 'foo'\r\n(qemu) ");
    monitor_closed(m);
    end(&r, m);
}

static void test_plain(void **state)
{
    struct rig r;
    (void)state;
    rig_begin(&r, true);
    struct char_backend out = rig_out(&r);
    struct monitor *m = monitor_create(&r.c, &out, MONITOR_PLAIN);
    monitor_opened(m);
    rig_forget(&r);
    type(m, "p 7\n");
    assert_string_equal(r.heard, "0x7\r\n(qemu) ");
    end(&r, m);
}

static void test_expressions(void **state)
{
    static const struct {
        const char *line, *answer;
    } cases[] = {
        {"p 1+2*3", "0x7\n"},
        {"p (1+2)*3", "0x9\n"},
        {"p 7 & 3 + 8", "0xb\n"}, // & before +
        {"p 6|1^3", "0x4\n"},
        {"p/d 0-5", "-5\n"},
        {"p/x ~0", "0xffffffffffffffff\n"},
        {"p 'A'", "0x41\n"},
        {"p/c 65", "'A'\n"},
        {"p/c 10", "'\\n'\n"},
        {"p/c 0x80", "'\\x80'\n"},
        {"p/o 8", "010\n"},
        {"p/u 0xffffffffffffffff", "18446744073709551615\n"},
        {"p/x 0x10%7", "0x2\n"},
        {"print $rsp", "0x7000\n"},
        {"p $esp + $ax*2", "0x7000\n"},
        {"p $pc", "0x8000\n"},
        {"p $eflags & 2", "0x2\n"},
        {"p $cs", "0\n"},
        {"p $cs.base", "0\n"},
        {"p $r8d", "0\n"},
        {"p $cr0", "0x60000010\n"},
        {"p $sp", "0x7000\n"},
        {"p $nothing", "unknown register\nTry \"help p\" for more information\n"},
        {"p", "unexpected end of expression\nTry \"help p\" for more information\n"},
        {"p 5/0", "division by zero\nTry \"help p\" for more information\n"},
        {"p (1", "')' expected\nTry \"help p\" for more information\n"},
        {"p 1 1", "p: extraneous characters at the end of line\nTry \"help p\" for more information\n"},
        {"p/q 1", "invalid char in format: 'q'\nTry \"help p\" for more information\n"},
        {"p '", "missing terminating ' character\nTry \"help p\" for more information\n"},
    };
    struct rig r;
    (void)state;
    struct monitor *m = commands(&r);
    for (size_t n = 0; n < ARRAY_LEN(cases); n++) {
        answer(&r, m, "p/x 0");
        assert_string_equal(answer(&r, m, cases[n].line), cases[n].answer);
    }
    char deep[600] = "p ";
    memset(deep + 2, '(', 500);
    assert_non_null(strstr(answer(&r, m, deep), "too deep"));
    end(&r, m);
}

static void test_memory(void **state)
{
    static const uint8_t bytes[16] = {0x02, 0xb0, 0xad, 0x1b, 0x03, 0, 0, 0, 'A', '\n', 0x80, 0xff, 1, 2, 3, 4};
    static const struct {
        const char *line, *answer;
    } cases[] = {
        {"xp/3xw 0x9100", "0000000000009100: 0x1badb002 0x00000003 0xff800a41\n"},
        {"x/2xw 0x9100", "0000000000009100: 0x1badb002 0x00000003\n"},
        {"x 0x9104", "0000000000009104: 0x00000003\n"},
        {"x/4xb 0x9100", "0000000000009100: 0x02 0xb0 0xad 0x1b\n"},
        {"x/4c 0x9108", "0000000000009108: 'A' '\\n' '\\x80' '\\xff'\n"},
        {"xp/1xg 0x9100", "0000000000009100: 0x000000031badb002\n"},
        {"x/3dh 0x9100", "0000000000009100: -20478  7085     3\n"},
        {"x/2ub 0x9100", "0000000000009100:   2 176\n"},
        {"x/2ob 0x9100", "0000000000009100:  02 0260\n"},
        {"x/5xw 0x9100", "0000000000009100: 0x1badb002 0x00000003 0xff800a41 0x04030201\n"
                         "0000000000009110: 0x00000000\n"},
        {"xp/2xw 0xf0000000", "00000000f0000000: Cannot access memory\n"},
        {"xp/0xw 0x9100", ""},
        {"sum 0x9100 2", "00177\n"},
        {"sum 0xf0000000 2", "Cannot access memory\n"},
        {"gva2gpa 0x9100", "gpa: 0x9100\n"},
        {"i/b 0x64", "portb[0x0064] = 0x1c\n"},
        {"o/b 0x80 0x12", ""},
        {"i/g 0x64", "a port access has 1, 2 or 4 bytes\nTry \"help i\" for more information\n"},
    };
    struct rig r;
    (void)state;
    struct monitor *m = commands(&r);
    control_write(&r.c, SPACE_PHYSICAL, 0x9100, bytes, sizeof bytes);
    for (size_t n = 0; n < ARRAY_LEN(cases); n++)
        assert_string_equal(answer(&r, m, cases[n].line), cases[n].answer);
    assert_non_null(strstr(answer(&r, m, "x/10000000xb 0"), "(cut after 64 KiB)\n"));
    end(&r, m);
}

static void test_code(void **state)
{
    struct rig r;
    (void)state;
    struct monitor *m = commands(&r);
    if (!disasm_present())
        skip();
    assert_string_equal(answer(&r, m, "x/3i $pc"), "0x00008000:  31 c0                    xor %ax, %ax\n"
                                                   "0x00008002:  40                       inc %ax\n"
                                                   "0x00008003:  a3 00 90                 mov %ax, 0x9000\n");
    assert_string_equal(answer(&r, m, "x/1iw 0x8003"), "0x00008003:  a3 00 90 8b 1e           mov %eax, 0x1e8b9000\n");
    assert_string_equal(answer(&r, m, "xp/2i 0xf0000000"), "0xf0000000: unable to read memory\n");
    end(&r, m);
}

static void test_files(void **state)
{
    struct rig r;
    (void)state;
    struct monitor *m = commands(&r);
    assert_string_equal(answer(&r, m, "memsave 0x8000 5000 \"a file\""), "");
    assert_string_equal(r.file_name, "a file");
    assert_int_equal(r.file_length, 5000);
    assert_memory_equal(r.file, program, sizeof program);
    assert_string_equal(answer(&r, m, "pmemsave 0x1ffff0 32 x"),
                        "Error: Invalid addr 0x00000000001ffff0/size 32 specified\n");
    assert_int_equal(r.file_length, 16);
    assert_string_equal(answer(&r, m, "pmemsave 0 4 bad"), "Error: bad: no such place\n");
    assert_string_equal(answer(&r, m, "pmemsave 0 100000000 x"), "Error: x: cannot be written\n");
    assert_string_equal(answer(&r, m, "pmemsave 0 4 \"x"), "pmemsave: unterminated string\nTry \"help pmemsave\" for "
                                                           "more information\n");
    assert_int_equal(r.files, 0);
    r.outside.create_file = NULL;
    assert_string_equal(answer(&r, m, "memsave 0 4 x"), "Error: files cannot be written from here\n");
    end(&r, m);
}

static void test_run(void **state)
{
    struct rig r;
    (void)state;
    struct monitor *m = commands(&r);
    assert_string_equal(answer(&r, m, "info status"), "VM status: paused (prelaunch)\n");
    assert_string_equal(answer(&r, m, "break 0x8003"), "Breakpoint 1 at 0x8003\n");
    assert_string_equal(answer(&r, m, "watch 0x9000 2 rw"), "Watchpoint 2 at 0x9000\n");
    assert_string_equal(answer(&r, m, "info breakpoints"), "Num  Type         Address             Size\n"
                                                           "1    break        0x0000000000008003  1\n"
                                                           "2    watch        0x0000000000009000  2\n");
    answer(&r, m, "c");
    assert_int_equal(rig_go(&r), MACHINE_STOPPED);
    assert_string_equal(answer(&r, m, "p/x $eip"), "0x8003\n");
    assert_string_equal(answer(&r, m, "info status"), "VM status: paused (debug)\n");
    answer(&r, m, "cont");
    assert_int_equal(rig_go(&r), MACHINE_STOPPED);
    assert_string_equal(answer(&r, m, "p $eip"), "0x8006\n");
    assert_string_equal(answer(&r, m, "delete 7"), "there is no point 7\n");
    assert_string_equal(answer(&r, m, "delete 2"), "");
    assert_string_equal(answer(&r, m, "delete"), "");
    assert_string_equal(answer(&r, m, "info breakpoints"), "No breakpoints or watchpoints.\n");
    assert_string_equal(answer(&r, m, "watch 0xffffffffffffffff 2"),
                        "watch: it goes beyond the end of memory\nTry \"help watch\" for more information\n");
    answer(&r, m, "c");
    assert_int_equal(rig_go(&r), MACHINE_STUCK);
    answer(&r, m, "stop");
    assert_true(r.c.paused);
    answer(&r, m, "system_reset");
    answer(&r, m, "q");
    assert_true(r.c.quit);
    end(&r, m);
}

// Steps end with the next instruction and the prompt; what is typed meanwhile waits.
static void test_steps(void **state)
{
    struct rig r;
    (void)state;
    rig_begin(&r, true);
    struct char_backend out = rig_out(&r);
    struct monitor *m = monitor_create(&r.c, &out, MONITOR_PLAIN);
    monitor_opened(m);
    rig_forget(&r);
    type(m, "step 3\np $eip\nstep\nbreak 0x8011\nc\n");
    assert_false(r.c.paused);
    assert_string_equal(r.heard, "");
    rig_go(&r);
    rig_says(&r, "0x00008006:");
    rig_says(&r, "0x8006\r\n(qemu) ");
    rig_says(&r, "0x0000800a:");
    rig_says(&r, "Breakpoint 1 at 0x8011\r\n(qemu) ");
    rig_says(&r, "Breakpoint 1, 0x8011\r\n0x00008011:");
    assert_string_equal(r.heard + r.length - 7, "(qemu) ");
    assert_int_equal(control_cpu(&r.c)->reg[RAX], 100);
    type(m, "step 1000000\n");
    type(m, "\003");
    assert_true(r.c.paused);
    monitor_closed(m);
    end(&r, m);
}

// What a debugger has set is no news for the monitor's client.
static void test_points_of_others(void **state)
{
    struct rig r;
    (void)state;
    rig_begin(&r, true);
    struct char_backend out = rig_out(&r);
    struct monitor *m = monitor_create(&r.c, &out, MONITOR_TERMINAL);
    monitor_opened(m);
    control_add_point(&r.c, OBSERVE_EXEC, 0x8006, 1);
    type(m, "c\n");
    rig_forget(&r);
    assert_int_equal(rig_go(&r), MACHINE_STOPPED);
    assert_string_equal(r.heard, "");
    end(&r, m);
}

static void test_keys(void **state)
{
    struct rig r;
    (void)state;
    struct monitor *m = commands(&r);
    assert_string_equal(answer(&r, m, "sendkey"),
                        "sendkey: string expected\nTry \"help sendkey\" for more information\n");
    assert_string_equal(answer(&r, m, "sendkey zz"), "invalid parameter: there is no key 'zz'\n");
    // Down at once, up when the time has passed, the second one behind it.
    assert_string_equal(answer(&r, m, "sendkey ctrl-a 1"), "");
    assert_string_equal(answer(&r, m, "sendkey b 1"), "");
    assert_int_equal(r.c.chords, 2);
    assert_true(r.c.chord_down);
    for (unsigned n = 0; n < CONTROL_CHORDS - 2; n++)
        assert_string_equal(answer(&r, m, "sendkey a"), "");
    assert_string_equal(answer(&r, m, "sendkey a"), "too many keys wait to be pressed\n");
    r.m->cpu->s.rflags |= F_IF; // idle for ever, so the keys come up at once
    r.m->cpu->s.activity = CPU_HALTED;
    cpu_update(r.m->cpu);
    answer(&r, m, "c");
    for (unsigned n = 0; n < 4 * CONTROL_CHORDS && r.c.chords; n++) {
        machine_idle_skip(r.m, 200000000, UINT64_MAX);
        control_ran(&r.c, machine_run(r.m, UINT64_MAX, false));
    }
    assert_int_equal(r.c.chords, 0);
    end(&r, m);
}

static void test_registers(void **state)
{
    struct rig r;
    (void)state;
    struct monitor *m = commands(&r);
    answer(&r, m, "info registers");
    rig_says(&r, "\nCPU#0\nEAX=00000000 EBX=00000000 ECX=00000000 EDX=");
    rig_says(&r, "EIP=00008000 EFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=0\n");
    rig_says(&r, "CS =0000 00000000 0000ffff 00009300\n");
    rig_says(&r, "GDT=     00000000 0000ffff\n");
    rig_says(&r, "CR0=60000010 CR2=00000000 CR3=00000000 CR4=00000000\n");
    rig_says(&r, "\nXMM06=0000000000000000 0000000000000000 XMM07=0000000000000000 0000000000000000\n");
    end(&r, m);
}

// A flat 32-bit machine with tables: 4 MiB pages off.
static void protected_mode(struct rig *r)
{
    static const uint64_t gdt[] = {0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00008b0060000067, 0x0000e50000100000};
    static const uint64_t idt[] = {0x0000ee0000081234, 0, 0x00008f0000085678};
    uint32_t tables[3] = {0x20000 | 0x27, 0, 0}, pages[8] = {0x8000 | 0x25, 0x9000 | 3, 0xa000 | 0x163, 0xb000 | 3};
    uint8_t bytes[8];
    for (unsigned n = 0; n < ARRAY_LEN(gdt); n++) {
        store_u64(bytes, gdt[n]);
        control_write(&r->c, SPACE_PHYSICAL, 0x5000 + 8 * n, bytes, 8);
    }
    for (unsigned n = 0; n < ARRAY_LEN(idt); n++) {
        store_u64(bytes, idt[n]);
        control_write(&r->c, SPACE_PHYSICAL, 0x5800 + 8 * n, bytes, 8);
    }
    for (unsigned n = 0; n < 3; n++) {
        store_u32(bytes, tables[n]);
        control_write(&r->c, SPACE_PHYSICAL, 0x10000 + 4 * n, bytes, 4);
    }
    for (unsigned n = 0; n < 8; n++) { // linear 8000h.. is 8000h..
        store_u32(bytes, pages[n]);
        control_write(&r->c, SPACE_PHYSICAL, 0x20000 + 4 * (8 + n), bytes, 4);
    }
    store_u32(bytes, 0x5000 | 3); // and the tables where they are
    control_write(&r->c, SPACE_PHYSICAL, 0x20000 + 4 * 5, bytes, 4);
    struct cpu_state s = *control_cpu(&r->c);
    s.cr3 = 0x10000;
    s.cr0 = CR0_PE | CR0_PG | CR0_WP | CR0_ET;
    s.seg[SEG_CS] = (struct segment_state){0, 0xffffffff, 8, 0xc09b};
    for (unsigned n = 0; n < SEG_COUNT; n++)
        if (n != SEG_CS)
            s.seg[n] = (struct segment_state){0, 0xffffffff, 16, 0xc093};
    s.gdtr[0].base = 0x5000;
    s.gdtr[0].limit = 0x27;
    s.idtr[0].base = 0x5800;
    s.idtr[0].limit = 0x17;
    s.tr[0] = (struct segment_state){0x6000, 0x67, 24, 0x8b};
    assert_null(control_set_cpu(&r->c, &s));
}

static void test_tables(void **state)
{
    struct rig r;
    (void)state;
    struct monitor *m = commands(&r);
    assert_string_equal(answer(&r, m, "info mem"), "PG disabled\n");
    assert_string_equal(answer(&r, m, "info pagewalk 0x8000"), "paging is off (CR0.PG=0): physical address 0x8000\n");
    assert_string_equal(answer(&r, m, "info tss"), "TR holds the null selector: there is no task-state segment\n");
    protected_mode(&r);
    assert_string_equal(answer(&r, m, "info mem"), "0000000000005000-0000000000006000 0000000000001000 -rw\n"
                                                   "0000000000008000-0000000000009000 0000000000001000 ur-\n"
                                                   "0000000000009000-000000000000c000 0000000000003000 -rw\n");
    assert_string_equal(answer(&r, m, "info tlb"), "0000000000005000: 0000000000005000 --------W\n"
                                                   "0000000000008000: 0000000000008000 ----A--U-\n"
                                                   "0000000000009000: 0000000000009000 --------W\n"
                                                   "000000000000a000: 000000000000a000 -G-DA---W\n"
                                                   "000000000000b000: 000000000000b000 --------W\n");
    answer(&r, m, "info pagewalk 0x8123");
    rig_says(&r, "0x00008123, 32-bit paging, CR3 = 0x10000\n");
    rig_says(
        &r, "PDE     0  at 0x000000010000   = 00020027  ----A--UW  present, user, writable, accessed -> table 0x20000");
    rig_says(
        &r, "PTE     8  at 0x000000020020   = 00008025  ----A--U-  present, user, read-only, accessed, clean -> 4 KiB");
    rig_says(&r, "physical address 0x8123\n");
    rig_says(&r, "level 3 (user):   read yes, write NO (read-only), execute yes\n");
    rig_says(&r, "level 0 (kernel): read yes, write NO (read-only, CR0.WP=1), execute yes\n");
    answer(&r, m, "info pagewalk 0x400000");
    rig_says(&r, "PDE     1  at 0x000000010004   = 00000000  P=0: not present\n");
    rig_says(&r, "any access raises #PF, error code bit 0 = 0: not present in the PDE\n");
    answer(&r, m, "info gdt");
    rig_says(&r, "GDT at 0x5000, limit 0x27: 5 entries\n0000: 0000000000000000  empty\n");
    rig_says(&r,
             "0008: 00cf9b000000ffff  base 00000000 limit ffffffff DPL 0: code 32-bit, execute and read, accessed\n");
    rig_says(&r, "0018: 00008b0060000067  base 00006000 limit 00000067 DPL 0: TSS 32-bit, busy\n");
    rig_says(&r, "0020: 0000e50000100000  to 0010:00000000 DPL 3: task gate\n");
    answer(&r, m, "info idt");
    rig_says(&r, "00: 0008:00001234 DPL 3 interrupt gate 32-bit  #DE divide error\n");
    rig_says(&r, "02: 0008:00005678 DPL 0 trap gate 32-bit  NMI\n1 others are not present\n");
    assert_string_equal(answer(&r, m, "info ldt"), "LDTR holds the null selector: there is no LDT\n");
    answer(&r, m, "info tss");
    rig_says(&r, "TSS 32-bit, busy, selector 0018 at 0x6000, limit 0x67\nlink     cannot be read\n");
    answer(&r, m, "info registers");
    rig_says(&r, "CS =0008 00000000 ffffffff 00cf9b00 DPL=0 CS32 [-RA]\n");
    rig_says(&r, "TR =0018 00006000 00000067 00008b00 DPL=0 TSS32-busy\n");
    end(&r, m);
}

// Long mode with 2 MiB pages, no execute, and tables that point to themselves.
static void test_long_tables(void **state)
{
    static const struct {
        uint32_t at;
        uint64_t value;
    } entries[] = {{0x10000, 0x11007}, {0x10ff8, 0x10003}, {0x11000, 0x12007}, {0x12000, 0x8000000000000083}};
    struct rig r;
    (void)state;
    struct monitor *m = commands(&r);
    for (unsigned n = 0; n < ARRAY_LEN(entries); n++) {
        uint8_t bytes[8];
        store_u64(bytes, entries[n].value);
        control_write(&r.c, SPACE_PHYSICAL, entries[n].at, bytes, 8);
    }
    struct cpu_state s = *control_cpu(&r.c);
    s.cr3 = 0x10000;
    s.cr4 = CR4_PAE;
    s.efer = EFER_LME | EFER_LMA | EFER_NXE;
    s.cr0 = CR0_PE | CR0_PG | CR0_ET;
    s.seg[SEG_CS] = (struct segment_state){0, 0xffffffff, 8, 0xa09b};
    assert_null(control_set_cpu(&r.c, &s));
    answer(&r, m, "info pagewalk 0x8123");
    rig_says(&r, "PML4E   0  at 0x000000010000   = 0000000000011007");
    rig_says(&r,
             "PDE     0  at 0x000000012000   = 8000000000000083  X-P-----W  present, supervisor, writable, no execute");
    rig_says(&r, "-> 2 MiB page 0x0\nphysical address 0x8123\n");
    rig_says(&r, "level 3 (user):   read NO (supervisor page)");
    rig_says(&r, "execute NO (no execute)\n");
    answer(&r, m, "info pagewalk 0x800000000000");
    rig_says(&r, "not canonical");
    assert_string_equal(answer(&r, m, "gva2gpa 0x800000000000"), "Unmapped\n");
    assert_string_equal(answer(&r, m, "gva2gpa 0x1fffff"), "gpa: 0x1fffff\n");
    answer(&r, m, "info mem");
    rig_says(&r, "0000000000000000-0000000000200000 0000000000200000 -rw\n");
    rig_says(&r, "\nffffff8000000000-ffffff8000001000 0000000000001000 -rw\n");
    answer(&r, m, "info tlb");
    rig_says(&r, "0000000000000000: 0000000000000000 X-P-----W\n");
    answer(&r, m, "info registers");
    rig_says(&r, "RIP=0000000000008000 RFL=00000002 [");
    rig_says(&r, "CS =0008 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 [-RA]\n");
    rig_says(&r, "XMM14=");
    end(&r, m);
}

static void test_chips(void **state)
{
    struct rig r;
    char line[64];
    (void)state;
    struct monitor *m = commands(&r);
    for (unsigned n = 0; n < r.m->device_count; n++) {
        snprintf(line, sizeof line, "info %s", r.m->device[n].cls->name);
        answer(&r, m, line);
        rig_says(&r, r.m->device[n].cls->title);
    }
    answer(&r, m, "info uart");
    rig_says(&r, "divisor                  0000              DLM and DLL\n");
    rig_says(&r, "fifo: received bytes\n  [  0] 00 00 ");
    answer(&r, m, "info pic");
    rig_says(&r, "pic1: irr=00 imr=ff isr=00 hprio=0 irq_base=00 rr_sel=0 elcr=00 fnm=0\n");
    rig_says(&r, "  pin 0  0x0000000000010000 dest=0 vec=0   active-hi edge  masked fixed  physical\n");
    answer(&r, m, "info pci");
    rig_says(&r, "  Bus  0, device   0, function 0:\n    Host bridge: PCI device 8086:1237\n");
    answer(&r, m, "info mtree -f");
    rig_says(&r, "  00000000000003f8-00000000000003ff (prio 0, i/o): uart\n");
    rig_says(&r, "  0000000000100000-00000000001fffff (prio 0, ram): pc.ram\n");
    answer(&r, m, "info irq");
    rig_says(&r, "external interrupts taken: 0\n");
    assert_string_equal(answer(&r, m, "info chardev"), "serial0: filename=null\nmon: filename=unix:/tmp/m,server=on\n");
    assert_string_equal(answer(&r, m, "info name"), "globe\n");
    assert_string_equal(answer(&r, m, "info version"), "1.2.3 (Snowglobe)\n");
    assert_string_equal(answer(&r, m, "info nothing"), "unknown command: 'info nothing'\n");
    answer(&r, m, "help info");
    rig_says(&r, "info registers [-a|vcpu] -- show the cpu registers\n");
    answer(&r, m, "help");
    rig_says(&r, "print|p /fmt expr -- print expression value");
    assert_string_equal(answer(&r, m, "help x"), "x /fmt addr -- virtual memory dump starting at 'addr'\n");
    end(&r, m);
}

static void test_editing(void **state)
{
    static const struct {
        const char *keys, *line;
    } cases[] = {
        {"p 12\1777\n", "p 17"},
        {"p 2\033[D1\n", "p 12"},
        {"2\001p 1\n", "p 12"},
        {"2\033[Hp 1\005+1\n", "p 12+1"},
        {"p 129\033[D\033[3~\n", "p 12"},
        {"foo bar\025p 1\n", "p 1"},
        {"p 1 foo\027\n", "p 1 "},
        {"p 1999\033[D\033[D\033[D\013\n", "p 1"},
        {"p 1\n\033[A0\n", "p 10"},
        {"p 1\np 2\n\020\020\n", "p 1"},
        {"p 1\np\033OA\033OB 3\n", "p 3"},
        {"prin\t7\n", "print 7"},
        {"info reg\t\n", "info registers "},
        {"p $kern\t\n", "p $kernel_gs_base "},
        {"sendkey ctrl-backsp\t\n", "sendkey ctrl-backspace"},
        {"foo\003p 1\n", "p 1"},
        {"p 1\033[1;5C\033[200~\n", "p 1"},
        {"p \xc3\xa4\n", "p \xc3\xa4"},
    };
    (void)state;
    for (size_t n = 0; n < ARRAY_LEN(cases); n++) {
        struct rig r;
        rig_begin(&r, true);
        struct char_backend out = rig_out(&r);
        struct monitor *m = monitor_create(&r.c, &out, MONITOR_TERMINAL);
        monitor_opened(m);
        type(m, cases[n].keys);
        rig_forget(&r);
        type(m, "info history\n");
        char line[100], *last = NULL;
        snprintf(line, sizeof line, ": '%s'\r\n", cases[n].line);
        for (char *p = r.heard; (p = strstr(p, ": '")); p++)
            if (strncmp(p, ": 'info history'", 16) != 0)
                last = p;
        assert_non_null(last);
        assert_memory_equal(last, line, strlen(line));
        end(&r, m);
    }
}

static void test_completion_lists(void **state)
{
    struct rig r;
    (void)state;
    rig_begin(&r, true);
    struct char_backend out = rig_out(&r);
    struct monitor *m = monitor_create(&r.c, &out, MONITOR_TERMINAL);
    monitor_opened(m);
    rig_forget(&r);
    type(m, "info ioa\t\001\033[C\t\003");
    rig_forget(&r);
    type(m, "mouse_\t");
    assert_string_equal(r.heard, "mouse_\r\nmouse_move\r\nmouse_button\r\n\r(qemu) mouse_\x1b[K");
    end(&r, m);
}

// Whatever comes in whatever pieces: no harm.
static void test_garbage(void **state)
{
    struct rig r;
    uint64_t x = 1;
    (void)state;
    rig_begin(&r, true);
    struct char_backend out = rig_out(&r);
    struct monitor *m = monitor_create(&r.c, &out, MONITOR_TERMINAL);
    monitor_opened(m);
    for (unsigned round = 0; round < 2000; round++) {
        static const char words[] = "info |x/|p |$rip|(|'|\"|\t|\n|\r|\033[A|\033[D|\033[|trace |log |help |sum 0 9|";
        uint8_t piece[64];
        size_t n = 0;
        x = x * 6364136223846793005u + 1442695040888963407u;
        if (x >> 60 < 8) {
            for (n = 0; n < (x >> 40 & 31); n++)
                piece[n] = (uint8_t)(x >> (n % 8 * 7));
        } else {
            const char *w = words + (x >> 33) % (sizeof words - 1);
            n = strcspn(w, "|");
            memcpy(piece, w, n);
        }
        monitor_input(m, piece, n);
        if (r.length > HEARD / 2)
            rig_forget(&r);
        r.c.quit = false;
        control_pause(&r.c, REASON_COMMAND);
    }
    uint8_t *flood = calloc(1, 100000);
    memset(flood, 'a', 100000);
    rig_forget(&r);
    monitor_input(m, flood, 100000);
    free(flood);
    monitor_closed(m);
    end(&r, m);
}

// All that looks, at many places of a run, leads to the same state.
static void test_digests(void **state)
{
    static const char *const lines[] = {"info registers",    "info mem",
                                        "info tlb",          "info pic",
                                        "info lapic",        "info pagewalk $rip",
                                        "info gdt",          "info idt",
                                        "info tss",          "info cpu",
                                        "info clock",        "info uart",
                                        "info rtc",          "info kbc",
                                        "info hpet",         "info pci",
                                        "info mtree",        "x/4i $pc",
                                        "xp/16xb 0x9000",    "p $eflags",
                                        "sum 0 65536",       "gva2gpa 0x8000",
                                        "memsave 0 64 f",    "break 0x8006",
                                        "watch 0x9000 2 rw", "info breakpoints",
                                        "info irq",          "info time",
                                        "info pit",          "trace insn",
                                        "trace none",        "log int,exec,cpu,in_asm",
                                        "log none",          "delete"};
    uint8_t plain[MACHINE_DIGEST_BYTES], looked[MACHINE_DIGEST_BYTES];
    struct rig r;
    (void)state;
    rig_plain(plain);
    struct monitor *m = commands(&r);
    for (unsigned n = 0; n < 700; n++) {
        control_resume(&r.c, machine_tick(r.m) + 1);
        enum machine_stop stop = rig_go(&r);
        answer(&r, m, lines[n % ARRAY_LEN(lines)]);
        if (stop == MACHINE_STUCK)
            break;
    }
    answer(&r, m, "delete");
    control_resume(&r.c, UINT64_MAX);
    assert_int_equal(rig_go(&r), MACHINE_STUCK);
    machine_digest(r.m, looked);
    assert_memory_equal(plain, looked, sizeof plain);
    end(&r, m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialogue),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_code),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_points_of_others),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_registers),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_long_tables),
        cmocka_unit_test(test_chips),
        cmocka_unit_test(test_editing),
        cmocka_unit_test(test_completion_lists),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
