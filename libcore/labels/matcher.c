#include "labels/matcher.h"

#include <stdlib.h>

#include "base/mem.h"
#include "labels/quote.h"
#include "regex/regex.h"

int matcher_init(struct matcher *m, enum match_op op, struct bytes name, struct bytes value,
		 struct err *e)
{
	*m = (struct matcher){ op, name, value, NULL };
	if (op != MATCH_RE && op != MATCH_NRE)
		return 0;
	m->re = regex_new(value, REGEX_ANCHORED, e);
	return m->re ? 0 : err_wrap(e, "label '%.*s'", BYTES_ARG(name));
}

void matcher_release(struct matcher *m)
{
	regex_free(m->re);
	m->re = NULL;
}

bool matcher_match_value(const struct matcher *m, struct bytes value)
{
	switch (m->op) {
	case MATCH_EQ:
		return bytes_eq(m->value, value);
	case MATCH_NE:
		return !bytes_eq(m->value, value);
	case MATCH_RE:
		return regex_match(m->re, value, NULL, NULL) == 1;
	case MATCH_NRE:
		return regex_match(m->re, value, NULL, NULL) == 0;
	}
	return false;
}

bool matcher_match_labels(const struct matcher *m, size_t n, const struct labels *l)
{
	for (size_t i = 0; i < n; i++)
		if (!matcher_match_value(&m[i], labels_get_bytes(l, m[i].name)))
			return false;
	return true;
}

static struct bytes skip_space(struct bytes t)
{
	while (t.n > 0 && (t.p[0] == ' ' || t.p[0] == '\t' || t.p[0] == '\n'))
		t = bytes_sub(t, 1, t.n);
	return t;
}

static bool take_op(struct bytes *t, enum match_op *ret)
{
	static const struct {
		const char *text;
		enum match_op op;
	} ops[] = {
		{ "=~", MATCH_RE }, { "!~", MATCH_NRE }, { "!=", MATCH_NE }, { "=", MATCH_EQ }
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		struct bytes text = bytes_str(ops[i].text);

		if (bytes_starts(*t, text)) {
			*t = bytes_sub(*t, text.n, t->n);
			*ret = ops[i].op;
			return true;
		}
	}
	return false;
}

/* One matcher at the start of *t. */
static int parse_one(struct bytes *t, struct bytes whole, struct arena *a, struct matcher *ret,
		     struct err *e)
{
	struct buf value = { 0 };
	struct bytes name;
	enum match_op op;
	size_t n = 0;
	int rc;

	*t = skip_space(*t);
	while (n < t->n && !strchr(" \t\n=!,{}\"", t->p[n]))
		n++;
	name = bytes_sub(*t, 0, n);
	*t = skip_space(bytes_sub(*t, n, t->n));
	if (n == 0 || !take_op(t, &op))
		return err_set(e, ERR_QUERY, "column %zu: expected a matcher as name=\"value\"",
			       whole.n - t->n + 1);
	*t = skip_space(*t);
	n = quote_scan(*t, &value);
	if (n == 0) {
		buf_release(&value);
		return err_set(e, ERR_QUERY, "column %zu: expected a value in quotes",
			       whole.n - t->n + 1);
	}
	*t = skip_space(bytes_sub(*t, n, t->n));
	rc = matcher_init(ret, op, arena_copy(a, name), arena_copy(a, buf_bytes(&value)), e);
	buf_release(&value);
	return rc;
}

int matcher_parse(struct bytes text, struct arena *a, struct matcher **ret, size_t *ret_n,
		  struct err *e)
{
	struct matcher *v = NULL;
	size_t n = 0, cap = 0;
	struct bytes t = skip_space(text);
	bool more = true;

	if (t.n == 0 || t.p[0] != '{')
		return err_set(e, ERR_QUERY, "expected matchers as {name=\"value\"}, found '%.*s'",
			       BYTES_ARG(text));
	t = skip_space(bytes_sub(t, 1, t.n));
	if (t.n > 0 && t.p[0] == '}')
		more = false;
	while (more) {
		mem_grow(&v, &cap, n + 1, sizeof(*v));
		if (parse_one(&t, text, a, &v[n], e) < 0)
			goto fail;
		n++;
		more = t.n > 0 && t.p[0] == ',';
		if (more)
			t = bytes_sub(t, 1, t.n);
	}
	if (t.n == 0 || t.p[0] != '}' || skip_space(bytes_sub(t, 1, t.n)).n != 0) {
		err_set(e, ERR_QUERY, "column %zu: expected , or } at the end of the matchers",
			text.n - t.n + 1);
		goto fail;
	}
	*ret = arena_alloc(a, n * sizeof(*v));
	if (n)
		memcpy(*ret, v, n * sizeof(*v));
	*ret_n = n;
	free(v);
	return 0;
fail:
	for (size_t i = 0; i < n; i++)
		matcher_release(&v[i]);
	free(v);
	return -1;
}
