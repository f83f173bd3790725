// Editing a line: the keys of a VT100 and the usual control characters. The monitor's client may be a terminal, a
// socket, or one side of a multiplexer, so bytes are all that there is; a library that owns a terminal (libedit) does
// not fit.
//
// Not implemented: lines wider than the terminal are shown as one; characters of several columns.
#include "machine/edit.h"

#include <stdio.h>

enum { CTRL_A = 1, CTRL_B, CTRL_C, CTRL_D, CTRL_E, CTRL_F, CTRL_H = 8, TAB, CTRL_K = 11, CTRL_L, CTRL_N = 14 };
enum { CTRL_P = 16, CTRL_U = 21, CTRL_W = 23, CTRL_Y = 25, ESCAPE = 27, DELETE = 127 };
enum { PLAIN, AFTER_ESCAPE, AFTER_BRACKET, AFTER_O };

static void put(const struct edit *e, const char *text, size_t n)
{
    if (e->out.write && n)
        e->out.write(e->out.ctx, (const uint8_t *)text, n);
}

static void put_text(const struct edit *e, const char *text)
{
    put(e, text, strlen(text));
}

void edit_init(struct edit *e, const char *prompt, const struct char_backend *out, bool echo)
{
    *e = (struct edit){.prompt = prompt, .out = *out, .echo = echo};
}

void edit_begin(struct edit *e)
{
    e->length = e->at = 0;
    e->line[0] = 0;
    e->back = 0;
    put_text(e, e->prompt);
}

void edit_hide(struct edit *e)
{
    put_text(e, e->echo ? "\r\x1b[K" : "\r\n");
}

void edit_show(struct edit *e)
{
    char move[32];
    if (e->echo)
        put_text(e, "\r");
    put_text(e, e->prompt);
    if (!e->echo)
        return;
    put(e, e->line, e->length);
    put_text(e, "\x1b[K");
    snprintf(move, sizeof move, "\x1b[%zuD", e->length - e->at);
    if (e->at < e->length)
        put_text(e, move);
}

static void refresh(struct edit *e)
{
    if (e->echo)
        edit_show(e);
}

void edit_insert(struct edit *e, const char *text, size_t n)
{
    size_t room = EDIT_LINE - 1 - e->length;
    n = n < room ? n : room;
    memmove(e->line + e->at + n, e->line + e->at, e->length - e->at + 1);
    memcpy(e->line + e->at, text, n);
    e->length += n;
    e->at += n;
    if (e->at == e->length && e->echo)
        put(e, text, n);
    else
        refresh(e);
}

// Takes out [from, to).
static void cut_out(struct edit *e, size_t from, size_t to, bool keep)
{
    if (from >= to)
        return;
    if (keep) {
        memcpy(e->cut, e->line + from, to - from);
        e->cut[to - from] = 0;
    }
    memmove(e->line + from, e->line + to, e->length - to + 1);
    e->length -= to - from;
    e->at = from;
    refresh(e);
}

static void move(struct edit *e, size_t to)
{
    e->at = to;
    refresh(e);
}

static size_t word_before(const struct edit *e)
{
    size_t n = e->at;
    while (n && e->line[n - 1] == ' ')
        n--;
    while (n && e->line[n - 1] != ' ')
        n--;
    return n;
}

const char *edit_history(const struct edit *e, unsigned n)
{
    return n < e->remembered ? e->history[(e->next + EDIT_HISTORY - e->remembered + n) % EDIT_HISTORY] : NULL;
}

static void remember(struct edit *e)
{
    const char *last = e->remembered ? edit_history(e, e->remembered - 1) : "";
    if (!e->length || strcmp(last, e->line) == 0)
        return;
    memcpy(e->history[e->next], e->line, e->length + 1);
    e->next = (e->next + 1) % EDIT_HISTORY;
    if (e->remembered < EDIT_HISTORY)
        e->remembered++;
}

static void recall(struct edit *e, unsigned back)
{
    if (back > e->remembered)
        return;
    if (!e->back)
        memcpy(e->fresh, e->line, e->length + 1);
    const char *text = back ? edit_history(e, e->remembered - back) : e->fresh;
    e->back = back;
    e->length = strlen(text);
    memmove(e->line, text, e->length + 1);
    e->at = e->length;
    refresh(e);
}

static void key(struct edit *e, char c)
{
    size_t left = e->at ? e->at - 1 : 0, right = e->at < e->length ? e->at + 1 : e->at;
    switch (c) {
    case 'A':
        recall(e, e->back + 1);
        break;
    case 'B':
        if (e->back)
            recall(e, e->back - 1);
        break;
    case 'C':
        move(e, right);
        break;
    case 'D':
        move(e, left);
        break;
    case 'H':
        move(e, 0);
        break;
    case 'F':
        move(e, e->length);
        break;
    case '~': // Home, Delete, End and their twins by number
        if (e->number == 1 || e->number == 7)
            move(e, 0);
        else if (e->number == 4 || e->number == 8)
            move(e, e->length);
        else if (e->number == 3)
            cut_out(e, e->at, right, false);
        break;
    default:
        break;
    }
}

// A byte within an escape sequence; false: it is none of it.
static bool sequence(struct edit *e, uint8_t byte)
{
    if (e->escape == AFTER_ESCAPE) {
        e->escape = byte == '[' ? AFTER_BRACKET : byte == 'O' ? AFTER_O : PLAIN;
        e->number = 0;
        return e->escape != PLAIN || byte >= ' ';
    }
    if (byte < ' ') {
        e->escape = PLAIN;
        return false;
    }
    if (e->escape == AFTER_BRACKET && byte < '@') {
        if (byte >= '0' && byte <= '9' && e->number < 1000)
            e->number = e->number * 10 + byte - '0';
        return true;
    }
    e->escape = PLAIN;
    key(e, (char)byte);
    return true;
}

static enum edit_result control(struct edit *e, uint8_t byte)
{
    switch (byte) {
    case CTRL_A:
        move(e, 0);
        break;
    case CTRL_B:
        key(e, 'D');
        break;
    case CTRL_C:
        if (e->echo)
            put_text(e, "^C\r\n");
        return EDIT_CANCEL;
    case CTRL_D:
        e->number = 3;
        key(e, '~');
        break;
    case CTRL_E:
        move(e, e->length);
        break;
    case CTRL_F:
        key(e, 'C');
        break;
    case CTRL_H:
    case DELETE:
        cut_out(e, e->at ? e->at - 1 : 0, e->at, false);
        break;
    case TAB:
        return EDIT_COMPLETE;
    case CTRL_K:
        cut_out(e, e->at, e->length, true);
        break;
    case CTRL_L:
        put_text(e, e->echo ? "\x1b[H\x1b[2J" : "");
        refresh(e);
        break;
    case CTRL_N:
        key(e, 'B');
        break;
    case CTRL_P:
        key(e, 'A');
        break;
    case CTRL_U:
        cut_out(e, 0, e->at, true);
        break;
    case CTRL_W:
        cut_out(e, word_before(e), e->at, true);
        break;
    case CTRL_Y:
        edit_insert(e, e->cut, strlen(e->cut));
        break;
    case ESCAPE:
        e->escape = AFTER_ESCAPE;
        break;
    default:
        break;
    }
    return EDIT_MORE;
}

enum edit_result edit_byte(struct edit *e, uint8_t byte)
{
    bool after_cr = e->after_cr;
    e->after_cr = byte == '\r';
    if (e->escape != PLAIN && sequence(e, byte))
        return EDIT_MORE;
    if (byte == '\r' || (byte == '\n' && !after_cr)) {
        if (e->echo)
            put_text(e, "\r\n");
        remember(e);
        return EDIT_DONE;
    }
    if (byte < ' ' || byte == DELETE)
        return control(e, byte);
    char c = (char)byte;
    edit_insert(e, &c, 1);
    return EDIT_MORE;
}
