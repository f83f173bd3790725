// A line on stderr for a step that takes longer than a second.
#ifndef HOST_PROGRESS_H
#define HOST_PROGRESS_H

// A step begins (of a struct machine_kernel: ctx is not used). The one before has ended.
void progress_step(void *ctx, const char *what);

// The last step has ended.
void progress_done(void);

#endif
