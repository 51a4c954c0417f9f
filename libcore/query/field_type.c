#include "query/field_type.h"

#include <ctype.h>

#include "base/convert.h"
#include "base/num.h"

static bool is_boolean(struct bytes v)
{
	static const char *const words[] = { "1", "t", "T", "true",  "True",  "TRUE",
					     "0", "f", "F", "false", "False", "FALSE" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (bytes_is(v, words[i]))
			return true;
	return false;
}

enum field_type field_type(struct bytes v)
{
	int64_t i;
	uint64_t size;
	double d;

	if (num_i64(v, &i))
		return FIELD_INT;
	if (convert_number(v, &d))
		return FIELD_FLOAT;
	if (is_boolean(v))
		return FIELD_BOOLEAN;
	if (convert_duration(v, &i))
		return FIELD_DURATION;
	return convert_bytes(v, &size) ? FIELD_BYTES : FIELD_STRING;
}

const char *field_type_name(enum field_type t)
{
	static const char *const names[] = { "string",	"int",	    "float",
					     "boolean", "duration", "bytes" };

	return names[t];
}

/* 32 digits, or 8-4-4-4-12 of them, which may stand in braces or behind "urn:uuid:". */
static bool is_uuid(struct bytes v)
{
	const struct bytes urn = BYTES_LIT("urn:uuid:");

	if (v.n == 36 + urn.n && bytes_starts(v, urn))
		v = bytes_sub(v, urn.n, v.n);
	else if (v.n == 38 && v.p[0] == '{' && v.p[37] == '}')
		v = bytes_sub(v, 1, 36);
	if (v.n != 32 && v.n != 36)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		bool dash = v.n == 36 && (i == 8 || i == 13 || i == 18 || i == 23);

		if (dash ? v.p[i] != '-' : !isxdigit((unsigned char)v.p[i]))
			return false;
	}
	return true;
}

bool field_is_id(struct bytes v)
{
	double d;

	return convert_number(v, &d) || is_uuid(v);
}
