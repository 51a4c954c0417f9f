#include "slo/ask.h"

#include <stdlib.h>

#include "cli/output.h"
#include "slo/doubt.h"
#include "slo/print.h"
#include "slo/rules.h"
#include "slo/work.h"

/* --- what is told ---------------------------------------------------------------------------- */

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
	rc = cli_print(buf_bytes(&out), e);
	buf_release(&out);
	return rc;
}

/* Why the answer is no; NULL: it is yes. */
typedef const char *why_fn(const struct slo_opts *o, const struct slo_state *s);

static const char *why_gone(const struct slo_opts *o, const struct slo_state *s)
{
	(void)o;
	return s->budget.outlook == SLO_EXHAUSTED ? "a budget is gone" : NULL;
}

/* Neither that nothing came nor counts that no alert can look at are evidence that none holds. */
static const char *why_alarmed(const struct slo_opts *o, const struct slo_state *s)
{
	if (s->is_burning)
		return "an alert holds";
	if (s->data != SLO_DATA)
		return o->pass_no_traffic ? NULL : "there is nothing that alerts could look at";
	return s->is_looked_at || (s->has_gap && o->pass_no_traffic)
		       ? NULL
		       : "no alert could be looked at: there are no counts of their windows";
}

/* Keeps those of which the answer is no. */
static size_t keep_no(const struct slo_opts *o, struct slo_state *s, size_t n, why_fn *why_no)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!why_no(o, &s[i]))
			continue;
		s[kept] = s[i];
		s[kept].m.window = s[kept].window;
		kept++;
	}
	return kept;
}

/* Counts, tells, and says no when there is a reason. */
static int answer(struct slo_ask *a, char **files, size_t n_files, enum slo_print what,
		  why_fn *why_no, struct err *e)
{
	const char *why = NULL;
	struct slo_state *s = NULL;
	struct slo_work w;
	size_t n = 0;
	int rc = slo_work_open(&w, a, files, n_files, SLO_OPEN_COUNTS, e);

	if (rc == 0 && what == SLO_PRINT_ALERTS)
		slo_doubt_alerts(&w, SLO_ALL_ALERTS);
	if (rc == 0)
		rc = slo_work_count(&w, &s, &n, e);
	if (rc == 0 && a->opts.quiet)
		n = keep_no(&a->opts, s, n, why_no);
	if (rc == 0 && (n || !a->opts.quiet))
		rc = tell(&a->opts, s, n, what, e);
	for (size_t i = 0; rc == 0 && !why && i < n; i++)
		why = why_no(&a->opts, &s[i]);
	if (why)
		rc = err_set(e, ERR_NO, "%s", why);
	free(s);
	slo_work_close(&w);
	return rc;
}

/* --- verbs ----------------------------------------------------------------------------------- */

static int ask_budget(void *ask, char **operand, size_t n, struct err *e)
{
	struct slo_ask *a = ask;

	if (slo_opts_check(&a->opts, SLO_BUDGET, n, e) < 0)
		return -1;
	return answer(a, operand, n, SLO_PRINT_BUDGET, why_gone, e);
}

static int ask_check(void *ask, char **operand, size_t n, struct err *e)
{
	struct slo_ask *a = ask;

	if (slo_opts_check(&a->opts, SLO_CHECK, n, e) < 0)
		return -1;
	return answer(a, operand, n, SLO_PRINT_ALERTS, why_alarmed, e);
}

/* Objectives alone: nothing is counted. */
static int ask_rules(void *ask, char **operand, size_t n, struct err *e)
{
	static char dash[] = "-";
	char *only_stdin[] = { dash };
	struct slo_ask *a = ask;
	const struct slo_rules_opts o = { &a->opts.alerts, a->opts.low, a->opts.interval_ns };
	bool from_stdin = n == 0 && !a->opts.has_target;
	struct buf out = { 0 };
	struct slo_work w;
	int rc;

	if (slo_opts_check(&a->opts, SLO_RULES, n, e) < 0)
		return -1;
	rc = slo_work_open(&w, a, from_stdin ? only_stdin : operand, from_stdin ? 1 : n,
			   SLO_OPEN_OBJECTIVES, e);
	if (rc == 0)
		slo_doubt_alerts(&w, SLO_ALERTS_OF_RULES);
	if (rc == 0)
		rc = slo_rules_write(&w.set, &o, &out, e);
	if (rc == 0)
		rc = cli_print(buf_bytes(&out), e);
	buf_release(&out);
	slo_work_close(&w);
	return rc;
}

const struct cli_verb slo_verbs[] = {
	{ "check", "[SLOFILE]...", "exit 1 when an alert holds: for cron", ask_check },
	{ "gate", "[SLOFILE]...", "exit 1 when too few events are good: for pipelines",
	  slo_ask_gate },
	{ "burndown", "[SLOFILE]...", "what was left as time went on, also as a picture",
	  slo_ask_burndown },
	{ "simulate", "[SLOFILE]", "what alerts and budget do while --errors come and go",
	  slo_ask_simulate },
	{ "report", "[SLOFILE]...", "a table of all, or with --postmortem what an incident took",
	  slo_ask_report },
	{ "rules", "[SLOFILE]...", "recording and alerting rules for Prometheus", ask_rules },
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
