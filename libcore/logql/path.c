/* Paths of json expressions, a.b[0]["c d"], and keys of logfmt expressions. */
#include <ctype.h>

#include "base/num.h"
#include "labels/quote.h"
#include "logql/detail.h"

enum path_kind {
	PATH_END,
	PATH_FIELD,
	PATH_STRING,
	PATH_INDEX,
	PATH_DOT,
	PATH_OPEN,
	PATH_CLOSE,
	PATH_BAD, /* a character that belongs to nothing: it ends the path, and is told at last */
};

struct path {
	struct arena *arena;
	struct bytes expr, rest;
	enum path_kind kind; /* of the current lexeme */
	struct bytes text;   /* FIELD, STRING: its value */
	uint64_t index;
	const char *word; /* how messages call a FIELD */
	struct err *e;
};

static void take_string(struct path *p)
{
	struct buf value = { 0 };
	size_t n = quote_scan(p->rest, &value);

	p->kind = n ? PATH_STRING : PATH_BAD;
	p->text = arena_copy(p->arena, buf_bytes(&value));
	p->rest = bytes_sub(p->rest, n, p->rest.n);
	buf_release(&value);
}

static size_t count_name(struct bytes t)
{
	size_t n = 0;

	while (n < t.n && (isalnum((unsigned char)t.p[n]) || t.p[n] == '_'))
		n++;
	return n;
}

static size_t count_digits(struct bytes t)
{
	size_t n = 0;

	while (n < t.n && isdigit((unsigned char)t.p[n]))
		n++;
	return n;
}

static void path_next(struct path *p)
{
	size_t n = 1;

	while (p->rest.n > 0 && strchr(" \t\n", p->rest.p[0]) && p->rest.p[0])
		p->rest = bytes_sub(p->rest, 1, p->rest.n);
	if (p->rest.n == 0) {
		p->kind = PATH_END;
		return;
	}
	if (p->rest.p[0] == '"') {
		take_string(p);
		return;
	}
	if (isdigit((unsigned char)p->rest.p[0])) {
		n = count_digits(p->rest);
		p->kind = num_u64(bytes_sub(p->rest, 0, n), &p->index) ? PATH_INDEX : PATH_BAD;
	} else if (count_name(p->rest) > 0) {
		n = count_name(p->rest);
		p->kind = PATH_FIELD;
		p->text = bytes_sub(p->rest, 0, n);
	} else {
		p->kind = p->rest.p[0] == '.'	? PATH_DOT
			  : p->rest.p[0] == '[' ? PATH_OPEN
			  : p->rest.p[0] == ']' ? PATH_CLOSE
						: PATH_BAD;
	}
	if (p->kind != PATH_BAD) /* a bad character stays in front */
		p->rest = bytes_sub(p->rest, n, p->rest.n);
}

static int path_unexpected(struct path *p, const char *expecting)
{
	const char *const names[] = { "$end", p->word, "STRING", "INDEX", "DOT", "[", "]", "$end" };

	return err_set(p->e, ERR_QUERY,
		       "cannot parse expression [%.*s]: syntax error: unexpected %s%s%s",
		       BYTES_ARG(p->expr), names[p->kind], expecting ? ", expecting " : "",
		       expecting ? expecting : "");
}

/* The path is read: nothing may follow. */
static int path_finish(struct path *p)
{
	if (p->kind == PATH_END)
		return 0;
	if (p->kind == PATH_BAD)
		return err_set(p->e, ERR_QUERY,
			       "cannot parse expression [%.*s]: unexpected char %c",
			       BYTES_ARG(p->expr), p->rest.p[0]);
	return path_unexpected(p, NULL);
}

static void add_step(struct path *p, struct logql_extract *x, struct logql_step step)
{
	/* each step takes a byte of the text at least, so there is room for all from the start */
	if (!x->steps)
		x->steps = arena_zalloc(p->arena, (p->expr.n + 1) * sizeof(*x->steps));
	x->steps[x->n_steps++] = step;
}

/* What stands between [ and ]. */
static int take_bracket(struct path *p, struct logql_extract *x)
{
	path_next(p);
	if (p->kind == PATH_INDEX)
		add_step(p, x, (struct logql_step){ .is_index = true, .index = p->index });
	else if (p->kind == PATH_STRING)
		add_step(p, x, (struct logql_step){ .field = p->text });
	else
		return path_unexpected(p, "STRING or INDEX");
	path_next(p);
	if (p->kind != PATH_CLOSE)
		return path_unexpected(p, "]");
	path_next(p);
	return 0;
}

static int take_field(struct path *p, struct logql_extract *x)
{
	if (p->kind != PATH_FIELD)
		return path_unexpected(p, "FIELD");
	add_step(p, x, (struct logql_step){ .field = p->text });
	path_next(p);
	return 0;
}

int detail_json_path(struct arena *a, struct logql_extract *x, struct err *e)
{
	struct path p = { .arena = a, .expr = x->expr, .rest = x->expr, .word = "FIELD", .e = e };

	path_next(&p);
	if (p.kind != PATH_OPEN && take_field(&p, x) < 0)
		return -1;
	for (;;) {
		if (p.kind == PATH_DOT) {
			path_next(&p);
			if (take_field(&p, x) < 0)
				return -1;
		} else if (p.kind == PATH_OPEN) {
			if (take_bracket(&p, x) < 0)
				return -1;
		} else {
			return path_finish(&p);
		}
	}
}

int detail_logfmt_path(struct arena *a, struct logql_extract *x, struct err *e)
{
	struct path p = { .arena = a, .expr = x->expr, .rest = x->expr, .word = "KEY", .e = e };

	path_next(&p);
	if (p.kind != PATH_FIELD && p.kind != PATH_STRING)
		return path_unexpected(&p, "STRING or KEY");
	add_step(&p, x, (struct logql_step){ .field = p.text });
	path_next(&p);
	return path_finish(&p);
}
