/* limits_config.retention_stream: how long entries of single streams are kept. */
#ifndef LIMITS_RETENTION_H
#define LIMITS_RETENTION_H

#include "base/buf.h"
#include "labels/matcher.h"
#include "limits/part.h"

struct limits_stream_rule {
	struct bytes selector; /* as it was written */
	const struct matcher *match;
	size_t n_match;
	uint64_t priority;
	int64_t period_ns; /* a day at least */
};

/* In the order in which they were written. Which of them counts: retention/retention.h. */
struct limits_stream_rules {
	const struct limits_stream_rule *v;
	size_t n;
};

/* As limits_otlp_read, of a list. */
void limits_stream_rules_read(const struct yaml_node *node, const char *name,
			      struct limits_memory *m, struct limits_stream_rules *ret,
			      struct report *r);

/* Appends it in JSON, which is YAML too: what limits_stream_rules_read takes. */
void limits_stream_rules_add(struct buf *out, const struct limits_stream_rules *l);

#endif
