#include "prompt/complete.h"

#include "base/mem.h"
#include "base/visible.h"
#include "labels/labels.h"
#include "labels/quote.h"
#include "logql/lex.h"
#include "prompt/context.h"
#include "prompt/width.h"
#include "query/format.h"

void completions_release(struct completions *c)
{
	free(c->v);
	arena_release(&c->mem);
	*c = (struct completions){ 0 };
}

static void add_spelled(struct completions *c, struct bytes spelled, struct bytes shown,
			const char *suffix)
{
	if (!bytes_starts(spelled, c->prefix))
		return;
	mem_grow(&c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n++] = (struct completion){ arena_copy(&c->mem, spelled),
					    arena_copy(&c->mem, shown), suffix };
}

void completions_add(struct completions *c, struct bytes word, const char *suffix)
{
	add_spelled(c, word, word, suffix);
}

/* --- words of the language ------------------------------------------------------------------- */

static void add_words(struct completions *c, enum lex_kind first, enum lex_kind last,
		      const char *suffix)
{
	const char *word;

	for (size_t i = 0; (word = lex_word(first, last, i)); i++)
		completions_add(c, bytes_str(word), suffix);
}

static void add_functions(struct completions *c)
{
	add_words(c, LEX_VECTOR_OP, LEX_VECTOR_OP, "(");
	add_words(c, LEX_RANGE_OP, LEX_RANGE_OP, "(");
	add_words(c, LEX_LABEL_REPLACE, LEX_VECTOR, "(");
	if (!c->prefix.n)
		completions_add(c, BYTES_LIT("{"), "");
}

/* --- words of the store ---------------------------------------------------------------------- */

struct fetching {
	complete_fetch_fn *fetch;
	void *data;
	const struct context *at;
};

static void add_names(struct completions *c, const struct fetching *f, const char *suffix)
{
	const struct bytes *v;
	size_t n = f->fetch(f->data, (struct bytes){ 0 }, f->at->selector, &v);

	/* Others cannot be written in a query. */
	for (size_t i = 0; i < n; i++)
		if (labels_check_name(v[i], NULL) == 0)
			completions_add(c, v[i], suffix);
}

/* What means itself in a regex. */
static void add_literal(struct buf *b, struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (strchr("\\.+*?()|[]{}^$", text.p[i]) && text.p[i])
			buf_add_char(b, '\\');
		buf_add_char(b, text.p[i]);
	}
}

/* The value as it is typed in those quotes, without the closing one. False: it cannot be. */
static bool spell_value(struct buf *ret, const struct context *at, struct bytes value)
{
	struct buf plain = { 0 };
	bool ok = true;

	buf_reset(ret);
	if (at->regex)
		add_literal(&plain, value);
	else
		buf_add_bytes(&plain, value);
	if (at->quote == '`') {
		ok = plain.n == 0 || !memchr(plain.p, '`', plain.n);
		buf_add_bytes(ret, buf_bytes(&plain));
	} else {
		quote_add(ret, buf_bytes(&plain));
		ret->n--;
		if (at->quote)
			buf_drop(ret, 1);
	}
	buf_release(&plain);
	return ok;
}

static void add_values(struct completions *c, const struct fetching *f)
{
	const struct context *at = f->at;
	const struct bytes *v;
	size_t n = f->fetch(f->data, at->name, at->selector, &v);
	struct buf spelled = { 0 }, shown = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (!spell_value(&spelled, at, v[i]) ||
		    !bytes_starts(buf_bytes(&spelled), c->prefix))
			continue;
		buf_reset(&shown);
		visible_add(&shown, v[i]);
		add_spelled(c, buf_bytes(&spelled), buf_bytes(&shown),
			    at->quote == '`' ? "`" : "\"");
	}
	buf_release(&spelled);
	buf_release(&shown);
}

void complete_query(struct completions *c, struct bytes text, complete_fetch_fn *fetch, void *data)
{
	struct context at = context_find(text);
	struct fetching f = { fetch, data, &at };

	c->prefix = at.prefix;
	switch (at.want) {
	case WANT_NOTHING:
		break;
	case WANT_FUNCTION:
		add_functions(c);
		break;
	case WANT_GROUPING:
		add_words(c, LEX_BY, LEX_WITHOUT, " (");
		break;
	case WANT_SELECTOR_NAME:
		add_names(c, &f, "=\"");
		break;
	case WANT_STAGE:
		add_words(c, LEX_JSON, LEX_KEEP, " ");
		add_names(c, &f, "");
		break;
	case WANT_UNWRAP:
		add_words(c, LEX_CONV, LEX_CONV, "(");
		add_names(c, &f, "");
		break;
	case WANT_NAME:
		add_names(c, &f, "");
		break;
	case WANT_VALUE:
		/* Of alternatives in a regex the last one. */
		for (size_t i = at.prefix.n; at.regex && i > 0; i--)
			if (at.prefix.p[i - 1] == '|') {
				c->prefix = bytes_sub(at.prefix, i, at.prefix.n);
				break;
			}
		add_values(c, &f);
		break;
	}
}

/* --- what becomes of them -------------------------------------------------------------------- */

void completions_common(const struct completions *c, struct buf *ret)
{
	struct bytes common = c->n ? c->v[0].spelled : (struct bytes){ 0 };

	for (size_t i = 1; i < c->n; i++) {
		struct bytes w = c->v[i].spelled;
		size_t n = 0;

		while (n < common.n && n < w.n && common.p[n] == w.p[n])
			n++;
		/* No part of a character. */
		while (n > 0 && n < common.n && ((unsigned char)common.p[n] & 0xc0) == 0x80)
			n--;
		common.n = n;
	}
	if (common.n > c->prefix.n)
		buf_add(ret, common.p + c->prefix.n, common.n - c->prefix.n);
	if (c->n == 1)
		buf_add_str(ret, c->v[0].suffix);
}

void completions_show(const struct completions *c, unsigned cols, unsigned rows, struct buf *ret)
{
	/* Two lines for the prompt, one for how many there are more. */
	size_t most = (size_t)(rows > 4 ? rows - 3 : 1) * (cols / 2 + 1);
	size_t n = c->n < most ? c->n : most, widest = 1, per_line, n_lines, n_shown;

	for (size_t i = 0; i < n; i++) {
		size_t w = width_of(c->v[i].shown, 0);

		widest = w > widest ? w : widest;
	}
	if (widest > cols - 1)
		widest = cols - 1;
	per_line = (cols + 1) / (widest + 2);
	per_line = per_line ? per_line : 1;
	n_lines = (c->n + per_line - 1) / per_line;
	if (n_lines > (rows > 4 ? rows - 3 : 1))
		n_lines = rows > 4 ? rows - 3 : 1;
	n_shown = n_lines * per_line < c->n ? n_lines * per_line : c->n;
	for (size_t i = 0; i < n_shown; i++) {
		struct bytes w = c->v[i].shown;

		w = bytes_sub(w, 0, width_fit(w, cols - 1));
		buf_add_bytes(ret, w);
		if (i + 1 == n_shown || (i + 1) % per_line == 0)
			buf_add_char(ret, '\n');
		else
			for (size_t k = width_of(w, 0); k < widest + 2; k++)
				buf_add_char(ret, ' ');
	}
	if (n_shown < c->n)
		buf_addf(ret, "... and %zu more\n", c->n - n_shown);
}
