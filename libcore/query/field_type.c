#include "query/field_type.h"

#include <ctype.h>
#include <math.h>

#include "base/num.h"
#include "logql/unit.h"

enum { SIZE_TEXT_MAX = 64 };

static bool has_any(struct bytes v, const char *set)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] && strchr(set, v.p[i]))
			return true;
	return false;
}

/* As Go reads a float: hexadecimal ones need an exponent, what is too large is none. */
static bool is_float(struct bytes v)
{
	double d;

	if (!num_double(v, &d) || (has_any(v, "xX") && !has_any(v, "pP")))
		return false;
	return !isinf(d) || !has_any(v, "0123456789");
}

static bool is_boolean(struct bytes v)
{
	static const char *const words[] = { "1", "t", "T", "true",  "True",  "TRUE",
					     "0", "f", "F", "false", "False", "FALSE" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (bytes_is(v, words[i]))
			return true;
	return false;
}

/* Days and longer are no units of Go's. */
static bool is_duration(struct bytes v)
{
	int64_t ns;

	return !has_any(v, "dwy") && unit_parse_duration(v, &ns);
}

/* "12 MB", "1,024kib": a number, commas in it, and a unit in any case. */
static bool is_size(struct bytes v)
{
	static const char *const units[] = { "",    "b",  "k",	 "kb",	"ki", "kib", "m",
					     "mb",  "mi", "mib", "g",	"gb", "gi",  "gib",
					     "t",   "tb", "ti",	 "tib", "p",  "pb",  "pi",
					     "pib", "e",  "eb",	 "ei",	"eib" };
	char number[SIZE_TEXT_MAX], unit[4];
	struct bytes rest;
	size_t n = 0, i = 0;

	for (; i < v.n && (isdigit((unsigned char)v.p[i]) || v.p[i] == '.' || v.p[i] == ','); i++)
		if (v.p[i] != ',' && n < sizeof(number))
			number[n++] = v.p[i];
	rest = bytes_trim(bytes_sub(v, i, v.n));
	if (n == sizeof(number) || !is_float(bytes_of(number, n)) || rest.n >= sizeof(unit))
		return false;
	for (size_t k = 0; k < rest.n; k++)
		unit[k] = (char)tolower((unsigned char)rest.p[k]);
	for (size_t k = 0; k < sizeof(units) / sizeof(*units); k++)
		if (bytes_is(bytes_of(unit, rest.n), units[k]))
			return true;
	return false;
}

enum field_type field_type(struct bytes v)
{
	int64_t i;

	if (num_i64(v, &i))
		return FIELD_INT;
	if (is_float(v))
		return FIELD_FLOAT;
	if (is_boolean(v))
		return FIELD_BOOLEAN;
	if (is_duration(v))
		return FIELD_DURATION;
	return is_size(v) ? FIELD_BYTES : FIELD_STRING;
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
	return is_float(v) || is_uuid(v);
}
