/* What kind of value a text is, as Loki tells the types of detected fields. */
#ifndef QUERY_FIELD_TYPE_H
#define QUERY_FIELD_TYPE_H

#include "base/bytes.h"

enum field_type {
	FIELD_STRING,
	FIELD_INT,
	FIELD_FLOAT,
	FIELD_BOOLEAN,
	FIELD_DURATION,
	FIELD_BYTES,
};

enum field_type field_type(struct bytes value);
const char *field_type_name(enum field_type t); /* "int"; valid for ever */

/* Whether it is a number or a UUID: a label that has only such values tells nobody anything. */
bool field_is_id(struct bytes value);

#endif
