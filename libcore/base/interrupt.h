/*
 * Ctrl-C (SIGINT) as something to be asked for, not something that happens: a program that is to
 * outlive it blocks the signal, long work looks now and then whether one waits, and who began the
 * work takes it away. No handler, so nothing global.
 */
#ifndef BASE_INTERRUPT_H
#define BASE_INTERRUPT_H

#include <stdbool.h>

#include "base/err.h"

/* From now on SIGINT waits, in this thread and in those that it starts. */
void interrupt_block(void);
/* For any thread. */
bool interrupt_waits(void);
/* ERR_AGAIN when one waits. */
MUST_CHECK int interrupt_check(struct err *e);
/* Takes away the one that waits, if any. */
void interrupt_take(void);

#endif
