#include "yaml/report.h"

#include <stdio.h>

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

void report_key(struct report *r, const struct yaml_node *at, const char *name, const struct key *k)
{
	if (k->use == KEY_MAPPED)
		report_say(r, REPORT_NOTE, at, "'%s': here %s", name, k->note);
	else if (k->use == KEY_IDLE)
		report_say(r, REPORT_WARNING, at, "'%s' has no effect: %s", name, k->note);
	else if (k->use == KEY_RETIRED)
		report_say(r, REPORT_WARNING, at, "'%s' is no key of Loki 3: %s", name, k->note);
}

void report_error(struct report *r, const struct err *e)
{
	if (r->n_errors++ > 0 && r->say)
		r->say(r->data, REPORT_ERROR, r->last.msg);
	r->last = *e;
}

int report_end(struct report *r, struct err *e)
{
	if (r->n_errors == 0)
		return 0;
	if (e)
		*e = r->last;
	return -1;
}
