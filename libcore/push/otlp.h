/*
 * OpenTelemetry's logs (ExportLogsServiceRequest), as protobuf and as JSON, to streams and entries
 * as Loki makes them: resource attributes that a rule names are labels, everything else is
 * structured metadata of the entry, its body is the line. lokid-push(7), "OTLP".
 */
#ifndef PUSH_OTLP_H
#define PUSH_OTLP_H

#include "push/push.h"
#include "regex/regex.h"

enum otlp_action {
	OTLP_METADATA,
	OTLP_INDEX_LABEL, /* of resource and log attributes; a scope's are metadata then */
	OTLP_DROP,
};

/* One attribute by its name, or, when regex is not NULL, all whose whole name it matches
 * (REGEX_ANCHORED). */
struct otlp_rule {
	enum otlp_action action;
	struct bytes name;
	const struct regex *regex;
};

/* The first that fits an attribute counts; when none does it is metadata. */
struct otlp_rules {
	const struct otlp_rule *v;
	size_t n;
};

struct otlp_mapping {
	struct otlp_rules resource, scope, log;
	bool severity_text_as_label;
};

/* Loki's: service.name and seventeen more of a resource are labels, nothing is dropped. */
extern const struct otlp_mapping otlp_default;

/*
 * Entries of a resource are one stream, unless attributes of theirs are labels; its labels are of
 * PUSH_LABELS_PAIRS, and what the name service_name would be found from is left to the sink. An
 * entry without a time is of now_ns. Errors: as push.h has them; ERR_LIMIT: values nested more than
 * OTLP_DEPTH_MAX deep, more than OTLP_VALUES_MAX of a resource, scope or record.
 */
enum { OTLP_DEPTH_MAX = 64, OTLP_VALUES_MAX = 1 << 16 };
MUST_CHECK int push_otlp_protobuf(struct bytes message, const struct otlp_mapping *mapping,
				  int64_t now_ns, const struct push_sink *sink, struct arena *a,
				  struct err *e);
MUST_CHECK int push_otlp_json(struct bytes body, const struct otlp_mapping *mapping, int64_t now_ns,
			      const struct push_sink *sink, struct arena *a, struct err *e);

#endif
