/* Label sets as text: {a="b"} with Go's quoting, and a JSON object. */
#include "base/mem.h"
#include "base/utf8.h"
#include "json/json.h"
#include "labels/labels.h"
#include "labels/quote.h"

#include <stdlib.h>

void labels_add_text(struct buf *b, const struct labels *l)
{
	buf_add_char(b, '{');
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			buf_add_str(b, ", ");
		buf_add_bytes(b, l->v[i].name);
		buf_add_char(b, '=');
		quote_add(b, l->v[i].value);
	}
	buf_add_char(b, '}');
}

void labels_add_json(struct buf *b, const struct labels *l)
{
	buf_add_char(b, '{');
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		json_add_quoted(b, l->v[i].name);
		buf_add_char(b, ':');
		json_add_quoted(b, l->v[i].value);
	}
	buf_add_char(b, '}');
}

/* A label set that grows while a text is read. */
struct reading {
	struct arena *a;
	struct buf scratch;
	struct label *v;
	size_t n, cap;
	bool loose; /* JSON values of any kind; the last of a name counts */
};

static int add_label(struct reading *rd, struct bytes name, struct bytes value, struct err *e)
{
	if (rd->n == LABELS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d labels", LABELS_MAX);
	if (name.n > LABEL_NAME_MAX || value.n > LABEL_VALUE_MAX)
		return err_set(e, ERR_LIMIT, "label '%.*s' is too long",
			       (int)(name.n < 40 ? name.n : 40), name.p);
	for (size_t i = 0; rd->loose && i < rd->n; i++) {
		if (bytes_eq(rd->v[i].name, name)) {
			rd->v[i].value = value;
			return 0;
		}
	}
	mem_grow(&rd->v, &rd->cap, rd->n + 1, sizeof(*rd->v));
	rd->v[rd->n++] = (struct label){ name, value };
	return 0;
}

/* Moves what was read into the arena and normalises it. */
static int finish(struct reading *rd, int rc, struct labels *ret, struct err *e)
{
	struct labels l = { arena_alloc(rd->a, rd->n * sizeof(*l.v)), rd->n };

	if (rd->n)
		memcpy(l.v, rd->v, rd->n * sizeof(*l.v));
	free(rd->v);
	buf_release(&rd->scratch);
	if (rc < 0 || labels_normalize(&l, e) < 0)
		return -1;
	*ret = l;
	return 0;
}

static bool read_json_string(struct reading *rd, struct json_at *j, struct bytes *ret)
{
	struct bytes raw;
	bool escaped;

	if (!json_string(j, &raw, &escaped))
		return false;
	buf_reset(&rd->scratch);
	if (escaped && !json_unescape(raw, &rd->scratch))
		return false;
	*ret = arena_copy(rd->a, escaped ? buf_bytes(&rd->scratch) : raw);
	return true;
}

/* What is no string: its text, when it is a value at all. */
static bool read_json_loosely(struct reading *rd, struct json_at *j, struct bytes *ret)
{
	static const char *const words[] = { "true", "false", "null" };
	struct bytes raw;
	bool known;

	json_skip_space(j);
	if (!rd->loose || !json_value(j, &raw) || raw.n == 0)
		return false;
	known = strchr("{[-0123456789", raw.p[0]) && raw.p[0];
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		known = known || bytes_is(raw, words[i]);
	*ret = arena_copy(rd->a, raw);
	return known;
}

static int read_json(struct reading *rd, struct bytes text, struct err *e)
{
	struct json_at j = json_start(text);
	struct bytes name, value;

	if (!json_take(&j, '{'))
		return err_set(e, ERR_USAGE, "expected labels as {\"name\":\"value\"}");
	if (!json_take(&j, '}')) {
		do {
			if (!read_json_string(rd, &j, &name) || !json_take(&j, ':'))
				return err_set(e, ERR_USAGE,
					       "labels: expected \"name\": at column %zu",
					       (size_t)(j.p - text.p) + 1);
			if (!read_json_string(rd, &j, &value) && !read_json_loosely(rd, &j, &value))
				return err_set(e, ERR_USAGE,
					       "label '%.*s': expected a string at column %zu",
					       BYTES_ARG(name), (size_t)(j.p - text.p) + 1);
			if (add_label(rd, name, value, e) < 0)
				return -1;
		} while (json_take(&j, ','));
		if (!json_take(&j, '}'))
			return err_set(e, ERR_USAGE, "labels: expected , or } at column %zu",
				       (size_t)(j.p - text.p) + 1);
	}
	json_skip_space(&j);
	if (j.p != j.end)
		return err_set(e, ERR_USAGE, "labels: something behind } at column %zu",
			       (size_t)(j.p - text.p) + 1);
	return 0;
}

int labels_parse_json(struct bytes text, struct arena *a, struct labels *ret, struct err *e)
{
	struct reading rd = { .a = a };

	return finish(&rd, text.n ? read_json(&rd, text, e) : 0, ret, e);
}

int labels_parse_json_loosely(struct bytes text, struct arena *a, struct labels *ret, struct err *e)
{
	struct reading rd = { .a = a, .loose = true };

	return finish(&rd, read_json(&rd, text, e), ret, e);
}

static void skip_space(struct bytes *t)
{
	while (t->n > 0 &&
	       (t->p[0] == ' ' || t->p[0] == '\t' || t->p[0] == '\n' || t->p[0] == '\r'))
		*t = bytes_sub(*t, 1, t->n);
}

static bool take(struct bytes *t, char c)
{
	skip_space(t);
	if (t->n == 0 || t->p[0] != c)
		return false;
	*t = bytes_sub(*t, 1, t->n);
	return true;
}

static int read_text(struct reading *rd, struct bytes text, struct err *e)
{
	struct bytes t = text, name, value;

	if (!take(&t, '{'))
		return err_set(e, ERR_USAGE, "expected labels as {name=\"value\"}");
	if (!take(&t, '}')) {
		do {
			size_t n = 0;

			skip_space(&t);
			if (t.n && t.p[0] == '}' && rd->n > 0) /* behind a last comma */
				break;
			while (n < t.n && !strchr(" \t\r\n=,{}\"", t.p[n]))
				n++;
			name = bytes_sub(t, 0, n);
			t = bytes_sub(t, n, t.n);
			if (n == 0 || !take(&t, '='))
				return err_set(e, ERR_USAGE, "labels: expected name= at column %zu",
					       text.n - t.n + 1);
			skip_space(&t);
			buf_reset(&rd->scratch);
			n = quote_scan(t, &rd->scratch);
			if (n == 0)
				return err_set(
					e, ERR_USAGE,
					"label '%.*s': expected a value in quotes at column %zu",
					BYTES_ARG(name), text.n - t.n + 1);
			t = bytes_sub(t, n, t.n);
			value = arena_copy(rd->a, buf_bytes(&rd->scratch));
			if (add_label(rd, arena_copy(rd->a, name), value, e) < 0)
				return -1;
		} while (take(&t, ','));
		if (!take(&t, '}'))
			return err_set(e, ERR_USAGE, "labels: expected , or } at column %zu",
				       text.n - t.n + 1);
	}
	skip_space(&t);
	if (t.n != 0)
		return err_set(e, ERR_USAGE, "labels: something behind } at column %zu",
			       text.n - t.n + 1);
	return 0;
}

bool labels_text_twice(struct bytes text, struct arena *a, struct bytes *ret_name)
{
	struct reading rd = { .a = a };
	bool found = false;
	struct err e;

	if (read_text(&rd, text, &e) == 0)
		for (size_t i = 1; i < rd.n && !found; i++)
			for (size_t k = 0; k < i && !found; k++)
				if ((found = bytes_eq(rd.v[i].name, rd.v[k].name)))
					*ret_name = rd.v[i].name;
	free(rd.v);
	buf_release(&rd.scratch);
	return found;
}

int labels_parse_text(struct bytes text, struct arena *a, struct labels *ret, struct err *e)
{
	struct reading rd = { .a = a };

	return finish(&rd, read_text(&rd, text, e), ret, e);
}
