// What a character device is connected to, as the command line says it. Pure: opens nothing.
#ifndef HOST_CHARDEV_OPTIONS_H
#define HOST_CHARDEV_OPTIONS_H

#include "core/types.h"

enum chardev_kind {
    CHARDEV_NULL,  // bytes go nowhere, none come
    CHARDEV_STDIO, // standard input and output
    CHARDEV_FILE,  // output into a file
    CHARDEV_UNIX,  // a UNIX socket
    CHARDEV_TCP,
    CHARDEV_PTY, // a new terminal
};

struct chardev_options {
    enum chardev_kind kind;
    char id[64];             // of -chardev; "" without
    char label[64];          // what messages call it: its id, or "serial0"
    char path[1024];         // CHARDEV_FILE, CHARDEV_UNIX
    char host[256], port[8]; // CHARDEV_TCP; "" for this computer
    char logfile[1024];      // gets a copy of the output; "" for none
    bool log_append;         // the copy is added to what the file has
    bool server;             // sockets: listens; else it connects
    bool wait;               // a server: the guest starts when the first client has come
    bool mux;                // several front ends share it, by the keys of the multiplexer
    bool signals;            // CHARDEV_STDIO: Ctrl-C and the like keep their meaning on a terminal
    bool append;             // CHARDEV_FILE: adds to what the file has
    bool absent;             // "none": what would be connected to it is not there
    bool server_said, wait_said;
};

// The next word of a list with commas, in which a comma is written twice; *list is moved on to the next one, or is NULL
// after the last. False when the word does not fit.
bool next_word(const char **list, char *out, size_t size);

// The short form, as behind -serial: "unix:PATH,server=on,wait=off". "chardev:ID" is not known here. False with what is
// wrong in `why` (size bytes).
bool chardev_parse(struct chardev_options *c, const char *text, char *why, size_t size);

// The long form, as behind -chardev: "socket,id=ID,path=PATH,server=on".
bool chardev_parse_long(struct chardev_options *c, const char *text, char *why, size_t size);

#endif
