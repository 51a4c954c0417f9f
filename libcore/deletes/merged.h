/*
 * The text of a file that holds many requests, and of one of them alone. Private to deletes/, but
 * for who checks a store. Format: lokid-deletes(5), "MERGED".
 */
#ifndef DELETES_MERGED_H
#define DELETES_MERGED_H

#include "deletes/requests.h"

enum { MERGED_MAX = 64 << 20 /* bytes of such a file */ };

/* What a file says. */
struct merged {
	struct delete_request *v; /* ascending by id, each once */
	size_t n;
	struct bytes *replaces; /* names within the folder, ascending, each once */
	size_t n_replaces;
};

/* Appends the text; the name of the file is the hash of it. */
void merged_add_text(struct buf *b, const struct merged *m);

/*
 * Reads it; all of *ret lies in the arena. hex: the hash that it must have, 32 digits; empty: any.
 * Errors: ERR_CORRUPT, ERR_VERSION.
 */
MUST_CHECK int merged_parse_text(struct bytes text, struct bytes hex, struct arena *a,
				 struct merged *ret, struct err *e);

#endif
