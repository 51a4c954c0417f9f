#include "slo/ask.h"

#include <stdlib.h>

#include "base/mem.h"
#include "slo/print.h"

/* --- what is counted ------------------------------------------------------------------------- */

/* Of the command line. */
static int count_given(const struct slo_opts *o, struct slo_state *s, struct err *e)
{
	if (slo_counts_check(&o->counts, e) < 0)
		return -1;
	s->m.counts = o->counts;
	for (size_t i = 0; i < o->n_in; i++)
		if (slo_state_add(s, o->in[i].ns, &o->in[i].counts, e) < 0)
			return err_wrap(e, "option '--in'");
	return slo_state_settle(s, &o->alerts, e);
}

/* --- what is told ---------------------------------------------------------------------------- */

static int print(struct bytes text, struct err *e)
{
	return fwrite(text.p, 1, text.n, stdout) == text.n ? 0
							   : err_sys(e, "cannot write to stdout");
}

static int tell(const struct slo_opts *o, const struct slo_state *s, size_t n, enum slo_print what,
		struct err *e)
{
	struct buf out = { 0 };
	int rc;

	if (o->format == SLO_CSV)
		slo_print_csv(&out, s, n);
	for (size_t i = 0; i < n; i++) {
		if (o->format == SLO_TEXT)
			slo_print_text(&out, &s[i], &o->alerts, what);
		else if (o->format == SLO_JSONL)
			slo_print_jsonl(&out, &s[i], &o->alerts);
	}
	rc = print(buf_bytes(&out), e);
	buf_release(&out);
	return rc;
}

static bool is_gone(const struct slo_state *s)
{
	return s->budget.outlook == SLO_EXHAUSTED;
}

static bool is_burning(const struct slo_state *s)
{
	return s->is_burning;
}

/* Counts, tells, and says no when one of them is as `no` says. */
static int answer(struct slo_ask *a, enum slo_print what, bool (*no)(const struct slo_state *),
		  const char *why, struct err *e)
{
	struct slo_state *s = mem_alloc(sizeof(*s));
	int rc;

	slo_state_init(s, &a->opts.one, a->opts.at_ns, a->opts.pace_ns);
	rc = count_given(&a->opts, s, e);
	if (rc == 0)
		rc = tell(&a->opts, s, 1, what, e);
	if (rc == 0 && no(s))
		rc = err_set(e, ERR_NO, "%s", why);
	free(s);
	return rc;
}

/* --- verbs ----------------------------------------------------------------------------------- */

static int ask_budget(void *ask, char **operand, size_t n, struct err *e)
{
	struct slo_ask *a = ask;

	(void)operand;
	if (slo_opts_check(&a->opts, SLO_BUDGET, n, e) < 0)
		return -1;
	return answer(a, SLO_PRINT_BUDGET, is_gone, "a budget is gone", e);
}

static int ask_check(void *ask, char **operand, size_t n, struct err *e)
{
	struct slo_ask *a = ask;

	(void)operand;
	if (slo_opts_check(&a->opts, SLO_CHECK, n, e) < 0)
		return -1;
	return answer(a, SLO_PRINT_ALERTS, is_burning, "an alert holds", e);
}

const struct cli_verb slo_verbs[] = {
	{ "check", "[SLOFILE]...", "exit 1 when an alert holds: for cron", ask_check },
	{ 0 },
};

int slo_ask_run(struct slo_ask *a, char **operand, size_t n, struct err *e)
{
	const struct cli_verb *verb = NULL;

	if (n && cli_verb_find(slo_verbs, operand[0], "a file", &verb, e) < 0)
		return -1;
	if (verb)
		return verb->run(a, operand + 1, n - 1, e);
	return ask_budget(a, operand, n, e);
}
