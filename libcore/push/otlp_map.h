/* From resources, scopes and log records, however they were written, to streams and entries: what
 * both forms of OTLP share. */
#ifndef PUSH_OTLP_MAP_H
#define PUSH_OTLP_MAP_H

#include "push/otlp.h"
#include "push/otlp_value.h"
#include "push/pairs.h"

enum { OTLP_TRACE_ID = 16, OTLP_SPAN_ID = 8 };

struct otlp_scope {
	struct bytes name, version;
	uint32_t dropped; /* attributes, as its sender counted them */
	struct otlp_value *attributes;
};

struct otlp_record {
	uint64_t time, observed; /* Unix nanoseconds; 0: not known */
	uint32_t severity, dropped, flags;
	struct bytes severity_text, event_name;
	struct otlp_value body;
	struct otlp_value *attributes;
	unsigned char trace_id[OTLP_TRACE_ID], span_id[OTLP_SPAN_ID]; /* all 0: none */
};

struct otlp {
	const struct otlp_mapping *mapping;
	int64_t now_ns;
	const struct push_sink *sink;
	struct arena *scratch;		  /* of the record */
	struct arena resource_a, scope_a; /* of what is in force; attributes are read into them */
	size_t n_values;		  /* read since the last otlp_begin */
	struct push_pairs labels, resource_meta, scope_meta, record_labels, meta;
	bool plain;	 /* .current has .labels, and none of a record */
	struct buf name; /* of an attribute in maps */
	struct push_current current;
	struct err *e;
};

void otlp_release(struct otlp *o);

/* Before a resource, a scope or a record is read: into which arena. Empty it is. */
struct arena *otlp_begin_resource(struct otlp *o);
struct arena *otlp_begin_scope(struct otlp *o);
struct arena *otlp_begin_record(struct otlp *o);

/* A value to read into; NULL with ERR_LIMIT when there are too many or too deep. depth begins at 0.
 */
struct otlp_value *otlp_new_value(struct otlp *o, struct arena *a, unsigned depth);

/* What was read is in force from now on; NULL is an empty one. A resource ends the scope before it.
 */
MUST_CHECK int otlp_set_resource(struct otlp *o, const struct otlp_value *attributes);
MUST_CHECK int otlp_set_scope(struct otlp *o, const struct otlp_scope *scope);
/* Gives a record to the sink. */
MUST_CHECK int otlp_give(struct otlp *o, const struct otlp_record *r);

#endif
