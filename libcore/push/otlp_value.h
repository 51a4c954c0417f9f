/*
 * AnyValue, OpenTelemetry's value of an attribute or a body, in an arena: one attribute's at a time
 * is what is ever held.
 */
#ifndef PUSH_OTLP_VALUE_H
#define PUSH_OTLP_VALUE_H

#include "base/arena.h"
#include "base/buf.h"

enum otlp_kind {
	OTLP_EMPTY,
	OTLP_STRING,
	OTLP_BYTES,
	OTLP_BOOL,
	OTLP_INT,
	OTLP_DOUBLE,
	OTLP_ARRAY,
	OTLP_MAP,
};

struct otlp_value {
	struct otlp_value *next; /* of an array, a map or the attributes */
	struct bytes key;	 /* of a map or the attributes */
	enum otlp_kind kind;
	union {
		struct bytes text; /* STRING, BYTES */
		bool truth;
		int64_t integer;
		double number;
		struct otlp_value *first; /* ARRAY, MAP */
	};
};

/* As a collector prints it: text as it is, bytes in base64, numbers and truths as JSON has them,
 * arrays and maps (their names sorted) as JSON without blanks, nothing as nothing. Borrowed from
 * the value, or in a. */
struct bytes otlp_value_text(const struct otlp_value *v, struct arena *a);

#endif
