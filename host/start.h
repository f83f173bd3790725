// All of the program but the name of its entry, so that tests can start it, too.
#ifndef HOST_START_H
#define HOST_START_H

// What main() does; the process's status. Does not come back when the run was ended by a signal.
int start(int argc, char **argv);

#endif
