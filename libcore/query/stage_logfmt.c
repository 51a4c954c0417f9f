/* | logfmt, with and without --strict, --keep-empty and expressions. */
#include "query/stage_logfmt.h"

#include "base/utf8.h"
#include "json/json.h"
#include "query/fields.h"
#include "query/keys.h"
#include "query/stage_json.h"

struct expr {
	uint32_t name;
	struct bytes key; /* cleaned */
};

struct state {
	struct logfmt_how how; /* first: logfmt_shapes */
	size_t n;
	struct expr *v;
};

/* A line that is being read, pair by pair; NEAR_PAD bytes behind it are readable. */
struct pairs {
	const char *start, *p, *end;
	struct bytes key, value;
	char error[64]; /* the last one's text; empty = none so far */
};

static void bad_byte(struct pairs *l, char c)
{
	snprintf(l->error, sizeof(l->error), "logfmt syntax error at pos %zu : unexpected '%s%c'",
		 (size_t)(l->p - l->start) + 1, c == '\'' ? "\\" : "", c);
}

static void bad(struct pairs *l, const char *what)
{
	snprintf(l->error, sizeof(l->error), "logfmt syntax error at pos %zu : %s",
		 (size_t)(l->p - l->start) + 1, what);
}

static bool skip_rest(struct pairs *l)
{
	while (l->p < l->end && (unsigned char)*l->p > ' ')
		l->p++;
	return false;
}

/* The key has bytes that are not UTF-8. */
static bool bad_key(struct bytes key)
{
	for (size_t i = 0; i < key.n; i++)
		if ((unsigned char)key.p[i] >= 0x80)
			return !utf8_valid(key) || memmem(key.p, key.n, "\xef\xbf\xbd", 3);
	return false;
}

bool logfmt_unescape(struct block *b, struct bytes *value)
{
	for (size_t i = 0; i < value->n; i++)
		if ((unsigned char)value->p[i] < ' ')
			return false;
	buf_reset(&b->scratch);
	if (!json_unescape(*value, &b->scratch))
		return false;
	*value = arena_copy(&b->mem, buf_bytes(&b->scratch));
	return true;
}

static bool quoted(struct pairs *l, struct block *b)
{
	const char *start = l->p + 1, *q = start;
	bool escaped = false;

	for (; q < l->end && *q != '"'; q++) {
		if (*q == '\\') {
			escaped = true;
			if (++q == l->end)
				break;
		}
	}
	if (q >= l->end) {
		l->p = l->end;
		bad(l, "unterminated quoted value");
		return false;
	}
	l->value = bytes_of(start, (size_t)(q - start));
	l->p = q + 1;
	if (escaped && !logfmt_unescape(b, &l->value)) {
		bad(l, "invalid quoted value");
		return false;
	}
	return true;
}

/* Where a key or a value without quotes ends. */
static const char *pair_end(const struct pairs *l)
{
	const char *q = near_blank_or(l->p, l->end, '=', '"');

	return q < l->end ? q : l->end;
}

/* The next pair, into key and value. False: broken (error is set), or nothing but blanks was left.
 */
static bool next_pair(struct pairs *l, struct block *b)
{
	const char *start;

	l->key = l->value = (struct bytes){ 0 };
	while (l->p < l->end && (unsigned char)*l->p <= ' ')
		l->p++;
	if (l->p == l->end)
		return false;
	start = l->p;
	l->p = pair_end(l);
	l->key = bytes_of(start, (size_t)(l->p - start));
	if (l->p < l->end && *l->p == '"') {
		bad_byte(l, '"');
		return skip_rest(l);
	}
	if (bad_key(l->key)) {
		bad(l, "invalid key");
		return skip_rest(l);
	}
	if (l->p == l->end || *l->p != '=')
		return true;
	if (l->key.n == 0) {
		bad_byte(l, '=');
		return skip_rest(l);
	}
	l->p++;
	if (l->p == l->end || (unsigned char)*l->p <= ' ')
		return true;
	if (*l->p == '"')
		return quoted(l, b);
	start = l->p;
	l->p = pair_end(l);
	if (l->p < l->end && (*l->p == '=' || *l->p == '"')) {
		bad_byte(l, *l->p);
		return skip_rest(l);
	}
	l->value = bytes_of(start, (size_t)(l->p - start));
	return true;
}

bool logfmt_extract_slowly(const struct stage *s, struct block *b, uint32_t i)
{
	const struct hints *h = &s->pipeline->hints;
	const struct logfmt_how *how = &((const struct state *)s->state)->how;
	struct bytes line = fields_line(b, i);
	struct pairs l = { .start = line.p, .p = line.p, .end = line.p + line.n };

	while (l.p < l.end) {
		const struct key *key;
		uint32_t name;

		if (!next_pair(&l, b)) {
			if (how->strict)
				break;
			continue;
		}
		key = keys_get(b->keys, h, b->names, PATH_ROOT, l.key);
		if (!key->want || (l.value.n == 0 && !how->keep_empty))
			continue;
		name = key->name;
		if (block_base_has(b, name))
			name = names_extracted(b->names, name);
		block_set_field(b, i, name, key->origin + (uint32_t)(s - s->pipeline->stage),
				stage_clean_utf8(b, l.value));
		if (h->n_filters && !hints_go_on(h, b, i, name))
			return false;
		if (hints_all_found(h, b, i))
			break;
	}
	if (how->strict && l.error[0])
		stage_parse_error(h, b, i, "LogfmtParserErr",
				  arena_copy(&b->mem, bytes_str(l.error)));
	return true;
}

static bool apply_all(const struct stage *s, struct block *b, uint32_t i)
{
	const struct state *st = s->state;
	bool stays;

	return logfmt_extract_fast(s, b, i, &st->how, &stays) ? stays
							      : logfmt_extract_slowly(s, b, i);
}

/* A key is taken as what it is the source of, else as what it is called itself. */
static void take_expr(const struct state *st, struct block *b, uint32_t i, const struct pairs *l,
		      struct bytes key)
{
	size_t k = 0;
	uint32_t name;

	if (l->value.n == 0 && !st->how.keep_empty)
		return;
	while (k < st->n && !bytes_eq(st->v[k].key, key))
		k++;
	for (k = k == st->n ? 0 : k; k < st->n; k++)
		if (bytes_eq(st->v[k].key, key) || bytes_eq(b->names->v[st->v[k].name], key))
			break;
	if (k == st->n)
		return;
	name = st->v[k].name;
	if (block_base_has(b, name))
		name = names_extracted(b->names, name);
	block_set(b, i, LABEL_PARSED, name, stage_clean_utf8(b, l->value));
}

static bool apply_exprs(const struct stage *s, struct block *b, uint32_t i)
{
	const struct hints *h = &s->pipeline->hints;
	const struct state *st = s->state;
	struct bytes line = fields_line(b, i);
	struct pairs l = { .start = line.p, .p = line.p, .end = line.p + line.n };

	for (size_t k = 0; k < st->n; k++)
		if (!block_base_has(b, st->v[k].name))
			block_set(b, i, LABEL_PARSED, st->v[k].name, (struct bytes){ "", 0 });
	while (l.p < l.end) {
		const struct key *key;

		if (!next_pair(&l, b)) {
			if (st->how.strict)
				break;
			continue;
		}
		key = keys_get(b->keys, h, b->names, PATH_ROOT, l.key);
		if (key->name != MAP_NONE)
			take_expr(st, b, i, &l, b->names->v[key->name]);
	}
	if (st->how.strict && l.error[0])
		stage_parse_error(h, b, i, "LogfmtParserErr",
				  arena_copy(&b->mem, bytes_str(l.error)));
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
	st->how.strict = tree->extract.strict;
	st->how.keep_empty = tree->extract.keep_empty;
	st->n = tree->extract.n;
	st->v = arena_alloc(&p->mem, (st->n + 1) * sizeof(*st->v));
	for (size_t i = 0; i < st->n; i++) {
		st->v[i].name = name_of_field(names_id(&p->names, tree->extract.v[i].label));
		st->v[i].key = tree->extract.v[i].steps[0].field;
	}
	p->needs_lines = true;
	return 0;
}

static const struct shape_parser *shapes(const struct stage *s)
{
	const struct state *st = s->state;

	/* --strict tells of values that nobody asks for. */
	return st->n || st->how.strict ? NULL : &logfmt_shapes;
}

const struct stage_ops stage_logfmt = {
	.bind = bind, .apply = apply, .shapes = shapes, .explain = stage_explain_fields
};
