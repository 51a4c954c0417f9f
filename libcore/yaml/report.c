#include "yaml/report.h"

#include <stdarg.h>
#include <stdio.h>

/* Bytes of names in one message. */
enum { NAMES_MAX = 4096 };

void report_say(struct report *r, enum report_kind kind, const struct yaml_node *at,
		const char *fmt, ...)
{
	struct err e;
	char text[ERR_MSG_MAX];
	va_list va;

	if (!r->say)
		return;
	va_start(va, fmt);
	vsnprintf(text, sizeof(text), fmt, va);
	va_end(va);
	yaml_fail(at, &e, ERR_NO, "%s", text);
	r->say(r->data, kind, e.msg);
}

static bool is_listed(struct bytes list, struct bytes name)
{
	struct bytes one;

	while (bytes_split(&list, ',', &one))
		if (bytes_eq(bytes_trim(one), name))
			return true;
	return false;
}

static bool holds_maps(const struct yaml_node *n)
{
	return n->kind == YAML_MAP ||
	       (n->kind == YAML_LIST && n->n && n->item[0]->kind == YAML_MAP);
}

/* The names of what stands below a value, each once, "a.b" for what is nested. */
static void add_names(struct buf *out, const struct yaml_node *n, struct buf *path)
{
	size_t before = path->n;

	for (uint32_t i = 0; n->kind == YAML_LIST && i < n->n; i++)
		if (n->item[i]->kind == YAML_MAP)
			add_names(out, n->item[i], path);
	for (uint32_t i = 0; n->kind == YAML_MAP && i < n->n; i++) {
		const struct yaml_pair *p = &n->pair[i];

		path->n = before;
		buf_addf(path, "%s%.*s", before ? "." : "", BYTES_ARG(p->key->text));
		if (holds_maps(p->value))
			add_names(out, p->value, path);
		else if (out->n < NAMES_MAX && !is_listed(buf_bytes(out), buf_bytes(path)))
			buf_addf(out, "%s%.*s", out->n ? ", " : "", BYTES_ARG(buf_bytes(path)));
	}
	path->n = before;
}

void report_key(struct report *r, const struct yaml_pair *at, const char *name, const struct key *k)
{
	static const char *const is[] = { [KEY_USED] = "",
					  [KEY_MAPPED] = ": ",
					  [KEY_IDLE] = " has no effect: ",
					  [KEY_RETIRED] = " is no key of Loki 3: " };
	struct buf names = { 0 }, path = { 0 }, text = { 0 };

	if (k->use == KEY_USED || !r->say)
		return;
	if (at->value->kind != YAML_SCALAR && k->use != KEY_MAPPED)
		add_names(&names, at->value, &path);
	buf_addf(&text, "%s:%u:%u: '%s'", at->key->file, at->key->line, at->key->col, name);
	if (names.n)
		buf_addf(&text, " (%s)", buf_str(&names));
	buf_addf(&text, "%s%s", is[k->use], k->note);
	r->say(r->data, k->use == KEY_MAPPED ? REPORT_NOTE : REPORT_WARNING, buf_str(&text));
	buf_release(&names);
	buf_release(&path);
	buf_release(&text);
}

void report_error(struct report *r, const struct err *e)
{
	if (r->n_errors++ > 0 && r->say)
		r->say(r->data, REPORT_ERROR, r->last.msg);
	r->last = *e;
}

void report_error_at(struct report *r, const struct yaml_node *at, const char *fmt, ...)
{
	char why[ERR_MSG_MAX];
	struct err e;
	va_list va;

	va_start(va, fmt);
	vsnprintf(why, sizeof(why), fmt, va);
	va_end(va);
	yaml_fail(at, &e, ERR_USAGE, "%s", why);
	report_error(r, &e);
}

/* The length of ":12" at the head of text; 0: it is none. */
static size_t number_len(struct bytes text)
{
	size_t n = 1;

	if (text.n == 0 || text.p[0] != ':')
		return 0;
	while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
		n++;
	return n > 1 ? n : 0;
}

bool report_cut_place(struct bytes said, struct bytes *ret_place, struct bytes *ret_rest)
{
	for (size_t i = 1; i < said.n; i++) {
		size_t line = number_len(bytes_sub(said, i, said.n));
		size_t col = line ? number_len(bytes_sub(said, i + line, said.n)) : 0;
		size_t end = i + line + col;

		if (!col || !bytes_starts(bytes_sub(said, end, said.n), BYTES_LIT(": ")))
			continue;
		*ret_place = bytes_sub(said, 0, end);
		*ret_rest = bytes_sub(said, end + 2, said.n);
		return true;
	}
	*ret_place = (struct bytes){ 0 };
	*ret_rest = said;
	return false;
}

int report_end(struct report *r, struct err *e)
{
	if (r->n_errors == 0)
		return 0;
	if (e)
		*e = r->last;
	return -1;
}
