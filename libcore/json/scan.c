#include "json/json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { DEPTH_MAX = 1000 };

void json_skip_space(struct json_at *j)
{
	while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' || *j->p == '\n' || *j->p == '\r'))
		j->p++;
}

bool json_take(struct json_at *j, char c)
{
	json_skip_space(j);
	if (j->p == j->end || *j->p != c)
		return false;
	j->p++;
	return true;
}

/* Most strings are short: one look at 16 bytes at once finds it. */
const char *json_find_quote_or_escape(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), escape = _mm_set1_epi8('\\');

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const void *)p);
		int hits = _mm_movemask_epi8(
			_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, escape)));

		if (hits)
			return p + __builtin_ctz((unsigned)hits);
	}
#endif
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

bool json_string(struct json_at *j, struct bytes *ret_raw, bool *ret_escaped)
{
	const char *start, *p;

	json_skip_space(j);
	if (j->p == j->end || *j->p != '"')
		return false;
	start = j->p + 1;
	*ret_escaped = false;
	for (p = start; (p = json_find_quote_or_escape(p, j->end)) < j->end && *p == '\\'; p += 2) {
		*ret_escaped = true;
		if (j->end - p < 2) /* nothing behind the backslash */
			return false;
	}
	if (p == j->end)
		return false;
	*ret_raw = bytes_of(start, (size_t)(p - start));
	j->p = p + 1;
	return true;
}

static const char *digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

const char *json_number_end(const char *p, const char *end)
{
	const char *from;

	if (p < end && *p == '-')
		p++;
	from = p;
	p = digits(p, end);
	if (p == from || (*from == '0' && p - from > 1))
		return NULL;
	if (p < end && *p == '.') {
		from = ++p;
		p = digits(p, end);
		if (p == from)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		from = p;
		p = digits(p, end);
		if (p == from)
			return NULL;
	}
	return p;
}

static bool skip_literal(struct json_at *j)
{
	const char *start = j->p;

	while (j->p < j->end && !strchr(" \t\r\n,]}:\"[{", *j->p) && *j->p)
		j->p++;
	return j->p > start;
}

/* Brackets are counted, not matched by kind: the text is only to be delimited here. */
bool json_value(struct json_at *j, struct bytes *ret_raw)
{
	const char *start;
	struct bytes string;
	bool escaped;
	int depth = 0;

	json_skip_space(j);
	start = j->p;
	do {
		json_skip_space(j);
		if (j->p == j->end)
			return false;
		switch (*j->p) {
		case '"':
			if (!json_string(j, &string, &escaped))
				return false;
			break;
		case '{':
		case '[':
			if (++depth > DEPTH_MAX)
				return false;
			j->p++;
			break;
		case '}':
		case ']':
			if (--depth < 0)
				return false;
			j->p++;
			break;
		case ',':
		case ':':
			if (depth == 0)
				return false;
			j->p++;
			break;
		default:
			if (!skip_literal(j))
				return false;
		}
	} while (depth > 0);
	*ret_raw = bytes_of(start, (size_t)(j->p - start));
	return true;
}

bool json_member(struct bytes object, const char *name, struct bytes *ret_raw)
{
	struct json_at j = json_start(object);
	struct bytes key, value;
	bool escaped;

	if (!json_take(&j, '{'))
		return false;
	do {
		json_skip_space(&j);
		if (!json_string(&j, &key, &escaped) || !json_take(&j, ':'))
			return false;
		json_skip_space(&j);
		if (!json_value(&j, &value))
			return false;
		if (bytes_is(key, name)) {
			*ret_raw = value;
			return true;
		}
	} while (json_take(&j, ','));
	return false;
}
