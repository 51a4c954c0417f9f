/*
 * What the daemon says of itself: a line on stderr for each event, as logfmt or JSON. Files and
 * their rotation are left to others. From any thread.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_LEVELS };

struct log {
	int fd;
	bool json;
	atomic_int level;	     /* enum log_level: what is below is not said */
	atomic_ullong n[LOG_LEVELS]; /* how many there were, said or not */
};

/* Each word of log_level, from debug on, NULL-ended. */
extern const char *const log_level_words[];

/* One line: time, level, message, then names and values in turn, NULL-ended. It is written at once
 * and whole. */
void log_event(struct log *l, enum log_level level, const char *msg, ...) __attribute__((sentinel));

#endif
