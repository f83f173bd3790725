// The board pc-1: an i440FX-class PC. Which chip sits at which port, which line goes to which pin.
//
// Not implemented: VGA, IDE, floppy, DMA, network (later boards parts of pc-1).
#include "machine/pc.h"

#include <stdlib.h>

// ---- interrupt wiring
// --------------------------------------------------------------------------------------------------------

// ISA IRQ n, as the south bridge drives it: to the 8259A pair, and to the I/O APIC, where the timer is on input 2.
static void isa_irq(void *ctx, unsigned n, bool level)
{
    struct machine *m = ctx;
    pic_8259a_set(&m->pic, n, level);
    if (n != 2)
        ioapic_pin(&m->ioapic, n == 0 ? 2 : n, level);
}

// PIRQA# to PIRQD# also have I/O APIC inputs of their own.
static void pirq(void *ctx, unsigned n, bool level)
{
    struct machine *m = ctx;
    ioapic_pin(&m->ioapic, 16 + n, level);
}

// IRQ 0 and IRQ 8 are the 8254's and the clock's, or in legacy replacement mode those of HPET timers 0 and 1. The
// levels are kept, so that a change of the mode shows what is there.
static void drive_legacy(struct machine *m, unsigned n)
{
    piix3_isa_irq(&m->piix3, n ? 8 : 0, m->hpet_mode ? m->hpet_irq[n] : m->timer_irq[n]);
}

static void timer_irq(void *ctx, unsigned n, bool level)
{
    struct machine *m = ctx;
    m->timer_irq[n] = level;
    drive_legacy(m, n);
}

static void hpet_irq(void *ctx, unsigned n, bool level)
{
    struct machine *m = ctx;
    m->hpet_irq[n] = level;
    if (m->hpet_mode)
        drive_legacy(m, n);
}

static void hpet_mode(void *ctx, unsigned n, bool level)
{
    struct machine *m = ctx;
    (void)n;
    if (m->hpet_mode == level)
        return;
    m->hpet_mode = level;
    drive_legacy(m, 0);
    drive_legacy(m, 1);
}

// COM1 and COM3 share IRQ 4, COM2 and COM4 share IRQ 3.
static void uart_irq(void *ctx, unsigned n, bool level)
{
    struct machine *m = ctx;
    m->uart_irq[n] = level;
    piix3_isa_irq(&m->piix3, n & 1 ? 3 : 4, m->uart_irq[n] || m->uart_irq[n ^ 2]);
}

static void apic_send(void *ctx, const struct apic_message *msg)
{
    struct machine *m = ctx;
    if (lapic_matches(&m->lapic, msg->dest, msg->dest_logical))
        lapic_receive(&m->lapic, msg);
}

// ---- address decoding that the guest can change
// --------------------------------------------------------------------------------

// Both APICs' windows can be moved onto each other: the local APIC's, which is inside the processor, wins, whichever
// came first.
static void apic_moved(void *ctx)
{
    struct machine *m = ctx;
    uint32_t base;
    if (m->lapic_base)
        map_remove(&m->memory, m->lapic_base);
    if (m->ioapic_base)
        map_remove(&m->memory, m->ioapic_base);
    m->lapic_base = lapic_enabled(&m->lapic) ? lapic_base_msr_read(&m->lapic) & ~(uint64_t)0xfff : 0;
    if (m->lapic_base && !map_add(&m->memory, m->lapic_base, LAPIC_WINDOW, &lapic_io, &m->lapic))
        m->lapic_base = 0;
    m->ioapic_base = piix3_apic_base(&m->piix3, &base) ? base : 0;
    if (m->ioapic_base && !map_add(&m->memory, m->ioapic_base, IOAPIC_WINDOW, &ioapic_io, &m->ioapic))
        m->ioapic_base = 0;
}

static void pm_moved(void *ctx)
{
    struct machine *m = ctx;
    uint16_t base;
    if (m->pm_base)
        map_remove(&m->ports, m->pm_base);
    m->pm_base = piix4_pm_io_base(&m->pm, &base) ? base : 0;
    if (m->pm_base && !map_add(&m->ports, m->pm_base, PIIX4_PM_WINDOW, &piix4_pm_io, &m->pm))
        m->pm_base = 0;
}

static void set_page(struct machine *m, uint64_t addr, bool read, bool write)
{
    uint64_t n = addr >> PAGE_SHIFT;
    if (addr >= m->phys.low_size)
        return;
    struct phys_page *p = &m->phys.dir[n];
    p->host = read ? m->phys.ram + addr : NULL;
    p->flags = (p->flags & ~(uint32_t)(PHYS_RAM | PHYS_ROM)) | (!read ? 0 : write ? PHYS_RAM : PHYS_ROM);
}

// Programmable attribute map. There is no ROM behind the shadow memory yet: what is not read from RAM is nobody's.
static void pam_changed(void *ctx)
{
    struct machine *m = ctx;
    for (uint32_t addr = 0xc0000; addr < 0x100000; addr += PAGE_SIZE) {
        unsigned pam = i440fx_pam(&m->i440fx, addr);
        set_page(m, addr, pam & I440FX_PAM_READ, pam & I440FX_PAM_WRITE);
    }
    cpu_map_changed(m->cpu);
}

void pc_open_shadow(struct machine *m)
{
    for (uint32_t addr = 0xc0000; addr < 0x100000; addr += PAGE_SIZE)
        set_page(m, addr, true, true);
}

// ---- ends of the run
// --------------------------------------------------------------------------------------------------------------

// The processor stops at the end of the present instruction, because the soonest deadline is now.
static void end_run(struct machine *m, enum machine_stop why)
{
    if (m->stop == MACHINE_SLICE)
        m->stop = why;
    m->clock.deadline_changed = true;
}

static void power_off(void *ctx)
{
    end_run(ctx, MACHINE_POWER_OFF);
}

static void debug_exit(void *ctx, uint32_t value)
{
    struct machine *m = ctx;
    m->exit_value = (uint8_t)value;
    end_run(m, MACHINE_EXIT);
}

static void guest_event(void *ctx, unsigned events)
{
    struct machine *m = ctx;
    if (events & PVPANIC_PANICKED)
        end_run(m, MACHINE_PANIC);
    else if (events & PVPANIC_SHUTDOWN)
        end_run(m, MACHINE_POWER_OFF);
    else
        log_line(&m->log, LOG_INFO, "the guest has panicked and runs its crash kernel");
}

void pc_want_reset(struct machine *m)
{
    if (m->config.no_reboot)
        end_run(m, MACHINE_RESET);
    m->reset_wanted = true;
    m->clock.deadline_changed = true;
}

static void reset_line(void *ctx, unsigned n, bool level)
{
    (void)n;
    if (level)
        pc_want_reset(ctx);
}

static void cf9_reset(void *ctx, bool hard)
{
    (void)hard;
    pc_want_reset(ctx);
}

static void triple_fault(void *ctx)
{
    struct machine *m = ctx;
    if (m->config.no_reboot || m->config.end_on_triple)
        end_run(m, MACHINE_TRIPLE);
    pc_want_reset(m);
}

static void a20(void *ctx, unsigned n, bool level)
{
    struct machine *m = ctx;
    (void)n;
    uint64_t mask = level ? ~(uint64_t)0 : ~((uint64_t)1 << 20);
    if (m->phys.a20_mask != mask) {
        m->phys.a20_mask = mask;
        m->cpu->map_changed = 1;
    }
}

// Guest ns at which the time-stamp counter reaches `tsc`.
static uint64_t tsc_deadline_ns(void *ctx, uint64_t tsc)
{
    struct machine *m = ctx;
    uint64_t ns = tsc - m->cpu->s.tsc_offset;
    return ns >> 63 ? 0 : ns; // long past
}

static void init_received(void *ctx)
{
    struct machine *m = ctx;
    lapic_init_reset(&m->lapic);
    pc_want_reset(m);
}

// ---- the schematic
// ------------------------------------------------------------------------------------------------------------------

static const struct device_class clock_class = {
    .name = "clock",
    .title = "guest time",
    .version = 1,
    .fields = clock_state_fields,
    .state_offset = offsetof(struct clock, s),
};

static void add(struct machine *m, const struct device_class *cls, void *self)
{
    m->device[m->device_count++] = (struct device){cls, self};
}

bool pc_build(struct machine *m)
{
    static const uint16_t com_port[MACHINE_SERIAL_PORTS] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
    bool ok = true;

    lapic_init(&m->lapic, &m->clock, EVENT_LAPIC, 0, true);
    struct cpu_wiring wiring = {
        .ports = &m->ports, .fatal = triple_fault, .ctx = m, .model = cpu_model_find(m->config.cpu_model)};
    m->cpu = cpu_create(&m->phys, &m->clock, &m->lapic, &m->log, &wiring);
    if (!m->cpu)
        return false;
    m->phys.watch = (struct phys_watch){cpu_code_write, cpu_table_write, m->cpu};
    m->lapic.phys_bits = m->cpu->phys_bits < 36 ? 36 : m->cpu->phys_bits;

    pic_8259a_init(&m->pic);
    pit_8254_init(&m->pit, &m->clock, EVENT_PIT);
    port61_init(&m->port61, &m->clock);
    rtc_mc146818_init(&m->rtc, &m->clock, EVENT_RTC);
    ioapic_init(&m->ioapic);
    i440fx_init(&m->i440fx, &m->pci);
    piix3_init(&m->piix3, &m->pci);
    piix4_pm_init(&m->pm, &m->pci, &m->clock, EVENT_PM);
    reset_control_init(&m->reset);
    debugcon_init(&m->debugcon, &m->config.debugcon);
    debug_exit_init(&m->debug_exit, debug_exit, m);
    pvpanic_init(&m->pvpanic, guest_event, m);
    hpet_init(&m->hpet, &m->clock, EVENT_HPET);
    fw_cfg_init(&m->fw_cfg, &m->phys);
    kbc_8042_init(&m->kbc, &m->clock, EVENT_KBC);
    ps2_keyboard_init(&m->keyboard, &m->clock, EVENT_KEYBOARD);
    ps2_mouse_init(&m->mouse, &m->clock, EVENT_MOUSE);

    // Interrupts: chips -> south bridge -> 8259A pair and I/O APIC -> local APIC -> processor.
    m->lapic.bus = m->ioapic.bus = (struct apic_bus){apic_send, m};
    m->lapic.pic = (struct intr_ack){pic_8259a_acknowledge, &m->pic};
    m->lapic.intr = (struct line){cpu_set_intr, m->cpu, 0};
    m->lapic.nmi = (struct line){cpu_pulse_nmi, m->cpu, 0};
    m->lapic.eoi = ioapic_eoi;
    m->lapic.eoi_ctx = &m->ioapic;
    m->lapic.init = init_received;
    m->lapic.tsc_deadline_ns = tsc_deadline_ns;
    m->lapic.base_changed = apic_moved;
    m->lapic.ctx = m;
    m->lapic.log = m->ioapic.log = m->pm.log = &m->log;
    m->pic.intr = (struct line){lapic_lint, &m->lapic, 0};
    for (unsigned n = 0; n < 16; n++)
        m->piix3.irq[n] = (struct line){isa_irq, m, n};
    for (unsigned n = 0; n < 4; n++)
        m->piix3.pirq[n] = (struct line){pirq, m, n};
    m->pit.out[0] = (struct line){timer_irq, m, 0};
    m->pit.out[2] = (struct line){port61_input, &m->port61, PORT61_OUT2};
    m->port61.gate2 = (struct line){pit_8254_gate, &m->pit, 2};
    m->port61.nmi = (struct line){cpu_pulse_nmi, m->cpu, 0};
    m->rtc.irq = (struct line){timer_irq, m, 1};
    m->rtc.nmi_enable = (struct line){port61_input, &m->port61, PORT61_NMI_ENABLE};
    m->cpu->ferr = (struct line){piix3_ferr, &m->piix3, 0};
    m->piix3.ignne = (struct line){cpu_set_ignne, m->cpu, 0};
    m->pm.sci = (struct line){piix3_isa_irq, &m->piix3, 9};
    for (unsigned n = 0; n < HPET_PINS; n++)
        m->hpet.pin[n] = (struct line){ioapic_pin, &m->ioapic, HPET_FIRST_PIN + n};
    for (unsigned n = 0; n < HPET_LEGACY; n++)
        m->hpet.legacy[n] = (struct line){hpet_irq, m, n};
    m->hpet.legacy_mode = (struct line){hpet_mode, m, 0};
    m->kbc.irq[KBC_8042_KEYBOARD] = (struct line){piix3_isa_irq, &m->piix3, 1};
    m->kbc.irq[KBC_8042_AUX] = (struct line){piix3_isa_irq, &m->piix3, 12};

    // What is plugged into the PS/2 ports.
    m->kbc.device[KBC_8042_KEYBOARD] = (struct ps2_device){ps2_keyboard_write, ps2_keyboard_clock, &m->keyboard};
    m->keyboard.host = (struct ps2_host){kbc_8042_receive, &m->kbc, KBC_8042_KEYBOARD};
    m->kbc.device[KBC_8042_AUX] = (struct ps2_device){ps2_mouse_write, ps2_mouse_clock, &m->mouse};
    m->mouse.host = (struct ps2_host){kbc_8042_receive, &m->kbc, KBC_8042_AUX};

    // Resets, power and A20.
    m->reset.a20 = (struct line){a20, m, 0};
    m->reset.init = (struct line){reset_line, m, 0};
    m->kbc.a20 = (struct line){reset_control_a20_gate, &m->reset, 0};
    m->kbc.reset = (struct line){reset_line, m, 0};
    m->i440fx.cf9 = &piix3_rcr_io;
    m->i440fx.cf9_ctx = &m->piix3;
    m->piix3.reset = cf9_reset;
    m->piix3.reset_ctx = m;
    m->pm.power_off = power_off;
    m->pm.power_off_ctx = m;

    // Address decoding.
    m->i440fx.pam_changed = pam_changed;
    m->i440fx.pam_ctx = m;
    m->piix3.apic_changed = apic_moved;
    m->piix3.apic_ctx = m;
    m->pm.io_changed = pm_moved;
    m->pm.io_ctx = m;
    ok &= map_add(&m->ports, 0x20, 2, &pic_8259a_master_io, &m->pic);
    ok &= map_add(&m->ports, 0xa0, 2, &pic_8259a_slave_io, &m->pic);
    ok &= map_add(&m->ports, 0x4d0, 2, &pic_8259a_elcr_io, &m->pic);
    ok &= map_add(&m->ports, 0x40, 4, &pit_8254_io, &m->pit);
    ok &= map_add(&m->ports, 0x60, 1, &kbc_8042_data_io, &m->kbc);
    ok &= map_add(&m->ports, 0x61, 1, &port61_io, &m->port61);
    ok &= map_add(&m->ports, 0x64, 1, &kbc_8042_command_io, &m->kbc);
    ok &= map_add(&m->ports, 0x70, 2, &rtc_mc146818_io, &m->rtc);
    ok &= map_add(&m->ports, 0x92, 1, &reset_control_port92_io, &m->reset);
    ok &= map_add(&m->ports, 0xb2, 2, &piix4_apm_io, &m->pm);
    ok &= map_add(&m->ports, 0xe9, 1, &debugcon_io, &m->debugcon);
    ok &= map_add(&m->ports, 0xf0, 1, &piix3_coprocessor_io, &m->piix3);
    ok &= map_add(&m->ports, 0xf4, 4, &debug_exit_io, &m->debug_exit);
    if (m->config.debug_exit_501)
        ok &= map_add(&m->ports, 0x501, 4, &debug_exit_io, &m->debug_exit);
    if (m->config.pvpanic)
        ok &= map_add(&m->ports, 0x505, 1, &pvpanic_io, &m->pvpanic);
    ok &= map_add(&m->ports, 0x510, 12, &fw_cfg_io, &m->fw_cfg);
    ok &= map_add(&m->ports, 0xcf8, 8, &i440fx_io, &m->i440fx);
    ok &= map_add(&m->memory, 0xfed00000, HPET_WINDOW, &hpet_io, &m->hpet);

    ok &= pc_describe_board(m);

    // Board order. The HPET says whose IRQ 0 and IRQ 8 are before the 8254 and the clock drive theirs.
    add(m, &clock_class, &m->clock);
    add(m, &cpu_class, m->cpu);
    add(m, &lapic_class, &m->lapic);
    add(m, &ioapic_class, &m->ioapic);
    add(m, &pic_8259a_class, &m->pic);
    add(m, &hpet_class, &m->hpet);
    add(m, &pit_8254_class, &m->pit);
    add(m, &port61_class, &m->port61);
    add(m, &rtc_mc146818_class, &m->rtc);
    for (unsigned n = 0; n < m->config.serial_count; n++) {
        uart_16550a_init(&m->uart[n], &m->clock, EVENT_UART + n);
        m->uart[n].irq = (struct line){uart_irq, m, n};
        m->uart[n].out = m->config.serial[n];
        ok &= map_add(&m->ports, com_port[n], 8, &uart_16550a_io, &m->uart[n]);
        add(m, &uart_16550a_class, &m->uart[n]);
    }
    add(m, &i440fx_class, &m->i440fx);
    add(m, &piix3_class, &m->piix3);
    add(m, &piix4_pm_class, &m->pm);
    add(m, &reset_control_class, &m->reset);
    add(m, &kbc_8042_class, &m->kbc);
    add(m, &ps2_keyboard_class, &m->keyboard);
    add(m, &ps2_mouse_class, &m->mouse);
    add(m, &fw_cfg_class, &m->fw_cfg);
    size_t largest = 0;
    for (unsigned n = 0; n < m->device_count; n++) {
        size_t size = state_size(m->device[n].cls->fields);
        largest = size > largest ? size : largest;
    }
    m->packed = malloc(largest);
    return ok && m->packed;
}

void pc_derive(struct machine *m)
{
    for (unsigned n = 0; n < m->config.serial_count; n++)
        m->uart_irq[n] = uart_16550a_interrupt(&m->uart[n]);
}

void pc_reset(struct machine *m)
{
    // The clock goes on; the date was set once and the CMOS has a battery.
    for (unsigned n = 0; n < m->device_count; n++) {
        const struct device *d = &m->device[n];
        if (d->cls == &clock_class)
            continue;
        if (d->cls == &cpu_class)
            cpu_reset(d->self);
        else if (d->cls == &rtc_mc146818_class)
            rtc_mc146818_reset_pin(d->self);
        else
            device_reset(d);
    }
    i440fx_firmware_setup(&m->i440fx);
    piix3_firmware_setup(&m->piix3);
    piix4_pm_firmware_setup(&m->pm, PC_PM_BASE);
    lapic_firmware_setup(&m->lapic);
    kbc_8042_firmware_setup(&m->kbc);
    pc_derive(m);
    for (unsigned n = 0; n < m->device_count; n++)
        if (m->device[n].cls->update)
            m->device[n].cls->update(m->device[n].self);
}
