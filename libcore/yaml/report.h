/*
 * What is to be said of a file of settings: every fault, not only the first, and every key that
 * does something else than its name says, or nothing.
 */
#ifndef YAML_REPORT_H
#define YAML_REPORT_H

#include "yaml/key.h"

enum report_kind { REPORT_NOTE, REPORT_WARNING, REPORT_ERROR };

struct report {
	/* text: "FILE:LINE:COL: ...". NULL: nothing is told. */
	void (*say)(void *data, enum report_kind kind, const char *text);
	void *data;
	size_t n_errors; /* private from here */
	struct err last;
};

/* Of a key that stands at `at`: of one that is used as it is, nothing; of one that is mapped, a
 * note; of the others a warning, which names all keys in the value too. */
void report_key(struct report *r, const struct yaml_pair *at, const char *name,
		const struct key *k);

void report_say(struct report *r, enum report_kind kind, const struct yaml_node *at,
		const char *fmt, ...) PRINTF_LIKE(4, 5);

/* A fault. All but the last are said; that is report_end's. */
void report_error(struct report *r, const struct err *e);
/* The same, ERR_USAGE, at a node's place. */
void report_error_at(struct report *r, const struct yaml_node *at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Cuts what was said at the end of its place: "FILE:LINE:COL" and the rest. False, and all of it is
 * the rest, when it has none. */
bool report_cut_place(struct bytes said, struct bytes *ret_place, struct bytes *ret_rest);

/* -1 when there were faults, with the last of them in e. */
MUST_CHECK int report_end(struct report *r, struct err *e);

#endif
