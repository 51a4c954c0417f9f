/* What ringctl does for each of its verbs. */
#ifndef RING_COMMAND_H
#define RING_COMMAND_H

#include "ring/options.h"

extern const struct cli_verb ring_verbs[];

/* A note for people: "i-1 is ACTIVE". */
typedef void ring_note_fn(const char *text, void *data);

struct ring_command {
	struct ring_opts opts;
	ring_note_fn *note;
	ring_note_fn *warn;
	void *data; /* of both */
};

/*
 * Does what operand[0] says; what is told goes to stdout. Errors: ERR_USAGE, no verb, or operands
 * and options that it does not take; ERR_NO, the answer is no; those of ring/place.h.
 */
MUST_CHECK int ring_command(struct ring_command *c, char **operand, size_t n, struct err *e);

#endif
