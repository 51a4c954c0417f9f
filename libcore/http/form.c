/* Parameters, as net/url of Go takes them apart. */
#include "http/form.h"

#include <string.h>

#include "base/num.h"
#include "labels/quote.h"

/* Which character stands for a blank. */
enum blank { BLANK_PLUS, BLANK_NONE };

static int bad_escape(struct bytes text, struct err *e)
{
	struct buf quoted = { 0 };

	quote_add(&quoted, bytes_sub(text, 0, 3));
	err_set(e, ERR_USAGE, "invalid URL escape %s", buf_str(&quoted));
	buf_release(&quoted);
	return -1;
}

static int unescape(struct bytes text, enum blank blank, struct arena *a, struct bytes *ret,
		    struct err *e)
{
	size_t i, n = 0;
	char *out;

	for (i = 0; i < text.n && text.p[i] != '%' && text.p[i] != '+'; i++)
		;
	if (i == text.n) {
		*ret = arena_copy(a, text);
		return 0;
	}
	out = arena_alloc(a, text.n);
	for (i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '%') {
			int high = i + 2 < text.n ? num_hex_digit(text.p[i + 1]) : -1;
			int low = i + 2 < text.n ? num_hex_digit(text.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return bad_escape(bytes_sub(text, i, 3), e);
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && blank == BLANK_PLUS) {
			c = ' ';
		}
		out[n++] = c;
	}
	*ret = bytes_of(out, n);
	return 0;
}

static int add_pair(struct bytes pair, struct arena *a, struct form_value *ret, struct err *e)
{
	struct bytes name, value = pair;

	bytes_split(&value, '=', &name);
	if (unescape(name, BLANK_PLUS, a, &ret->name, e) < 0)
		return -1;
	return unescape(value, BLANK_PLUS, a, &ret->value, e);
}

/* Go goes on behind a bad pair; a semicolon anywhere is told rather than a bad escape. */
static int add_pairs(struct bytes text, struct arena *a, struct form_value *v, struct err *e)
{
	struct bytes pair;
	bool failed = false, semicolon = false;

	while (bytes_split(&text, '&', &pair)) {
		if (pair.n == 0)
			continue;
		if (memchr(pair.p, ';', pair.n))
			semicolon = true;
		else if (add_pair(pair, a, v, failed ? NULL : e) < 0)
			failed = true;
		else
			v++;
	}
	if (semicolon)
		return err_set(e, ERR_USAGE, "invalid semicolon separator in query");
	return failed ? -1 : 0;
}

int form_parse(struct bytes text, struct arena *a, struct form *f, struct err *e)
{
	struct bytes rest = text, pair;
	struct form_value *v;
	size_t n = 0;

	while (bytes_split(&rest, '&', &pair))
		n += pair.n > 0;
	if (n > FORM_VALUES_MAX - f->n)
		return err_set(e, ERR_LIMIT, "%zu parameters: at most %d are taken", f->n + n,
			       FORM_VALUES_MAX);
	if (n == 0)
		return 0;
	v = arena_alloc(a, (f->n + n) * sizeof(*v));
	if (f->n)
		memcpy(v, f->v, f->n * sizeof(*v));
	if (add_pairs(text, a, v + f->n, e) < 0)
		return -1;
	f->v = v;
	f->n += n;
	return 0;
}

struct bytes form_get(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (bytes_is(f->v[i].name, name))
			return f->v[i].value;
	return (struct bytes){ 0 };
}

struct bytes form_text(const struct form *f, const char *name)
{
	struct bytes b = form_get(f, name);

	return b.n ? b : (struct bytes){ 0 };
}

int form_unescape_path(struct bytes piece, struct arena *a, struct bytes *ret, struct err *e)
{
	return unescape(piece, BLANK_NONE, a, ret, e);
}
