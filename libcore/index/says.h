/* What work on a store says to whoever asked for it: lines that are the answer, notes, faults. */
#ifndef INDEX_SAYS_H
#define INDEX_SAYS_H

#include "index/dump.h"

struct store;

struct index_says {
	const struct store *store;
	bool dry_run;
	index_sink_fn *sink;			    /* takes the lines of the answer */
	void (*note)(const char *text, void *data); /* NULL is fine */
	void (*warn)(const char *text, void *data);
	void (*fault)(const struct err *e, void *data); /* what is damaged */
	void *data;
};

/* A line of the answer. Errors: the sink's. */
MUST_CHECK int says_line(const struct index_says *s, struct err *e, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* A note. */
void says_note(const struct index_says *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* As sweep.h and compact.h call them; data is a struct index_says. */
void says_deleted(const char *name, uint64_t size, void *data);
void says_busy(struct bytes tenant, int32_t day, void *data);
void says_fault(const struct err *e, void *data);

#endif
