/* label_replace(v, "dst", "replacement", "src", "regex") */
#include <ctype.h>

#include "base/mem.h"
#include "base/num.h"
#include "query/metric.h"
#include "regex/regex.h"

/* The group that a name in a replacement means, by number or name; empty when there is none. */
static struct bytes group_of(const struct regex *re, struct bytes name, const struct bytes *group,
			     size_t n)
{
	uint64_t number;

	if (num_u64(name, &number))
		return number <= n ? group[number] : (struct bytes){ 0 };
	for (size_t k = 1; k <= n; k++)
		if (bytes_eq(regex_group_name(re, k), name))
			return group[k];
	return (struct bytes){ 0 };
}

static size_t name_len(struct bytes t)
{
	size_t n = 0;

	while (n < t.n && (isalnum((unsigned char)t.p[n]) || t.p[n] == '_'))
		n++;
	return n;
}

/* $1, ${1}, $name, ${name}; $$ is one $. A $ that begins none of these stands for itself. */
static void expand(const struct regex *re, struct bytes t, const struct bytes *group, size_t n,
		   struct buf *out)
{
	while (t.n) {
		bool brace;
		size_t len;

		if (t.p[0] != '$' || t.n == 1) {
			buf_add_char(out, t.p[0]);
			t = bytes_sub(t, 1, t.n);
			continue;
		}
		t = bytes_sub(t, 1, t.n);
		if (t.p[0] == '$') {
			buf_add_char(out, '$');
			t = bytes_sub(t, 1, t.n);
			continue;
		}
		brace = t.p[0] == '{';
		len = name_len(bytes_sub(t, brace, t.n));
		if (len == 0 || (brace && (len + 1 >= t.n || t.p[len + 1] != '}'))) {
			buf_add_char(out, '$');
			continue;
		}
		buf_add_bytes(out, group_of(re, bytes_of(t.p + brace, len), group, n));
		t = bytes_sub(t, len + (brace ? 2 : 0), t.n);
	}
}

/* Loki puts the text into ^(?: and )$ before it reads it as a regex. */
static struct regex *whole_regex(struct bytes text, unsigned how, struct err *e)
{
	struct buf whole = { 0 };
	struct regex *ret;

	buf_addf(&whole, "^(?:%.*s)$", BYTES_ARG(text));
	ret = regex_new(buf_bytes(&whole), REGEX_UNANCHORED | how, e);
	buf_release(&whole);
	return ret;
}

int metric_label_replace(const struct logql_expr *x, const struct vec *in, struct vec *ret,
			 struct err *e)
{
	struct regex *re = whole_regex(x->label_replace.regex, x->label_replace.how, e);
	struct bytes group[REGEX_GROUPS_MAX + 1];
	struct arena mem = { 0 };
	struct buf text = { 0 };
	size_t n;

	if (!re)
		return err_wrap(e, "line %u, col %u", x->pos.line, x->pos.col);
	n = regex_n_groups(re);
	n = n > REGEX_GROUPS_MAX ? REGEX_GROUPS_MAX : n;
	vec_init(ret, in->n_steps);
	for (size_t i = 0; i < in->n; i++) {
		const struct series *s = &in->v[i];
		struct labels l = s->labels;
		struct bytes src = labels_get_bytes(&l, x->label_replace.src);
		struct series *out;

		arena_reset(&mem);
		if (regex_match_groups(re, src, group, n, NULL) == 1) {
			buf_reset(&text);
			expand(re, x->label_replace.replacement, group, n, &text);
			l = labels_not_empty(
				labels_with(&mem, &l, x->label_replace.dst, buf_bytes(&text)));
		}
		out = vec_add(ret, &l);
		memcpy(out->v, s->v, in->n_steps * sizeof(*out->v));
		memcpy(out->has, s->has, in->n_steps);
	}
	arena_release(&mem);
	buf_release(&text);
	regex_free(re);
	return 0;
}
