#include "retention/hold.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/io.h"
#include "base/mem.h"
#include "labels/matcher.h"
#include "logql/selector.h"
#include "store/store.h"
#include "time/time.h"

enum { SIZE_MAX_BYTES = 1 << 20 };

struct held {
	struct bytes tenant; /* empty: all */
	struct matcher *match;
	size_t n_match;
	int64_t from, through;
};

struct hold {
	struct arena mem;
	struct held *v;
	size_t n, cap;
};

/* ---- a line ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word; empty at the end. */
static struct bytes take_word(struct bytes *line)
{
	size_t n = 0;
	struct bytes word;

	while (line->n && is_blank(*line->p))
		*line = bytes_of(line->p + 1, line->n - 1);
	while (n < line->n && !is_blank(line->p[n]))
		n++;
	word = bytes_of(line->p, n);
	*line = bytes_of(line->p + n, line->n - n);
	return word;
}

/* Up to the brace that ends it, outside of quotes; empty when there is none. */
static struct bytes take_selector(struct bytes *line)
{
	char quote = 0;
	struct bytes ret;
	size_t i = 0;

	while (line->n && is_blank(*line->p))
		*line = bytes_of(line->p + 1, line->n - 1);
	for (; i < line->n; i++) {
		char c = line->p[i];

		if (quote == '"' && c == '\\')
			i++;
		else if (quote && c == quote)
			quote = 0;
		else if (!quote && (c == '"' || c == '`'))
			quote = c;
		else if (!quote && c == '}')
			break;
	}
	if (i >= line->n)
		return bytes_of(line->p, 0);
	ret = bytes_of(line->p, i + 1);
	*line = bytes_of(line->p + i + 1, line->n - i - 1);
	return ret;
}

/* One that is the same tomorrow. */
static int read_time(struct bytes word, int64_t *ret, struct err *e)
{
	int64_t other;

	if (time_parse(word, 0, ret, e) < 0 || time_parse(word, NS_PER_S, &other, e) < 0)
		return -1;
	if (*ret != other)
		return err_set(e, ERR_USAGE, "expected a point in time, found '%.*s'",
			       BYTES_ARG(word));
	return 0;
}

static int read_times(struct held *h, struct bytes *line, struct err *e)
{
	struct bytes from = take_word(line), to = take_word(line), more = take_word(line);

	h->from = INT64_MIN;
	h->through = INT64_MAX;
	if (from.n == 0)
		return 0;
	if (to.n == 0 || more.n > 0)
		return err_set(e, ERR_USAGE, "expected two times behind the selector");
	if (read_time(from, &h->from, e) < 0 || read_time(to, &h->through, e) < 0)
		return -1;
	if (h->from > h->through)
		return err_set(e, ERR_USAGE, "it ends before it begins");
	return 0;
}

static int read_line(struct hold *h, struct bytes line, struct err *e)
{
	struct held *at;
	struct bytes rest = line, selector;

	rest = take_word(&line);
	if (rest.n == 0 || rest.p[0] == '#')
		return 0;
	mem_grow(&h->v, &h->cap, h->n + 1, sizeof(*h->v));
	at = &h->v[h->n];
	*at = (struct held){ .tenant = { 0 } };
	if (rest.p[0] == '{') {
		line = bytes_of(rest.p, (size_t)(line.p + line.n - rest.p));
	} else {
		if (labels_check_tenant(rest, e) < 0)
			return -1;
		at->tenant = arena_copy(&h->mem, rest);
	}
	selector = take_selector(&line);
	if (selector.n == 0)
		return err_set(e, ERR_USAGE, "expected a selector, as {app=\"web\"}");
	if (read_times(at, &line, e) < 0 ||
	    logql_matchers(arena_copy(&h->mem, selector), LOGQL_ANY_SELECTOR, &h->mem, &at->match,
			   &at->n_match, e) < 0)
		return -1;
	h->n++;
	return 0;
}

/* ---- the file ---- */

struct hold *hold_parse(struct bytes text, const char *name, struct err *e)
{
	struct hold *h = mem_alloc(sizeof(*h));
	unsigned number = 1;

	for (; text.n; number++) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;

		if (read_line(h, bytes_of(text.p, n), e) < 0) {
			if (e)
				e->code = ERR_USAGE;
			err_wrap(e, "'%s': line %u", name, number);
			hold_free(h);
			return NULL;
		}
		n += end != NULL;
		text = bytes_of(text.p + n, text.n - n);
	}
	return h;
}

struct hold *hold_load(const char *file, struct store *s, struct err *e)
{
	struct buf text = { 0 };
	struct err why = { 0 };
	struct hold *h = NULL;
	int rc;

	if (file) {
		rc = io_read_file(file, SIZE_MAX_BYTES, &text, &why);
	} else {
		rc = store_get(s, HOLD_OF_STORE, SIZE_MAX_BYTES, &text, &why);
		if (rc < 0 && why.code == ERR_NO)
			rc = 0;
	}
	if (rc == 0)
		h = hold_parse(buf_bytes(&text), file ? file : HOLD_OF_STORE, e);
	else if (e)
		*e = why;
	buf_release(&text);
	return h;
}

void hold_free(struct hold *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->n; i++)
		for (size_t k = 0; k < h->v[i].n_match; k++)
			matcher_release(&h->v[i].match[k]);
	free(h->v);
	arena_release(&h->mem);
	free(h);
}

static bool is_of(const struct held *h, struct bytes tenant)
{
	return h->tenant.n == 0 || bytes_eq(h->tenant, tenant);
}

bool hold_has_tenant(const struct hold *h, struct bytes tenant)
{
	for (size_t i = 0; i < h->n; i++)
		if (is_of(&h->v[i], tenant))
			return true;
	return false;
}

bool hold_has(const struct hold *h, struct bytes tenant, const struct labels *stream, int64_t from,
	      int64_t through)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct held *r = &h->v[i];

		if (is_of(r, tenant) && from <= r->through && through >= r->from &&
		    matcher_match_labels(r->match, r->n_match, stream))
			return true;
	}
	return false;
}
