/* gate: are enough events good for a deployment to go on? */
#include "slo/ask.h"

#include <stdlib.h>

#include "cli/output.h"
#include "json/json.h"
#include "report/table.h"
#include "slo/work.h"

enum answer { PASS, FAIL, NO_TRAFFIC, OLD };

static const char *const words[] = { "pass", "fail", "no_traffic", "old" };

/* What --min says, or else the target. */
static struct exact min_of(const struct slo_opts *o, const struct slo_state *s)
{
	return o->has_min ? o->min : s->slo->target;
}

static enum answer answer_of(const struct slo_state *s, struct exact min)
{
	if (s->budget.outlook == SLO_NO_TRAFFIC)
		return NO_TRAFFIC;
	if (ratio_cmp(s->budget.sli, ratio_exact(min)) < 0)
		return FAIL;
	return s->data == SLO_DATA_OLD ? OLD : PASS;
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

/* Events are not known where there is only their share. */
static void add_events(struct table *t, const struct slo_counts *c)
{
	const struct exact v[] = { c->total, c->bad };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		buf_reset(&b);
		if (!c->is_share)
			exact_add(&b, v[i]);
		table_add(t, buf_bytes(&b));
	}
	buf_release(&b);
}

/* The columns are the fields of add_json(). */
static void add_csv(struct buf *out, const struct slo_opts *o, const struct slo_state *s, size_t n)
{
	static const char *const names[] = { "name", "gate", "min", "sli", "total", "bad" };
	struct table t = { 0 };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		table_column(&t, names[i], i < 2 ? TABLE_LEFT : TABLE_RIGHT);
	for (size_t i = 0; i < n; i++) {
		const struct exact min = min_of(o, &s[i]);
		enum answer answer = answer_of(&s[i], min);

		table_add(&t, s[i].slo->name);
		table_addf(&t, "%s", words[answer]);
		exact_add(&b, min);
		table_add(&t, buf_bytes(&b));
		buf_reset(&b);
		if (answer != NO_TRAFFIC)
			ratio_add_text(&b, &s[i].budget.sli, RATIO_DIGITS);
		table_add(&t, buf_bytes(&b));
		buf_reset(&b);
		add_events(&t, &s[i].m.counts);
	}
	table_csv(&t, out);
	table_release(&t);
	buf_release(&b);
}

static int tell(struct slo_ask *a, const struct slo_state *s, size_t n, struct err *e)
{
	const struct slo_opts *o = &a->opts;
	struct buf out = { 0 };
	bool no = false;
	int rc;

	if (o->format == SLO_CSV)
		add_csv(&out, o, s, n);
	for (size_t i = 0; i < n; i++) {
		const struct exact min = min_of(o, &s[i]);
		enum answer answer = answer_of(&s[i], min);

		no = no || answer == FAIL || (answer != PASS && !o->pass_no_traffic);
		if (o->format == SLO_TEXT)
			add_text(&out, &s[i], min, answer);
		else if (o->format == SLO_JSONL)
			add_json(&out, &s[i], min, answer);
	}
	rc = cli_print(buf_bytes(&out), e);
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
