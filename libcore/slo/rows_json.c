/* Counts as JSON: objects one after the other, or an array of them. Numbers may stand in quotes. */
#include "json/json.h"
#include "slo/row.h"

/* What is being read, and how many lines were. */
struct reading {
	struct json_at j;
	const char *counted;
	uint64_t line;
	struct buf text; /* of strings with escapes, one behind the other */
};

static uint64_t line_of(struct reading *g)
{
	for (; g->counted < g->j.p; g->counted++)
		g->line += *g->counted == '\n';
	return g->line;
}

static int fail(struct reading *g, const char *expected, struct err *e)
{
	struct bytes rest = bytes_of(g->j.p, (size_t)(g->j.end - g->j.p));

	return err_set(e, ERR_CORRUPT, "line %llu: expected %s, found '%.*s'",
		       (unsigned long long)line_of(g), expected, BYTES_ARG(bytes_sub(rest, 0, 40)));
}

/* A value as a text; null is none. False when it is neither a string nor a number. */
static bool text_of(struct reading *g, struct bytes raw, struct bytes *ret)
{
	struct json_at j = json_start(raw);
	size_t at = g->text.n;
	struct bytes inner;
	bool escaped;

	if (raw.p[0] == '"') {
		if (!json_string(&j, &inner, &escaped))
			return false;
		*ret = inner;
		if (!escaped)
			return true;
		if (!json_unescape(inner, &g->text))
			return false;
		*ret = bytes_of(g->text.p + at, g->text.n - at);
		return true;
	}
	*ret = bytes_is(raw, "null") ? (struct bytes){ 0 } : raw;
	return raw.p[0] == 'n' || raw.p[0] == '-' || (raw.p[0] >= '0' && raw.p[0] <= '9');
}

static int read_member(struct reading *g, struct row_texts *t, struct err *e)
{
	struct bytes name, raw, text;
	enum row_field f;
	bool escaped;

	json_skip_space(&g->j);
	if (!json_string(&g->j, &name, &escaped) || !json_take(&g->j, ':'))
		return fail(g, "a field's name and ':'", e);
	json_skip_space(&g->j);
	f = row_field_of(name);
	if (!json_value(&g->j, &raw))
		return fail(g, "a value", e);
	if (f == ROW_FIELDS)
		return 0;
	if (t->text[f].p)
		return err_set(e, ERR_CORRUPT, "line %llu: field '%.*s': is there twice",
			       (unsigned long long)line_of(g), BYTES_ARG(name));
	if (!text_of(g, raw, &text))
		return err_set(e, ERR_CORRUPT,
			       "line %llu: field '%.*s': expected a number or a text",
			       (unsigned long long)line_of(g), BYTES_ARG(name));
	t->text[f] = text;
	return 0;
}

/* Room for what a whole object may unescape to, so that texts stay where they are. */
static void make_room(struct reading *g)
{
	struct json_at j = g->j;
	struct bytes raw;

	buf_reset(&g->text);
	if (json_value(&j, &raw) && memchr(raw.p, '\\', raw.n))
		buf_reserve(&g->text, raw.n);
}

static int read_object(struct reading *g, struct slo_rows *r, struct err *e)
{
	struct row_texts t = { 0 };

	json_skip_space(&g->j);
	make_room(g);
	t.line = line_of(g);
	if (!json_take(&g->j, '{'))
		return fail(g, "an object", e);
	if (!json_take(&g->j, '}')) {
		do {
			if (read_member(g, &t, e) < 0)
				return -1;
		} while (json_take(&g->j, ','));
		if (!json_take(&g->j, '}'))
			return fail(g, "',' or '}'", e);
	}
	return row_add(r, &t, e);
}

static bool at_end(struct reading *g)
{
	json_skip_space(&g->j);
	return g->j.p == g->j.end;
}

static int read_all(struct reading *g, struct slo_rows *r, struct err *e)
{
	if (!json_take(&g->j, '[')) {
		while (!at_end(g))
			if (read_object(g, r, e) < 0)
				return -1;
		return 0;
	}
	if (!json_take(&g->j, ']')) {
		do {
			if (read_object(g, r, e) < 0)
				return -1;
		} while (json_take(&g->j, ','));
		if (!json_take(&g->j, ']'))
			return fail(g, "',' or ']'", e);
	}
	return at_end(g) ? 0 : fail(g, "nothing behind the array", e);
}

int rows_read_json(struct bytes text, struct slo_rows *r, struct err *e)
{
	static const struct bytes mark = BYTES_LIT("\xef\xbb\xbf");
	struct reading g = { .line = 1 };
	int rc;

	g.j = json_start(bytes_starts(text, mark) ? bytes_sub(text, mark.n, text.n) : text);
	g.counted = g.j.p;
	rc = read_all(&g, r, e);
	buf_release(&g.text);
	return rc;
}
