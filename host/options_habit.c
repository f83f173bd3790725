// What command lines and makefiles written for QEMU contain and has little or no meaning here: each is taken with one
// line that says so, rather than in silence.
#include "host/options_parse.h"

#include <stdlib.h>

bool take_enable_kvm(struct parser *p, const char *value)
{
    (void)value;
    return note(p, "%s: the guest is always emulated; it needs no virtualization", p->shown);
}

bool take_accel(struct parser *p, const char *value)
{
    return note(p, "%s %s: the guest is always emulated; it needs no accelerator", p->shown, value);
}

// Words without `=` and type=: the machine; all others are properties.
bool take_machine(struct parser *p, const char *value)
{
    char word[128];
    bool first = true;
    for (const char *rest = value; rest; first = false) {
        if (!next_word(&rest, word, sizeof word))
            return bad_value(p, value, "pc");
        const char *type = value_of(word, "type");
        if (!type && first && !strchr(word, '='))
            type = word;
        if (type && strcmp(type, "help") == 0)
            return bad(p, "%s help: there is one machine, pc (an i440FX PC)", p->shown);
        if (type && (strcmp(type, "pc") == 0 || strncmp(type, "pc-i440fx", 9) == 0))
            continue;
        if (type && (strcmp(type, "q35") == 0 || strncmp(type, "pc-q35", 6) == 0))
            note(p, "%s %s: the machine is an i440FX PC all the same", p->shown, type);
        else if (type)
            return bad(p, "%s %s: there is no machine '%s'; there is pc", p->shown, value, type);
        else if (value_of(word, "accel"))
            note(p, "%s %s: the guest is always emulated; it needs no accelerator", p->shown, word);
        else if (strcmp(word, "acpi=off") == 0)
            p->o->no_acpi = true;
        else if (strcmp(word, "acpi=on") == 0)
            p->o->no_acpi = false;
        else
            note(p, "%s %s: it has no effect here", p->shown, word);
    }
    return true;
}

// By the option's name; the table says why nothing is missed.
bool take_no_effect(struct parser *p, const char *value)
{
    static const struct {
        const char *name, *why;
    } whys[] = {
        {"usb", "there is no USB"},
        {"usbdevice", "there is no USB"},
        {"k", "keys are told by place, not by letter"},
        {"icount", "time is always counted in instructions"},
        {"vga", "there is no display yet"},
        {"no-user-config", "there are no configuration files"},
        {"boot", "there is no firmware yet; the kernel of -kernel starts"},
        {"no-hpet", "the HPET stays"},
        {"no-fd-bootchk", "there is no firmware yet"},
        {"global", "devices have no properties to set"},
        {"overcommit", "it has no effect here"},
        {"msg", "messages have no time stamps"},
        {"sandbox", "it has no effect yet"},
        {"rtc-td-hack", "lost ticks do not exist"},
        {"full-screen", "there is no window"},
    };
    const char *name = p->shown + strspn(p->shown, "-");
    for (unsigned n = 0; n < ARRAY_LEN(whys); n++)
        if (strcmp(whys[n].name, name) == 0)
            return note(p, "%s%s%.60s: %s", p->shown, value ? " " : "", value ? value : "", whys[n].why);
    return note(p, "%s: it has no effect here", p->shown);
}

bool take_daemonize(struct parser *p, const char *value)
{
    (void)value;
    return bad(p, "%s: it stays in the foreground; start it with & or 'setsid -f', and with -pidfile FILE", p->shown);
}

bool is_harmless_device(const char *name)
{
    static const char *const names[] = {
        "usb-tablet", "usb-mouse",          "usb-kbd", "qemu-xhci", "nec-usb-xhci", "piix3-usb-uhci", "usb-ehci", "VGA",
        "virtio-vga", "virtio-balloon-pci", "AC97",    "intel-hda", "hda-duplex",   "virtio-rng-pci"};
    for (unsigned n = 0; n < ARRAY_LEN(names); n++)
        if (strcmp(name, names[n]) == 0)
            return true;
    return false;
}
