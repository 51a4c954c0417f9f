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

struct lines;

struct log {
	int fd;
	bool json;
	struct lines *lines;  /* NULL, or with log_open: who says something waits for no reader */
	atomic_ullong n_lost; /* that were told of */
	atomic_int level;     /* enum log_level: what is below is not said */
	atomic_ullong n[LOG_LEVELS]; /* how many there were, said or not */
};

/* Each word of log_level, from debug on, NULL-ended. */
extern const char *const log_level_words[];

/* From now on a thread writes the lines, soon and in order. So much waits for who reads them, a
 * mebibyte; what comes then is lost, and a line says how many. Errors: ERR_IO. */
MUST_CHECK int log_open(struct log *l, struct err *e);

/* Writes what waits, for a second at most. From then on, as before log_open, each line is written
 * by who says it. When nobody says anything. */
void log_close(struct log *l);

/* One line, written whole: time, level, message, then names and values in turn, NULL-ended. */
void log_event(struct log *l, enum log_level level, const char *msg, ...) __attribute__((sentinel));

#endif
