/*
 * | json, with and without expressions.
 *
 * Lines are read as Loki's own scanner reads them, which is not RFC 8259: values are found by where
 * they end, numbers are not looked into, what stands behind the object does not matter, and fields
 * before a fault are kept. The error texts are those that Loki shows.
 */
#include "query/stage_json.h"

#include "base/utf8.h"
#include "json/json.h"
#include "query/keys.h"

static const char err_json[] = "JSONParserErr";
static const char e_malformed[] = "Malformed JSON error";
static const char e_string[] = "Value is string, but can't find closing '\"' symbol";
static const char e_array[] = "Value is array, but can't find closing ']' symbol";
static const char e_object[] = "Value looks like object, but can't find closing '}' symbol";
static const char e_type[] = "Unknown value type";
static const char e_escape[] = "Encountered an invalid escape sequence in a string";
/* Not faults: reasons to stop. */
static const char stop_found[] = "all found", stop_drop[] = "line refused";

/* p stands behind the opening quote; returns where the closing one stands, or NULL. */
static const char *string_end(const char *p, const char *end, bool *ret_escaped)
{
	*ret_escaped = false;
	while ((p = json_find_quote_or_escape(p, end)) < end && *p == '\\') {
		*ret_escaped = true;
		if (end - p < 2)
			return NULL;
		p += 2;
	}
	return p < end ? p : NULL;
}

/* p stands on the opening sign; returns behind the closing one, or NULL. */
static const char *block_end(const char *p, const char *end, char open, char close)
{
	size_t depth = 0;
	bool escaped;

	for (; p < end; p++) {
		if (*p == '"') {
			p = string_end(p + 1, end, &escaped);
			if (!p)
				return NULL;
		} else if (*p == open) {
			depth++;
		} else if (*p == close && --depth == 0) {
			return p + 1;
		}
	}
	return NULL;
}

static const char *token_end(const char *p, const char *end)
{
	while (p < end && *p != ' ' && *p != '\n' && *p != '\r' && *p != '\t' && *p != ',' &&
	       *p != '}' && *p != ']')
		p++;
	return p;
}

const char *json_get(const char *p, const char *end, struct json_val *ret, const char **ret_error)
{
	const char *q;
	bool escaped = false;

	*ret = (struct json_val){ 0 };
	p = json_skip(p, end);
	if (p == end) {
		*ret_error = e_malformed;
		return NULL;
	}
	if (*p == '"') {
		q = string_end(p + 1, end, &escaped);
		if (!q) {
			*ret_error = e_string;
			return NULL;
		}
		*ret = (struct json_val){ JSON_STRING, escaped,
					  bytes_of(p + 1, (size_t)(q - p - 1)) };
		return q + 1;
	}
	if (*p == '[' || *p == '{') {
		bool array = *p == '[';

		q = array ? block_end(p, end, '[', ']') : block_end(p, end, '{', '}');
		if (!q) {
			*ret_error = array ? e_array : e_object;
			return NULL;
		}
		*ret = (struct json_val){ array ? JSON_ARRAY : JSON_OBJECT, false,
					  bytes_of(p, (size_t)(q - p)) };
		return q;
	}
	q = token_end(p, end);
	ret->raw = bytes_of(p, (size_t)(q - p));
	if (bytes_is(ret->raw, "true") || bytes_is(ret->raw, "false")) {
		ret->type = JSON_BOOL;
	} else if (bytes_is(ret->raw, "null")) {
		ret->type = JSON_NULL;
	} else if (*p == '-' || (*p >= '0' && *p <= '9')) {
		ret->type = JSON_NUMBER;
	} else {
		*ret_error = e_type;
		return NULL;
	}
	return q;
}

/* Like json_unescape, but as Go's scanner: what is no escape, a lone surrogate included, fails. */
static bool lone_surrogate(struct bytes raw)
{
	for (size_t i = 0; i + 5 < raw.n; i++) {
		char hex[5] = { 0 };
		unsigned long c;

		if (raw.p[i] != '\\')
			continue;
		if (raw.p[i + 1] != 'u') {
			i++;
			continue;
		}
		memcpy(hex, raw.p + i + 2, 4);
		c = strtoul(hex, NULL, 16);
		if (c < 0xd800 || c > 0xdfff) {
			i += 5;
			continue;
		}
		if (c >= 0xdc00 || i + 11 >= raw.n || raw.p[i + 6] != '\\' || raw.p[i + 7] != 'u')
			return true;
		memcpy(hex, raw.p + i + 8, 4);
		c = strtoul(hex, NULL, 16);
		if (c < 0xdc00 || c > 0xdfff)
			return true;
		i += 11;
	}
	return false;
}

static bool unescape(struct block *b, struct bytes raw, struct bytes *ret)
{
	buf_reset(&b->scratch);
	if (lone_surrogate(raw) || !json_unescape(raw, &b->scratch))
		return false;
	*ret = arena_copy(&b->mem, buf_bytes(&b->scratch));
	return true;
}

struct bytes stage_clean_utf8(struct block *b, struct bytes v)
{
	static const char high[] = "\xef\xbf\xbd";
	struct buf *out = &b->scratch;
	bool plain = true;

	for (size_t i = 0; i < v.n && plain; i++)
		plain = (unsigned char)v.p[i] < 0x80;
	if (plain || (utf8_valid(v) && !memmem(v.p, v.n, high, 3)))
		return v;
	buf_reset(out);
	for (size_t i = 0; i < v.n;) {
		unsigned char c = (unsigned char)v.p[i];
		size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

		if (len > v.n - i || !utf8_valid(bytes_of(v.p + i, len)) ||
		    (len == 3 && memcmp(v.p + i, high, 3) == 0)) {
			buf_add_char(out, ' ');
			i += len == 3 && v.n - i >= 3 && memcmp(v.p + i, high, 3) == 0 ? 3 : 1;
			continue;
		}
		buf_add(out, v.p + i, len);
		i += len;
	}
	return arena_copy(&b->mem, buf_bytes(out));
}

struct bytes json_val_text(struct block *b, const struct json_val *v)
{
	struct bytes text = v->raw;

	if (v->type == JSON_NULL)
		return (struct bytes){ "", 0 };
	if (v->type == JSON_STRING && v->escaped && !unescape(b, v->raw, &text))
		return (struct bytes){ "", 0 };
	return v->type == JSON_STRING ? stage_clean_utf8(b, text) : text;
}

struct walk {
	const struct hints *hints;
	struct block *b;
	uint32_t entry, stage; /* stage: which one, to tell its labels from another's */
};

/* One string, number or bool becomes a label. NULL: go on. */
static const char *take(const struct walk *w, const struct key *key, const struct json_val *v)
{
	struct block *b = w->b;
	uint32_t name = key->name;

	if (!key->want)
		return NULL;
	if (block_base_has(b, name))
		name = names_extracted(b->names, name);
	block_set_field(b, w->entry, name, key->origin + w->stage, json_val_text(b, v));
	if (w->hints->n_filters && !hints_go_on(w->hints, b, w->entry, name))
		return stop_drop;
	if (hints_all_found(w->hints, b, w->entry))
		return stop_found;
	return NULL;
}

/* "key": at *p, which is moved behind the colon. */
static const char *read_key(struct block *b, const char **p, const char *end, struct bytes *ret)
{
	const char *q;
	bool escaped;

	if (**p != '"')
		return e_object;
	q = string_end(*p + 1, end, &escaped);
	if (!q)
		return e_malformed;
	*ret = bytes_of(*p + 1, (size_t)(q - *p - 1));
	if (escaped && !unescape(b, *ret, ret))
		return e_escape;
	q = json_skip(q + 1, end);
	if (q == end || *q != ':')
		return e_malformed;
	*p = q + 1;
	return NULL;
}

struct json_obj json_open(struct bytes text)
{
	struct json_obj o = { .p = json_skip(text.p, text.p + text.n), .end = text.p + text.n };

	if (o.p == o.end || *o.p != '{') {
		o.error = e_object;
		return o;
	}
	o.p = json_skip(o.p + 1, o.end);
	if (o.p == o.end)
		o.error = e_malformed;
	return o;
}

bool json_next(struct block *b, struct json_obj *o, struct bytes *ret_key, struct json_val *ret)
{
	if (o->error)
		return false;
	if (o->begun) {
		o->p = json_skip(o->p, o->end);
		if (o->p == o->end || (*o->p != ',' && *o->p != '}')) {
			o->error = o->p == o->end ? e_array : e_object;
			return false;
		}
		if (*o->p == '}')
			return false;
		o->p = json_skip(o->p + 1, o->end);
		if (o->p == o->end) {
			o->error = e_array;
			return false;
		}
	}
	if (*o->p == '}')
		return false;
	o->begun = true;
	o->error = read_key(b, &o->p, o->end, ret_key);
	if (o->error)
		return false;
	o->p = json_get(o->p, o->end, ret, &o->error);
	return o->p != NULL;
}

/* The members of an object. NULL when it was read to its end, else why it was not. */
static const char *walk_object(const struct walk *w, struct bytes text, uint32_t path,
			       unsigned depth)
{
	struct json_obj o = json_open(text);
	struct bytes raw;
	struct json_val v;

	if (depth > 1000)
		return e_object;
	while (json_next(w->b, &o, &raw, &v)) {
		const struct key *key = keys_get(w->b->keys, w->hints, w->b->names, path, raw);
		const char *error = NULL;

		if (v.type == JSON_OBJECT && key->want_below)
			error = walk_object(w, v.raw, key->below, depth + 1);
		else if (v.type == JSON_STRING || v.type == JSON_NUMBER || v.type == JSON_BOOL)
			error = take(w, key, &v);
		if (error)
			return error;
	}
	return o.error;
}

void stage_parse_error(const struct hints *h, struct block *b, uint32_t i, const char *error,
		       struct bytes details)
{
	block_set_error(b, i, error, details);
	if (h->preserve_error)
		block_set(b, i, LABEL_PARSED, NAME_PRESERVE_ERROR, BYTES_LIT("true"));
}

bool json_extract_slowly(const struct stage *s, struct block *b, uint32_t i)
{
	const struct hints *h = &s->pipeline->hints;
	struct walk w = { h, b, i, (uint32_t)(s - s->pipeline->stage) };
	const char *error = walk_object(&w, block_line(b, i), PATH_ROOT, 0);

	if (error == stop_drop)
		return false;
	if (error && error != stop_found)
		stage_parse_error(h, b, i, err_json, bytes_str(error));
	return true;
}

static bool apply_all(const struct stage *s, struct block *b, uint32_t i)
{
	bool stays;

	return json_extract_fast(s, b, i, &stays) ? stays : json_extract_slowly(s, b, i);
}

/* --- with expressions: | json a="b.c[0]" ----------------------------------------------------- */

struct expr {
	uint32_t name;
	const struct logql_extract *tree;
};

struct state {
	size_t n;
	struct expr *v;
};

/* The element of the array that is asked for. False when there is none. */
static bool element(struct bytes text, uint64_t index, struct json_val *ret)
{
	const char *p = text.p + 1, *end = text.p + text.n, *error;

	for (uint64_t i = 0;; i++) {
		p = json_skip(p, end);
		if (p == end || *p == ']')
			return false;
		p = json_get(p, end, ret, &error);
		if (!p)
			return false;
		if (i == index)
			return true;
		p = json_skip(p, end);
		if (p == end || *p != ',')
			return false;
		p++;
	}
}

/* The first member of that name of the object at *p, which is moved behind it when there is none.
 * *ret_error is set when its value is broken. */
static bool member(struct block *b, const char **at, const char *end, struct bytes field,
		   struct json_val *ret, const char **ret_error)
{
	const char *p = json_skip(*at, end), *error = NULL;

	*at = end;
	if (p == end || *p != '{')
		return false;
	p = json_skip(p + 1, end);
	while (p < end && *p != '}') {
		struct bytes raw;

		if (read_key(b, &p, end, &raw))
			return false;
		p = json_get(p, end, ret, &error);
		if (!p) {
			if (bytes_eq(raw, field))
				*ret_error = error;
			return false;
		}
		if (bytes_eq(raw, field))
			return true;
		p = json_skip(p, end);
		if (p == end || (*p != ',' && *p != '}'))
			return false;
		if (*p == ',')
			p = json_skip(p + 1, end);
	}
	*at = p < end ? p + 1 : end;
	return false;
}

static bool follow(struct block *b, struct bytes line, const struct logql_extract *x,
		   struct json_val *ret, const char **ret_error)
{
	struct json_val v = { .type = line.p[0] == '[' ? JSON_ARRAY : JSON_OBJECT, .raw = line };

	for (size_t i = 0; i < x->n_steps; i++) {
		const struct logql_step *s = &x->steps[i];
		const char *p = v.raw.p, *end = v.raw.p + v.raw.n, *error = NULL;
		bool found = false;

		if (s->is_index) {
			found = v.type == JSON_ARRAY && element(v.raw, s->index, &v);
		} else if (v.type == JSON_OBJECT) {
			/* At the top further objects may follow. */
			do
				found = member(b, &p, end, s->field, &v, &error);
			while (!found && !error && i == 0 && p < end);
		}
		if (error && i + 1 == x->n_steps)
			*ret_error = error;
		if (!found)
			return false;
	}
	*ret = v;
	return true;
}

static bool apply_exprs(const struct stage *s, struct block *b, uint32_t i)
{
	const struct hints *h = &s->pipeline->hints;
	const struct state *st = s->state;
	struct bytes line = block_line(b, i);

	if (line.n == 0)
		return true;
	if (line.p[0] != '{' && line.p[0] != '[' && line.p[0] != '"') {
		stage_parse_error(h, b, i, err_json, (struct bytes){ 0 });
		return true;
	}
	for (size_t k = 0; k < st->n; k++) {
		struct json_val v;
		struct bytes text = { "", 0 }, old;
		const char *error = NULL;
		uint32_t name = st->v[k].name;
		bool found = follow(b, line, st->v[k].tree, &v, &error);

		if (error)
			stage_parse_error(h, b, i, err_json, bytes_str(error));
		if (found)
			text = json_val_text(b, &v);
		else if (block_get(b, i, name, &old))
			continue;
		if (block_base_has(b, name))
			name = names_extracted(b->names, name);
		block_set(b, i, LABEL_PARSED, name, text);
	}
	return true;
}

static int apply(const struct stage *s, struct block *b, struct err *e)
{
	const struct state *st = s->state;

	return stage_extract(s, b, st->n ? apply_exprs : apply_all, e);
}

static int bind(struct pipeline *p, struct stage *s, const struct logql_stage *tree, struct err *e)
{
	struct state *st = arena_zalloc(&p->mem, sizeof(*st));

	(void)e;
	s->state = st;
	st->n = tree->extract.n;
	st->v = arena_alloc(&p->mem, (st->n + 1) * sizeof(*st->v));
	for (size_t i = 0; i < st->n; i++) {
		st->v[i].tree = &tree->extract.v[i];
		st->v[i].name = name_of_field(names_id(&p->names, tree->extract.v[i].label));
	}
	p->needs_lines = true;
	return 0;
}

static const struct shape_parser *shapes(const struct stage *s)
{
	const struct state *st = s->state;

	return st->n ? NULL : &json_shapes;
}

const struct stage_ops stage_json = {
	.bind = bind, .apply = apply, .shapes = shapes, .explain = stage_explain_fields
};
