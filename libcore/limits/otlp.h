/* limits_config.otlp_config: which attributes of OpenTelemetry's logs become labels, metadata or
 * nothing. */
#ifndef LIMITS_OTLP_H
#define LIMITS_OTLP_H

#include "limits/part.h"
#include "push/otlp.h"

struct limits_otlp {
	struct otlp_mapping mapping;
	size_t n_defaults; /* of a resource's rules: the first, which others did not write */
};

/* One rule for each name: it is a label. */
struct otlp_rules limits_otlp_labels(const struct key_names *names, struct limits_memory *m);

/*
 * What stands at node, the value of otlp_config, takes the place of all that is in *ret: a list
 * that is not there is empty. labels are the rules that stand before those of a resource, unless
 * ignore_defaults says otherwise. Faults are told to r, with name ("limits_config.otlp_config")
 * before keys that are none; *ret is of no use then.
 */
void limits_otlp_read(const struct yaml_node *node, const char *name,
		      const struct otlp_rules *labels, struct limits_memory *m,
		      struct limits_otlp *ret, struct report *r);

/* Appends it in JSON, which is YAML too: what limits_otlp_read takes. */
void limits_otlp_add(struct buf *out, const struct limits_otlp *o);

#endif
