#include "cost/ask_report.h"

#include <fnmatch.h>

#include "base/num.h"
#include "base/visible.h"
#include "cli/output.h"
#include "cost/gather.h"
#include "cost/report_html.h"
#include "cost/report_prom.h"
#include "time/time.h"

enum { ALERT_LASTS_H = 25 }; /* they outlast a day, for cron */

/* --- reading --------------------------------------------------------------------------------- */

/* What is read, and what it comes to. */
struct asking {
	struct cost_report_opts *o;
	struct cost_by by[COST_BREAKDOWNS_MAX];
	struct cost_report report;
	size_t labels; /* the breakdown whose groups are series of metrics */
	struct cost_alerts alerts;
	int32_t from, to; /* days; to is not among them */
	struct cost_gathering records;
	bool named[COST_DIMS_MAX];	 /* which dimensions some record in all the input names */
	bool met[COST_THRESHOLDS_MAX];	 /* which thresholds look at some record in all the input */
	uint64_t n_read;		 /* records, wanted or not */
	uint64_t n_not_days, n_not_like; /* left out by --from and --to, by --match */
};

static int read_day(const struct cost_report_opts *o, const char *option, const char *value,
		    int32_t *ret, struct err *e)
{
	int64_t ns;

	if (!value)
		return 0;
	if (time_parse(bytes_str(value), o->base.now_ns, &ns, e) < 0)
		return err_wrap(e, "option '%s'", option);
	*ret = time_day(ns);
	return 0;
}

static int read_range(struct asking *a, struct err *e)
{
	const struct cost_report_opts *o = a->o;

	a->from = INT32_MIN;
	a->to = INT32_MAX;
	if (read_day(o, "--from", o->from, &a->from, e) < 0 ||
	    read_day(o, "--to", o->to, &a->to, e) < 0)
		return -1;
	if (a->from >= a->to)
		return err_set(e, ERR_USAGE, "options '--from', '--to': there is no day between");
	return 0;
}

static bool is_like_matches(const struct asking *a, const struct cost_record *r)
{
	char text[COST_NAME_MAX + 1];

	for (size_t i = 0; i < a->o->n_match; i++) {
		struct bytes v = r->dim[a->o->match[i].dim];

		memcpy(text, v.n ? v.p : "", v.n);
		text[v.n] = '\0';
		if (fnmatch(a->o->match[i].pattern, text, 0) != 0)
			return false;
	}
	return true;
}

/* Of each record, whether it is wanted or not: what it names is noted. */
static bool look_at(void *data, const struct cost_record *r)
{
	struct asking *a = data;

	for (size_t i = 0; i < a->report.dims->n; i++)
		a->named[i] |= r->dim[i].n > 0;
	for (size_t i = 0; i < a->o->n_thresholds; i++) {
		const struct cost_threshold *t = &a->o->threshold[i];

		if (!a->met[i] && t->dim != COST_DIMS_MAX)
			a->met[i] = cost_threshold_takes(t, r->dim[t->dim]);
	}
	a->n_read++;
	if (r->day < a->from || r->day >= a->to)
		a->n_not_days++;
	else if (!is_like_matches(a, r))
		a->n_not_like++;
	else
		return true;
	return false;
}

static int on_record(void *data, const struct cost_record *r, struct err *e)
{
	struct asking *a = data;

	a->report.n_records++;
	return cost_sums_add(a->report.sums, r, e);
}

static void on_unsent(void *data, const struct err *e)
{
	cli_report(data, e);
}

static void send_alerts(struct cost_base *base)
{
	struct cost_report_opts *o = (struct cost_report_opts *)(void *)base;

	if (!cost_sending_has(&o->sending))
		return;
	cost_sending_send(&o->sending, on_unsent, base->cli);
}

static int read_all(struct asking *a, char **operand, size_t n, struct err *e)
{
	a->records = (struct cost_gathering){ .cli = a->o->base.cli,
					      .answer = "report",
					      .dims = a->report.dims,
					      .map = &a->o->map,
					      .unique = a->o->unique,
					      .has_currency = true,
					      .currency = a->o->currency,
					      .wanted = look_at,
					      .record = on_record,
					      .data = a };
	if (cost_gather(&a->records, operand, n, e) < 0)
		return -1;
	return cost_sums_check(a->report.sums, e);
}

/* --- answering ------------------------------------------------------------------------------- */

/* A breakdown by dimensions alone, which is there already or is added. */
static size_t need_by(struct asking *a, const struct cost_by *by, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (a->by[i].n == by->n &&
		    memcmp(a->by[i].dim, by->dim, by->n * sizeof(*by->dim)) == 0)
			return i;
	a->by[*n] = *by;
	return (*n)++;
}

/* All, then what is asked for, or what all records have; then what nobody sees. Returns how many.
 */
static size_t choose_breakdowns(struct asking *a)
{
	struct cost_report_opts *o = a->o;
	const struct cost_by labels = { { COST_RESOURCE, COST_CLUSTER }, 2 };
	size_t n = 1;

	cost_report_begin_dims(&o->dims);
	for (size_t i = 0; i < o->n_by; i++)
		a->by[n++] = o->by[i];
	for (size_t dim = 0; o->n_by == 0 && dim < COST_LABEL; dim++)
		a->by[n++] = (struct cost_by){ { dim }, 1 };
	a->report.n_by = n;
	for (size_t i = 0; i < o->n_thresholds; i++) {
		struct cost_threshold *t = &o->threshold[i];
		const struct cost_by by = { { t->dim }, 1 };

		t->by = t->dim == COST_DIMS_MAX ? 0 : need_by(a, &by, &n);
	}
	a->labels = o->n_by ? 1 : need_by(a, &labels, &n);
	return n;
}

/* Where the format has no place for them. */
static void warn_of(const struct asking *a)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < a->alerts.n; i++) {
		buf_reset(&text);
		cost_alert_text(&a->report, &a->alerts.v[i], &text);
		cli_warn(a->o->base.cli, "%s", buf_str(&text));
	}
	buf_release(&text);
}

static void add_alerts(const struct asking *a, struct buf *out)
{
	bool json = a->o->base.format == COST_JSONL;
	struct buf text = { 0 };

	if (a->alerts.n && !json && !a->o->quiet)
		buf_add_str(out, "\nalerts\n");
	for (size_t i = 0; i < a->alerts.n; i++) {
		buf_reset(&text);
		if (json)
			cost_alert_json(&a->report, &a->alerts.v[i], out);
		else
			cost_alert_text(&a->report, &a->alerts.v[i], &text);
		visible_add(out, buf_bytes(&text)); /* nothing, of JSON */
		buf_add_char(out, '\n');
	}
	buf_release(&text);
}

static int add_report(const struct asking *a, struct buf *out, struct err *e)
{
	const struct cost_report_opts *o = a->o;

	switch (o->base.format) {
	case COST_JSONL:
		return cost_report_jsonl(&a->report, out, stdout, e);
	case COST_CSV:
		return cost_report_csv(&a->report, out, stdout, e);
	case COST_HTML:
		return cost_report_html(&a->report, &a->alerts, o->threshold, o->n_thresholds, out,
					e);
	case COST_SVG:
		return cost_report_svg(&a->report, o->threshold, o->n_thresholds, out, e);
	case COST_PROM:
		return cost_report_prom(&a->report, a->labels, out, e);
	default:
		return cost_report_text(&a->report, out, e);
	}
}

/* What is printed. */
static int make_text(const struct asking *a, struct buf *out, struct err *e)
{
	enum cost_format format = a->o->base.format;

	if (!a->o->quiet && add_report(a, out, e) < 0)
		return -1;
	if (format == COST_TEXT || format == COST_JSONL)
		add_alerts(a, out);
	else if (format != COST_HTML)
		warn_of(a);
	return 0;
}

static bool is_asked_for(const struct cost_report_opts *o, size_t dim)
{
	bool is = false;

	for (size_t i = 0; i < o->n_by; i++)
		for (size_t k = 0; k < o->by[i].n; k++)
			is |= o->by[i].dim[k] == dim;
	for (size_t i = 0; i < o->n_match; i++)
		is |= o->match[i].dim == dim;
	for (size_t i = 0; i < o->n_thresholds; i++)
		is |= o->threshold[i].dim == dim;
	return is;
}

/* A name that is misspelt would be a threshold that nothing is ever above. */
static void warn_of_names(const struct asking *a)
{
	const struct cost_dims *d = a->report.dims;
	struct buf there = { 0 };

	for (size_t i = 0; i < d->n; i++)
		if (a->named[i])
			buf_addf(&there, "%s'%.*s'", there.n ? ", " : "", BYTES_ARG(d->name[i]));
	for (size_t i = 0; a->n_read && i < d->n; i++)
		if (!a->named[i] && is_asked_for(a->o, i))
			cli_warn(a->o->base.cli, "no record names '%.*s' (they name %s)",
				 BYTES_ARG(d->name[i]), there.n ? buf_str(&there) : "nothing");
	buf_release(&there);
}

/* So would a value be. That nothing is unattributed is as it should be. */
static void warn_of_values(const struct asking *a)
{
	for (size_t i = 0; a->n_read && i < a->o->n_thresholds; i++) {
		const struct cost_threshold *t = &a->o->threshold[i];

		if (!a->met[i] && t->dim != COST_DIMS_MAX && a->named[t->dim] &&
		    !cost_threshold_takes(t, (struct bytes){ 0 }))
			cli_warn(a->o->base.cli, "option '--%s %s': no record has such a %.*s",
				 t->limit == COST_AMOUNT ? "threshold" : "growth", t->text,
				 BYTES_ARG(a->report.dims->name[t->dim]));
	}
}

/* Growth is looked for in vain where there are no two whole periods. */
static void warn_of_growth(const struct asking *a, const struct cost_threshold *t)
{
	int32_t first, end, start;

	cost_report_days(&a->report, &first, &end);
	start = period_start(t->period, first);
	if (start < first)
		start = period_next(t->period, start);
	if (t->limit == COST_GROWTH && end > first &&
	    period_next(t->period, period_next(t->period, start)) > end)
		cli_warn(a->o->base.cli,
			 "option '--growth %s': nothing to compare: the records have no two whole "
			 "%ss",
			 t->text, period_name(t->period));
}

/* Which options left none out of how many; or there was none. */
static void warn_of_none(const struct asking *a)
{
	const char *file = a->o->base.output;
	const struct {
		uint64_t n;
		const char *option;
	} left_out[] = { { a->n_not_days, !a->o->to	? "'--from'"
					  : !a->o->from ? "'--to'"
							: "'--from', '--to'" },
			 { a->n_not_like, "'--match'" },
			 { a->records.n_other, "'--currency'" } };
	struct buf text = { 0 };
	size_t n = 0;

	if (a->n_read)
		buf_addf(&text, "none of %llu %s is left", (unsigned long long)a->n_read,
			 num_word(a->n_read, "cost record", "cost records"));
	else
		buf_add_str(&text, "there is no cost record in the input");
	for (size_t i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
		if (left_out[i].n)
			buf_addf(&text, "%s %s left out %llu", n++ ? "," : ":", left_out[i].option,
				 (unsigned long long)left_out[i].n);
	if (cli_output_is_file(file))
		buf_addf(&text, "; '%s' stays as it is", file);
	cli_warn(a->o->base.cli, "%s", buf_str(&text));
	buf_release(&text);
}

/* Periods between the first and the last day of which there is no record cost nothing only as far
 * as anybody knows: nothing is compared with them. */
static void warn_of_gaps(const struct asking *a, const struct cost_threshold *t)
{
	char name[PERIOD_TEXT] = "";
	int32_t first, end;
	size_t n = 0;

	cost_report_days(&a->report, &first, &end);
	if (t->limit != COST_GROWTH || end <= first)
		return;
	for (int32_t day = period_start(t->period, first); day < end;
	     day = period_next(t->period, day)) {
		if (cost_report_count_days(&a->report, day, period_next(t->period, day)) > 0)
			continue;
		if (n++ == 0)
			period_text(t->period, day, name);
	}
	if (n == 1)
		cli_warn(a->o->base.cli,
			 "option '--growth %s': nothing is compared with %s, of which there is no "
			 "record",
			 t->text, name);
	else if (n)
		cli_warn(a->o->base.cli,
			 "option '--growth %s': nothing is compared with %s and %zu other %ss, of "
			 "which there is no record",
			 t->text, name, n - 1, period_name(t->period));
}

/* What has grown since a period of which days are missing may not have grown. Of the last one is
 * told. */
static void warn_of_missing_days(const struct asking *a, const struct cost_threshold *t)
{
	int32_t last = INT32_MIN, before;
	char name[PERIOD_TEXT];
	size_t n, of;

	for (size_t i = 0; i < a->alerts.n; i++) {
		const struct cost_alert *alert = &a->alerts.v[i];
		int32_t start = alert->row.start, next;

		if (t->limit != COST_GROWTH || alert->threshold != t || start <= last)
			continue;
		before = period_start(t->period, start - 1);
		next = period_next(t->period, start);
		if (cost_report_count_days(&a->report, before, start) * (size_t)(next - start) <
		    cost_report_count_days(&a->report, start, next) * (size_t)(start - before))
			last = start;
	}
	if (last == INT32_MIN)
		return;
	before = period_start(t->period, last - 1);
	period_text(t->period, before, name);
	n = cost_report_count_days(&a->report, before, last);
	of = (size_t)(last - before);
	cli_warn(a->o->base.cli,
		 "option '--growth %s': there are records of %zu of the %zu days of %s alone: what "
		 "is above it may be what is missing there",
		 t->text, n, of, name);
}

static int answer(struct asking *a, struct err *e)
{
	const struct cost_report_opts *o = a->o;
	struct buf out = { 0 };
	int rc = 0;

	warn_of_names(a);
	warn_of_values(a);
	for (size_t i = 0; i < o->n_thresholds; i++) {
		warn_of_growth(a, &o->threshold[i]);
		warn_of_gaps(a, &o->threshold[i]);
	}
	if (a->records.n_other > 0 && a->report.n_records > 0)
		cli_warn(o->base.cli, "%llu %s in other currencies than %s left out",
			 (unsigned long long)a->records.n_other,
			 num_word(a->records.n_other, "record is", "records are"), o->currency);
	if (a->report.n_records == 0 && cli_output_is_file(o->base.output)) {
		warn_of_none(a);
		return CLI_OUTPUT_NONE;
	}
	if (!a->records.found.n)
		buf_add_str(&a->records.found, "USD");
	a->report.currency = buf_bytes(&a->records.found);
	for (size_t i = 0; rc == 0 && i < o->n_thresholds; i++)
		rc = cost_alerts_add(&a->report, &o->threshold[i], &a->alerts, e);
	for (size_t i = 0; rc == 0 && i < o->n_thresholds; i++)
		warn_of_missing_days(a, &o->threshold[i]);
	if (rc == 0)
		rc = make_text(a, &out, e);
	/* Servers are told behind the report, and also where that cannot be written. */
	if (rc == 0)
		cost_sending_write(&a->o->sending, &a->report, &a->alerts, o->base.now_ns);
	if (rc == 0)
		rc = cli_print(buf_bytes(&out), e);
	buf_release(&out);
	if (rc < 0)
		return rc;
	if (a->report.n_records == 0) {
		warn_of_none(a);
		return err_set(e, ERR_NO, "no cost record");
	}
	return a->alerts.n ? err_set(e, ERR_NO, "above a threshold") : 0;
}

static int check_options(const struct cost_report_opts *o, struct err *e)
{
	const struct cost_sending *s = &o->sending;

	if (o->n_thresholds == 0 && (s->webhook || s->webhook_file || s->alertmanager || o->quiet))
		return err_set(e, ERR_USAGE,
			       "without '--threshold' and '--growth' there are no alerts for "
			       "--webhook, --webhook-file, --alertmanager or --quiet");
	if (o->quiet && o->base.format > COST_JSONL)
		return err_set(e, ERR_USAGE, "option '--quiet': only with -o text and jsonl");
	if (s->last_ns && !s->alertmanager)
		return err_set(e, ERR_USAGE,
			       "option '--alert-for' has no effect without '--alertmanager'");
	return cost_sending_check(s, e);
}

int cost_ask_report(void *opts, char **operand, size_t n, struct err *e)
{
	struct cost_report_opts *o = opts;
	struct asking a = { .o = o };
	size_t n_by = choose_breakdowns(&a);
	int rc;

	a.report.sums = cost_sums_new(a.by, n_by);
	a.report.dims = &o->dims;
	a.report.quiet_by = o->n_by == 0;
	o->base.after = send_alerts;
	rc = check_options(o, e);
	if (!o->sending.last_ns)
		o->sending.last_ns = ALERT_LASTS_H * 3600 * NS_PER_S;
	if (rc == 0)
		rc = read_range(&a, e);
	if (rc == 0)
		rc = read_all(&a, operand, n, e);
	if (rc == 0)
		rc = answer(&a, e);
	cost_sums_free(a.report.sums);
	cost_alerts_release(&a.alerts);
	cost_gathering_release(&a.records);
	for (size_t i = 0; i < o->n_thresholds; i++)
		cost_threshold_release(&o->threshold[i]);
	return rc;
}
