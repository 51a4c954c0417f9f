/* gate: are enough events good for a deployment to go on? */
#include "slo/ask.h"

#include <stdlib.h>

#include "json/json.h"
#include "slo/print.h"
#include "slo/work.h"

enum answer { PASS, FAIL, NO_TRAFFIC };

static const char *const words[] = { "pass", "fail", "no_traffic" };

static enum answer answer_of(const struct slo_state *s, struct exact min)
{
	if (s->budget.outlook == SLO_NO_TRAFFIC)
		return NO_TRAFFIC;
	return ratio_cmp(s->budget.sli, ratio_exact(min)) >= 0 ? PASS : FAIL;
}

static void add_text(struct buf *out, const struct slo_state *s, struct exact min,
		     enum answer answer)
{
	const struct ratio least = ratio_exact(min);

	buf_addf(out, "%.*s: %s: ", BYTES_ARG(s->slo->name),
		 answer == NO_TRAFFIC ? "no traffic" : words[answer]);
	if (answer != NO_TRAFFIC) {
		ratio_add_percent(out, &s->budget.sli, RATIO_DIGITS);
		buf_add_str(out, " of events are good, ");
	}
	buf_add_str(out, "at least ");
	ratio_add_percent(out, &least, RATIO_ALL_DIGITS);
	buf_add_str(out,
		    answer == NO_TRAFFIC ? " of events would have to be good\n" : " are to be\n");
}

static void add_json(struct buf *out, const struct slo_state *s, struct exact min,
		     enum answer answer)
{
	buf_add_str(out, "{\"name\":");
	json_add_quoted(out, s->slo->name);
	buf_addf(out, ",\"gate\":\"%s\",\"min\":", words[answer]);
	exact_add(out, min);
	buf_add_str(out, ",\"sli\":");
	if (answer == NO_TRAFFIC)
		buf_add_str(out, "null");
	else
		ratio_add_text(out, &s->budget.sli, RATIO_DIGITS);
	if (!s->m.counts.is_share) {
		buf_add_str(out, ",\"total\":");
		exact_add(out, s->m.counts.total);
		buf_add_str(out, ",\"bad\":");
		exact_add(out, s->m.counts.bad);
	}
	buf_add_str(out, "}\n");
}

static int tell(struct slo_ask *a, const struct slo_state *s, size_t n, struct err *e)
{
	const struct slo_opts *o = &a->opts;
	struct buf out = { 0 };
	bool no = false;
	int rc;

	if (o->format == SLO_CSV)
		slo_print_csv(&out, s, n);
	for (size_t i = 0; i < n; i++) {
		struct exact min = o->has_min ? o->min : s[i].slo->target;
		enum answer answer = answer_of(&s[i], min);

		no = no || answer == FAIL || (answer == NO_TRAFFIC && !o->pass_no_traffic);
		if (o->format == SLO_TEXT)
			add_text(&out, &s[i], min, answer);
		else if (o->format == SLO_JSONL)
			add_json(&out, &s[i], min, answer);
	}
	rc = slo_print(buf_bytes(&out), e);
	buf_release(&out);
	return rc == 0 && no ? err_set(e, ERR_NO, "the gate is closed") : rc;
}

int slo_ask_gate(void *ask, char **operand, size_t n, struct err *e)
{
	struct slo_ask *a = ask;
	struct slo_state *s = NULL;
	struct slo_work w = { 0 };
	size_t n_states = 0;
	int rc;

	if (slo_opts_check(&a->opts, SLO_GATE, n, e) < 0)
		return -1;
	a->opts.alerts.n = 0; /* nothing else is asked for */
	rc = slo_work_open(&w, a, operand, n, SLO_OPEN_COUNTS, e);
	if (rc == 0)
		rc = slo_work_count(&w, &s, &n_states, e);
	if (rc == 0)
		rc = tell(a, s, n_states, e);
	free(s);
	slo_work_close(&w);
	return rc;
}
