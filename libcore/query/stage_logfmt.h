/* | logfmt without expressions, by the complete way and by the fast one. */
#ifndef QUERY_STAGE_LOGFMT_H
#define QUERY_STAGE_LOGFMT_H

#include "query/stage.h"

struct logfmt_how {
	bool strict, keep_empty;
};

/* Entry i: whether it stays (false: a filter has refused it). */
bool logfmt_extract_slowly(const struct stage *s, struct block *b, uint32_t i);
/* The same for the plain case, into *ret_stays. False: it is none, and nothing was done. */
bool logfmt_extract_fast(const struct stage *s, struct block *b, uint32_t i,
			 const struct logfmt_how *how, bool *ret_stays);

/* The same of lines that are taken apart; s->state begins with a struct logfmt_how. */
struct shape_parser;
extern const struct shape_parser logfmt_shapes;

/* Resolves the escapes of what stood in quotes; the result lies in the block's arena. False: one is
 * bad. */
bool logfmt_unescape(struct block *b, struct bytes *value);

#endif
