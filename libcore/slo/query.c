#include "slo/query.h"

#include "slo/period.h"

/* Behind blanks. */
static size_t skip(struct bytes q, size_t at)
{
	while (at < q.n && (q.p[at] == ' ' || q.p[at] == '\t'))
		at++;
	return at;
}

static size_t skip_word(struct bytes q, size_t at, const char *word)
{
	struct bytes w = bytes_str(word), rest = bytes_sub(q, at, q.n);

	return bytes_starts(rest, w) ? at + w.n : at;
}

/* The length of a placeholder at this place, or 0. */
static size_t placeholder(struct bytes q, size_t at)
{
	size_t open = skip_word(q, at, "{{"), name, end;

	if (open == at)
		return 0;
	name = skip_word(q, skip(q, open), ".");
	end = skip_word(q, name, "window");
	if (end == name)
		return 0;
	name = skip(q, end);
	end = skip_word(q, name, "}}");
	return end == name ? 0 : end - at;
}

/* The next placeholder at or behind `at`: its place, or q.n. */
static size_t find(struct bytes q, size_t at, size_t *ret_len)
{
	for (; at < q.n; at++)
		if (q.p[at] == '{' && (*ret_len = placeholder(q, at)) > 0)
			return at;
	return q.n;
}

bool slo_query_has_window(struct bytes query)
{
	size_t len;

	return find(query, 0, &len) < query.n;
}

void slo_query_add(struct buf *b, struct bytes query, int64_t window_ns)
{
	size_t at = 0, len = 0, next;

	while ((next = find(query, at, &len)) < query.n) {
		buf_add_bytes(b, bytes_sub(query, at, next - at));
		slo_duration_add(b, window_ns);
		at = next + len;
	}
	buf_add_bytes(b, bytes_sub(query, at, query.n));
}

static bool has(struct bytes q, const char *word)
{
	return q.n && memmem(q.p, q.n, word, strlen(word));
}

bool slo_query_is_rate(struct bytes query)
{
	return has(query, "rate(") || has(query, "rate (");
}

/* A minus sign that is no part of a label, a duration or a number's exponent. */
static bool subtracts(struct bytes q)
{
	char quote = 0;

	for (size_t i = 0; i < q.n; i++) {
		char c = q.p[i];

		if (quote) {
			i += c == '\\';
			quote = c == quote ? 0 : quote;
		} else if (c == '"' || c == '\'' || c == '`') {
			quote = c;
		} else if (c == '-') {
			return true;
		}
	}
	return false;
}

bool slo_query_is_bucket(struct bytes query)
{
	return has(query, "_bucket") && has(query, "le=") && !has(query, "le=\"+Inf\"") &&
	       !subtracts(query);
}
