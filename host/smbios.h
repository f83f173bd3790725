// The options -smbios and -uuid.
#ifndef HOST_SMBIOS_H
#define HOST_SMBIOS_H

#include "machine/machine.h"

// "type=N,NAME=TEXT,...", with two commas for one in a text. NULL, or what is wrong with `word`, which then holds the
// part of `value` that is meant (size bytes).
const char *smbios_option(struct machine_smbios *s, const char *value, char *word, size_t size);

// "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".
bool smbios_uuid(struct machine_smbios *s, const char *text);

#endif
