/*
 * Completion: the words that may stand at the cursor, what of them is typed for the user, and how
 * they are shown.
 */
#ifndef PROMPT_COMPLETE_H
#define PROMPT_COMPLETE_H

#include "base/arena.h"
#include "base/buf.h"

/* Words that begin with what is typed already. */
struct completions {
	struct bytes prefix; /* borrowed */
	struct completion {
		struct bytes spelled; /* as it is typed */
		struct bytes shown;
		const char *suffix; /* behind it, when it is the only one */
	} * v;
	size_t n, cap;
	struct arena mem;
};

void completions_release(struct completions *c);

/* One word; left out when it does not begin with the prefix. Copied; suffix is static. */
void completions_add(struct completions *c, struct bytes word, const char *suffix);

/* Names of labels (name empty), or values of one, of streams that the matchers `selector` (without
 * its braces, may be empty) find: sorted, valid until the next call. How many; none when that
 * cannot be told. */
typedef size_t complete_fetch_fn(void *data, struct bytes name, struct bytes selector,
				 const struct bytes **ret);

/* Adds what may stand at the end of a query's text, of which the prefix is the end. */
void complete_query(struct completions *c, struct bytes text, complete_fetch_fn *fetch, void *data);

/* What the words have in common behind the prefix, with the suffix of a single one. */
void completions_common(const struct completions *c, struct buf *ret);

/* All words in columns, as many as the terminal shows, and how many there are more. */
void completions_show(const struct completions *c, unsigned cols, unsigned rows, struct buf *ret);

#endif
