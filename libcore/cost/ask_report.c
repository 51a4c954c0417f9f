#include "cost/ask_report.h"

#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/num.h"
#include "base/visible.h"
#include "base/work.h"
#include "cost/read.h"
#include "cost/report_html.h"
#include "cost/report_prom.h"
#include "cost/twice.h"
#include "time/time.h"

/* More jobs would wait for the sums, and need their memory; alerts outlast a day, for cron. */
enum { JOBS_MAX = 4, ALERT_LASTS_H = 25 };

/* --- reading --------------------------------------------------------------------------------- */

/* What is read, and what it comes to. */
struct asking {
	struct cost_report_opts *o;
	struct cost_by by[COST_BREAKDOWNS_MAX];
	struct cost_report report;
	size_t labels; /* the breakdown whose groups are series of metrics */
	struct cost_alerts alerts;
	int32_t from, to;	  /* days; to is not among them */
	struct buf currency;	  /* of the records */
	uint64_t n_other;	  /* records in other ones, with --currency */
	char **operand;		  /* files; NULL: stdin */
	uint32_t file;		  /* the one that is read */
	struct cost_twice *twice; /* NULL until a record is known by something */
	uint64_t n_told;	  /* records that stand twice */
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

static bool is_wanted(const struct asking *a, const struct cost_record *r)
{
	char text[COST_NAME_MAX + 1];

	if (r->day < a->from || r->day >= a->to)
		return false;
	for (size_t i = 0; i < a->o->n_match; i++) {
		struct bytes v = r->dim[a->o->match[i].dim];

		memcpy(text, v.n ? v.p : "", v.n);
		text[v.n] = '\0';
		if (fnmatch(a->o->match[i].pattern, text, 0) != 0)
			return false;
	}
	return true;
}

static int note_identity(struct asking *a, const struct cost_record *r, struct err *e)
{
	if (!a->twice)
		a->twice = cost_twice_new();
	return cost_twice_add(a->twice, r->identity, (struct cost_where){ a->file, r->line }, e);
}

static int on_record(void *data, const struct cost_record *r, struct err *e)
{
	struct asking *a = data;

	if (!is_wanted(a, r))
		return 0;
	if (!a->currency.n)
		buf_add_bytes(&a->currency, r->currency);
	if (!bytes_eq(buf_bytes(&a->currency), r->currency)) {
		if (a->o->currency) {
			a->n_other++;
			return 0;
		}
		return err_set(e, ERR_CORRUPT,
			       "'currency': found '%.*s' behind records in '%.*s', which cannot be "
			       "added up (--currency takes one of them)",
			       BYTES_ARG(r->currency), BYTES_ARG(buf_bytes(&a->currency)));
	}
	a->report.n_records++;
	if (r->is_known && note_identity(a, r, e) < 0)
		return -1;
	return cost_sums_add(a->report.sums, r, e);
}

static void add_place(const struct asking *a, struct cost_where at, struct buf *out)
{
	const char *name = a->operand ? a->operand[at.file] : "-";

	if (strcmp(name, "-") == 0)
		buf_add_str(out, "stdin");
	else
		buf_addf(out, "'%s'", name);
	buf_addf(out, ": line %llu", (unsigned long long)at.line);
}

static void on_twice(void *data, struct cost_where at, struct cost_where first)
{
	struct asking *a = data;
	struct buf b = { 0 };
	struct err e;

	if (a->n_told++ >= COST_FAULTS_MAX)
		return;
	add_place(a, at, &b);
	buf_add_str(&b, ": the same record as ");
	add_place(a, first, &b);
	err_set(&e, ERR_CORRUPT, "%s", buf_str(&b));
	cli_report(a->o->base.cli, &e);
	buf_release(&b);
}

static void on_fault(void *data, const struct err *e)
{
	cli_report(((struct asking *)data)->o->base.cli, e);
}

/* A file that is given twice would count twice. */
static int check_once(char **operand, size_t i, struct err *e)
{
	struct stat st, before;

	for (size_t k = 0; k < i; k++)
		if (stat(operand[i], &st) == 0 && S_ISREG(st.st_mode) &&
		    stat(operand[k], &before) == 0 && st.st_dev == before.st_dev &&
		    st.st_ino == before.st_ino)
			return err_set(e, ERR_USAGE, "'%s' is given twice, as '%s' too", operand[i],
				       operand[k]);
	return 0;
}

static int read_one(struct cost_reading *r, const char *path, struct err *e)
{
	struct buf name = { 0 };
	int fd, rc;

	if (strcmp(path, "-") == 0)
		return cost_read(r, STDIN_FILENO, "stdin", e);
	fd = io_open(path, e);
	if (fd < 0)
		return -1;
	buf_addf(&name, "'%s'", path);
	rc = cost_read(r, fd, buf_str(&name), e);
	buf_release(&name);
	close(fd);
	return rc;
}

static int read_all(struct asking *a, char **operand, size_t n, struct err *e)
{
	static char *const only_stdin[] = { "-" };
	struct cost_reading r = { .dims = a->report.dims,
				  .map = &a->o->map,
				  .jobs = work_cpus() < JOBS_MAX ? work_cpus() : JOBS_MAX,
				  .identify = a->o->unique,
				  .record = on_record,
				  .fault = on_fault,
				  .data = a };

	for (size_t i = 0; i < n; i++)
		if (check_once(operand, i, e) < 0)
			return -1;
	a->operand = n ? operand : NULL;
	for (size_t i = 0; i < (n ? n : 1); i++) {
		a->file = (uint32_t)i;
		if (read_one(&r, n ? operand[i] : only_stdin[i], e) < 0)
			return -1;
	}
	if (r.n_faults > 0)
		return err_set(e, ERR_CORRUPT, "no report: %llu %s cannot be counted",
			       (unsigned long long)r.n_faults,
			       num_word(r.n_faults, "record", "records"));
	if (a->twice && cost_twice_each(a->twice, on_twice, a, e) < 0)
		return -1;
	if (a->n_told > 0)
		return err_set(e, ERR_CORRUPT, "no report: %llu %s twice",
			       (unsigned long long)a->n_told,
			       num_word(a->n_told, "record stands", "records stand"));
	return 0;
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

static int print(const struct asking *a, struct err *e)
{
	enum cost_format format = a->o->base.format;
	struct buf out = { 0 };
	int rc = a->o->quiet ? 0 : add_report(a, &out, e);

	if (rc == 0) {
		if (format == COST_TEXT || format == COST_JSONL)
			add_alerts(a, &out);
		else if (format != COST_HTML)
			warn_of(a);
		fwrite(out.p, 1, out.n, stdout);
	}
	buf_release(&out);
	return rc;
}

static int answer(struct asking *a, struct err *e)
{
	const struct cost_report_opts *o = a->o;
	int rc = 0;

	if (a->n_other > 0)
		cli_warn(o->base.cli, "%llu %s in other currencies than %s left out",
			 (unsigned long long)a->n_other,
			 num_word(a->n_other, "record is", "records are"), o->currency);
	if (!a->currency.n)
		buf_add_str(&a->currency, "USD");
	a->report.currency = buf_bytes(&a->currency);
	for (size_t i = 0; rc == 0 && i < o->n_thresholds; i++)
		rc = cost_alerts_add(&a->report, &o->threshold[i], &a->alerts, e);
	if (rc == 0)
		rc = print(a, e);
	if (rc < 0)
		return rc;
	cost_alerts_send(&a->report, &a->alerts, &a->o->sending, o->base.now_ns, on_fault, a);
	if (a->report.n_records == 0) {
		cli_warn(o->base.cli, "there is no cost record in the input");
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
	if (o->currency)
		buf_add_str(&a.currency, o->currency);
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
	cost_twice_free(a.twice);
	cost_alerts_release(&a.alerts);
	buf_release(&a.currency);
	for (size_t i = 0; i < o->n_thresholds; i++)
		cost_threshold_release(&o->threshold[i]);
	return rc;
}
