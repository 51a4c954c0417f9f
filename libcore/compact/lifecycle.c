#include "compact/lifecycle.h"

#include "xml/xml.h"

static const struct bytes rule_start = BYTES_LIT("<Rule>"), rule_end = BYTES_LIT("</Rule>");
static const struct bytes id_start = BYTES_LIT("<ID>"), id_end = BYTES_LIT("</ID>");

void lifecycle_add_text(struct buf *b, struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (strchr("<>&'\"", text.p[i]))
			buf_addf(b, "&#%d;", text.p[i]);
		else
			buf_add_char(b, text.p[i]);
	}
}

/* What stands between the next `start` and `end` behind it, with both; text goes on behind it. */
static bool next_part(struct bytes *text, struct bytes start, struct bytes end, struct bytes *ret)
{
	const char *from = text->n ? memmem(text->p, text->n, start.p, start.n) : NULL;
	const char *to;

	if (!from)
		return false;
	to = memmem(from, (size_t)(text->p + text->n - from), end.p, end.n);
	if (!to)
		return false;
	*ret = bytes_of(from, (size_t)(to - from) + end.n);
	*text = bytes_sub(*text, (size_t)(to - text->p) + end.n, text->n);
	return true;
}

static int take_id(const struct xml_at *at, void *data, struct err *e)
{
	(void)e;
	if (at->end && strcmp(at->path, "/ID") == 0)
		buf_add_bytes(data, at->text);
	return 0;
}

/* As it is meant, however it is escaped: a server does not give back what it was given to the
 * letter. Empty: it has none. */
static void read_id(struct bytes rule, struct buf *ret)
{
	struct bytes id;
	struct err e;

	buf_reset(ret);
	if (next_part(&rule, id_start, id_end, &id) && xml_read(id, take_id, ret, &e) < 0)
		buf_reset(ret);
}

static bool has_id_of(const struct bytes *rule, size_t n, struct bytes old)
{
	struct buf id = { 0 }, ours = { 0 };
	bool ret = false;

	read_id(old, &id);
	for (size_t i = 0; i < n && id.n && !ret; i++) {
		read_id(rule[i], &ours);
		ret = bytes_eq(buf_bytes(&ours), buf_bytes(&id));
	}
	buf_release(&id);
	buf_release(&ours);
	return ret;
}

static int count_rule(const struct xml_at *at, void *data, struct err *e)
{
	(void)e;
	*(size_t *)data += at->end && strcmp(at->path, "/LifecycleConfiguration/Rule") == 0;
	return 0;
}

int lifecycle_merge(struct bytes old, const struct bytes *rule, size_t n, struct buf *ret,
		    size_t *ret_others, struct err *e)
{
	size_t n_rules = 0, n_found = 0, others = 0;
	struct bytes rest = old, one;

	if (old.n && xml_read(old, count_rule, &n_rules, e) < 0)
		return err_wrap(e, "the rules that the bucket has");
	while (next_part(&rest, rule_start, rule_end, &one))
		n_found++;
	if (n_found != n_rules)
		return err_set(e, ERR_VERSION,
			       "the rules that the bucket has are in a form that is not known: "
			       "nothing is changed");
	buf_add_str(ret, "<LifecycleConfiguration "
			 "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (rest = old; next_part(&rest, rule_start, rule_end, &one);) {
		if (has_id_of(rule, n, one))
			continue;
		buf_add_bytes(ret, one);
		others++;
	}
	for (size_t i = 0; i < n; i++)
		buf_add_bytes(ret, rule[i]);
	buf_add_str(ret, "</LifecycleConfiguration>");
	*ret_others = others;
	return 0;
}
