// A line editor that is driven by bytes: what a client types in, lines out, and what its terminal must show.
#ifndef MACHINE_EDIT_H
#define MACHINE_EDIT_H

#include "core/backend.h"

#define EDIT_LINE    1024u // with the NUL
#define EDIT_HISTORY 64u

enum edit_result {
    EDIT_MORE,     // nothing to do
    EDIT_DONE,     // edit.line is a whole line
    EDIT_COMPLETE, // Tab: the caller completes edit.line at edit.at
    EDIT_CANCEL,   // Ctrl-C: the line has been given up
};

struct edit {
    const char *prompt;
    struct char_backend out;
    bool echo;
    char line[EDIT_LINE]; // ends with a NUL
    size_t length, at;    // `at`: where the cursor is
    char cut[EDIT_LINE];  // by Ctrl-K, Ctrl-U, Ctrl-W
    char history[EDIT_HISTORY][EDIT_LINE];
    unsigned remembered, next; // lines in history; where the next goes
    unsigned back;             // how far up the present line was taken from, 0: it is new
    char fresh[EDIT_LINE];     // the new line, while an older one is shown
    uint8_t escape;            // state of an escape sequence
    unsigned number;           // its parameter
    bool after_cr;
};

void edit_init(struct edit *e, const char *prompt, const struct char_backend *out, bool echo);
// Takes one byte. After EDIT_DONE the line stays until edit_begin().
enum edit_result edit_byte(struct edit *e, uint8_t byte);
// Begins a new line: shows the prompt.
void edit_begin(struct edit *e);
// Shows prompt and line again, on the present line of the terminal.
void edit_show(struct edit *e);
// Clears the present line of the terminal, before something else is shown there.
void edit_hide(struct edit *e);
// Inserts at the cursor; what does not fit is left out.
void edit_insert(struct edit *e, const char *text, size_t n);
// Line `n` of the history, 0 is the oldest; NULL: there is none.
const char *edit_history(const struct edit *e, unsigned n);

#endif
