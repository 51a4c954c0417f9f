/* limits_config.blocked_queries: queries that are refused by their text. */
#ifndef LIMITS_BLOCKED_H
#define LIMITS_BLOCKED_H

#include "base/buf.h"
#include "limits/part.h"

struct limits_block;

struct limits_blocks {
	const struct limits_block *v;
	size_t n;
};

/* As limits_otlp_read, of a list. */
void limits_blocks_read(const struct yaml_node *node, const char *name, struct limits_memory *m,
			struct limits_blocks *ret, struct report *r);

/* Both, in the arena. */
struct limits_blocks limits_blocks_join(const struct limits_blocks *a,
					const struct limits_blocks *b, struct arena *mem);

/* Which kinds of query with this text, and these tags ("a=b,c=d", of who asks), are refused:
 * "metric,filter"; NULL when none is. Static. */
const char *limits_blocked_kinds(const struct limits_blocks *l, struct bytes query,
				 struct bytes tags);

/* Appends it in JSON, which is YAML too: what limits_blocks_read takes. */
void limits_blocks_add(struct buf *out, const struct limits_blocks *l);

#endif
