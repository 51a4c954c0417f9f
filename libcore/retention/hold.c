#include "retention/hold.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/io.h"
#include "base/mem.h"
#include "codec/stream.h"
#include "labels/matcher.h"
#include "logql/selector.h"
#include "store/store.h"
#include "store/tenants.h"
#include "time/time.h"

enum { SIZE_MAX_BYTES = 1 << 20 };

struct held {
	unsigned line;
	struct bytes tenant; /* empty: all */
	struct matcher *match;
	size_t n_match;
	int64_t from, through;
};

struct hold {
	struct arena mem;
	struct bytes name; /* of the file */
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

	if (time_parse(word, 0, ret, NULL) == 0 && time_parse(word, NS_PER_S, &other, NULL) == 0 &&
	    *ret == other)
		return 0;
	return err_set(e, ERR_USAGE,
		       "expected a time as 2026-01-15T10:00:00Z, a day or Unix seconds, found "
		       "'%.*s'",
		       BYTES_ARG(word));
}

/* What is held is so to the end of the last day that is named. */
static int read_end(struct bytes word, int64_t *ret, struct err *e)
{
	int32_t day;

	if (!time_day_parse(word, &day))
		return read_time(word, ret, e);
	*ret = time_day_start(day + 1);
	if (*ret != INT64_MAX && *ret != INT64_MIN) /* those are the ends of all time */
		--*ret;
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
	if (read_time(from, &h->from, e) < 0 || read_end(to, &h->through, e) < 0)
		return -1;
	if (h->from > h->through)
		return err_set(e, ERR_USAGE, "it ends before it begins");
	return 0;
}

static int read_line(struct hold *h, struct bytes line, unsigned number, struct err *e)
{
	struct held *at;
	struct bytes rest = take_word(&line), selector;
	const char *brace = rest.n ? memchr(rest.p, '{', rest.n) : NULL;

	if (rest.n == 0 || rest.p[0] == '#')
		return 0;
	mem_grow(&h->v, &h->cap, h->n + 1, sizeof(*h->v));
	at = &h->v[h->n];
	*at = (struct held){ .line = number };
	if (brace) { /* with a blank before it or not, since no tenant has one */
		line = bytes_of(brace, (size_t)(line.p + line.n - brace));
		rest = bytes_of(rest.p, (size_t)(brace - rest.p));
	}
	if (rest.n) {
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

	h->name = arena_copy(&h->mem, bytes_str(name));
	text = codec_skip_bom(text);
	for (; text.n; number++) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;

		if (read_line(h, bytes_of(text.p, n), number, e) < 0) {
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
	struct buf text = { 0 }, name = { 0 };
	struct err why = { 0 };
	struct hold *h = NULL;
	int rc;

	if (file) {
		rc = io_read_file(file, SIZE_MAX_BYTES, &text, &why);
	} else {
		buf_addf(&name, "%s/%s", store_path_of(s, HOLD_OF_STORE), HOLD_OF_STORE);
		rc = store_get(s, HOLD_OF_STORE, SIZE_MAX_BYTES, &text, &why);
		if (rc < 0 && why.code == ERR_NO)
			rc = 0;
	}
	if (rc == 0)
		h = hold_parse(buf_bytes(&text), file ? file : buf_str(&name), e);
	else if (e)
		*e = why;
	buf_release(&text);
	buf_release(&name);
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

/* ---- tenants ---- */

struct known {
	const struct hold *h;
	bool *is; /* of each line */
};

static int on_tenant(const char *name, uint64_t size, void *data, struct err *e)
{
	struct known *k = data;

	(void)size;
	(void)e;
	for (size_t i = 0; i < k->h->n; i++)
		if (bytes_is(k->h->v[i].tenant, name))
			k->is[i] = true;
	return 0;
}

int hold_check_tenants(const struct hold *h, struct store *s, hold_warn_fn *warn, void *data,
		       struct err *e)
{
	struct known k = { h, mem_alloc(h->n + 1) };
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < h->n; i++)
		any = any || h->v[i].tenant.n;
	if (any)
		rc = store_each_tenant(s, (struct bytes){ 0 }, on_tenant, &k, e);
	for (size_t i = 0; i < h->n && rc == 0; i++) {
		const struct held *r = &h->v[i];
		struct buf b = { 0 };

		if (r->tenant.n == 0 || k.is[i])
			continue;
		buf_addf(&b,
			 "'%.*s': line %u: the store has no tenant '%.*s': nothing is held by it",
			 BYTES_ARG(h->name), r->line, BYTES_ARG(r->tenant));
		warn(buf_str(&b), data);
		buf_release(&b);
	}
	free(k.is);
	return rc;
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
