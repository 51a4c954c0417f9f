/* Receipts that both stores of a copy have: each did something about the request. Private to
 * compact/. */
#ifndef COMPACT_COPY_RECEIPTS_H
#define COMPACT_COPY_RECEIPTS_H

#include "compact/copy.h"

struct copy_receipt {
	const char *name; /* in both stores */
	struct bytes id;  /* of the request */
};

/*
 * The target's get the rows that the source's have more; where there are none nothing is written.
 * One at the target that is damaged is replaced. One at the source that is damaged, one of another
 * version, and one that is too large, are told as faults, and the target's stays. *ret_any_gone:
 * some of the source's were gone; else it is untouched. Errors: ERR_AGAIN, ERR_IO, ERR_FULL.
 */
MUST_CHECK int copy_receipts(const struct copy_opts *o, const struct copy_receipt *v, size_t n,
			     bool *ret_any_gone, struct err *e);

#endif
