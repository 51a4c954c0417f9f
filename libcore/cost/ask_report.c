#include "cost/ask_report.h"

#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/num.h"
#include "base/work.h"
#include "cost/read.h"
#include "cost/report.h"
#include "time/time.h"

enum { JOBS_MAX = 4 }; /* more would wait for the sums, and need their memory */

/* --- options --------------------------------------------------------------------------------- */

static void begin_dims(struct cost_dims *d)
{
	if (d->n == 0)
		*d = (struct cost_dims){
			.name = { [COST_RESOURCE] = BYTES_LIT("resource"),
				  [COST_CLUSTER] = BYTES_LIT("cluster"),
				  [COST_TENANT] = BYTES_LIT("tenant") },
			.n = COST_LABEL,
		};
}

/* The dimension of this name: one that all have, or else a label. */
static int find_dim(struct cost_dims *d, struct bytes name, size_t *ret, struct err *e)
{
	for (size_t i = 0; i < d->n; i++) {
		if (bytes_eq(d->name[i], name)) {
			*ret = i;
			return 0;
		}
	}
	if (name.n == 0)
		return err_set(e, ERR_USAGE, "expected names as cluster,team");
	if (d->n == COST_DIMS_MAX)
		return err_set(e, ERR_USAGE, "more than %d labels", COST_DIMS_MAX - COST_LABEL);
	*ret = d->n;
	d->name[d->n++] = name;
	return 0;
}

static int take_by(void *opts, const char *value, struct err *e)
{
	struct cost_report_opts *o = opts;
	struct bytes rest = bytes_str(value), name;
	struct cost_by by = { 0 };

	begin_dims(&o->dims);
	if (o->n_by == COST_BREAKDOWNS_MAX - 1)
		return err_set(e, ERR_USAGE, "given more than %d times", COST_BREAKDOWNS_MAX - 1);
	while (bytes_split(&rest, ',', &name)) {
		size_t dim = 0;

		if (find_dim(&o->dims, name, &dim, e) < 0)
			return -1;
		for (size_t i = 0; i < by.n; i++)
			if (by.dim[i] == dim)
				return err_set(e, ERR_USAGE, "'%.*s' stands twice in '%s'",
					       BYTES_ARG(name), value);
		by.dim[by.n++] = dim;
	}
	o->by[o->n_by++] = by;
	return 0;
}

/* "NAME=REST": both are not empty. */
static int split_pair(const char *value, const char *expected, struct bytes *ret_name,
		      const char **ret_rest, struct err *e)
{
	const char *equals = strchr(value, '=');

	if (!equals || equals == value || !equals[1])
		return err_set(e, ERR_USAGE, "expected %s, found '%s'", expected, value);
	*ret_name = bytes_of(value, (size_t)(equals - value));
	*ret_rest = equals + 1;
	return 0;
}

static int take_match(void *opts, const char *value, struct err *e)
{
	struct cost_report_opts *o = opts;
	struct cost_match *m = &o->match[o->n_match];
	struct bytes name;

	begin_dims(&o->dims);
	if (o->n_match == COST_MATCHES_MAX)
		return err_set(e, ERR_USAGE, "given more than %d times", COST_MATCHES_MAX);
	if (split_pair(value, "NAME=PATTERN", &name, &m->pattern, e) < 0 ||
	    find_dim(&o->dims, name, &m->dim, e) < 0)
		return -1;
	o->n_match++;
	return 0;
}

static int take_column(void *map, const char *value, struct err *e)
{
	struct cost_mapping *m = map;

	if (m->n_columns == COST_MAPPED_MAX)
		return err_set(e, ERR_USAGE, "given more than %d times", COST_MAPPED_MAX);
	if (split_pair(value, "NAME=COLUMN", &m->column[m->n_columns].name,
		       &m->column[m->n_columns].column, e) < 0)
		return -1;
	m->n_columns++;
	return 0;
}

static int take_resource(void *map, const char *value, struct err *e)
{
	struct cost_mapping *m = map;

	if (m->n_resources == COST_MAPPED_MAX)
		return err_set(e, ERR_USAGE, "given more than %d times", COST_MAPPED_MAX);
	if (split_pair(value, "NAME=PATTERN", &m->resource[m->n_resources].name,
		       &m->resource[m->n_resources].pattern, e) < 0)
		return -1;
	m->n_resources++;
	return 0;
}

const struct cli_taken cost_report_options[] = {
	{ { 0, "by", "NAME,...", "break costs down by resource, cluster, tenant or a label" },
	  take_by,
	  0 },
	{ { 0, "from", "TIME", "records of that day and later" },
	  cli_take_text,
	  offsetof(struct cost_report_opts, from) },
	{ { 0, "to", "TIME", "records of days before that" },
	  cli_take_text,
	  offsetof(struct cost_report_opts, to) },
	{ { 0, "match", "NAME=PATTERN", "records whose resource, cluster, ... is like that" },
	  take_match,
	  0 },
	{ { 0, "currency", "CODE", "records in this currency alone" },
	  cli_take_text,
	  offsetof(struct cost_report_opts, currency) },
	{ { 0, "column", "NAME=COLUMN", "CSV: where date, cost, cluster, ... stands" },
	  take_column,
	  offsetof(struct cost_report_opts, map) },
	{ { 0, "resource-of", "NAME=PATTERN", "bills: what services and resources are called" },
	  take_resource,
	  offsetof(struct cost_report_opts, map) },
	COST_BASE_OPTIONS("text|jsonl|csv", cost_take_table_format),
	{ { 0 }, NULL, 0 },
};

/* --- reading --------------------------------------------------------------------------------- */

/* What is read, and what it comes to. */
struct asking {
	struct cost_report_opts *o;
	struct cost_by by[COST_BREAKDOWNS_MAX];
	struct cost_report report;
	int32_t from, to;    /* days; to is not among them */
	struct buf currency; /* of the records */
	uint64_t n_other;    /* records in other ones, with --currency */
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
	return cost_sums_add(a->report.sums, r, e);
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
				  .record = on_record,
				  .fault = on_fault,
				  .data = a };

	for (size_t i = 0; i < n; i++)
		if (check_once(operand, i, e) < 0)
			return -1;
	for (size_t i = 0; i < (n ? n : 1); i++)
		if (read_one(&r, n ? operand[i] : only_stdin[i], e) < 0)
			return -1;
	if (r.n_faults > 0)
		return err_set(e, ERR_CORRUPT, "no report: %llu %s cannot be counted",
			       (unsigned long long)r.n_faults,
			       num_word(r.n_faults, "record", "records"));
	return 0;
}

/* --- answering ------------------------------------------------------------------------------- */

static int print(const struct asking *a, struct err *e)
{
	struct buf out = { 0 };
	enum cost_format format = a->o->base.format;
	int rc = format == COST_JSONL ? cost_report_jsonl(&a->report, &out, e)
		 : format == COST_CSV ? cost_report_csv(&a->report, &out, e)
				      : cost_report_text(&a->report, &out, e);

	if (rc == 0)
		fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
	return rc;
}

/* All, then what is asked for, or what all records have. */
static size_t choose_breakdowns(struct asking *a)
{
	size_t n = 1;

	begin_dims(&a->o->dims);
	for (size_t i = 0; i < a->o->n_by; i++)
		a->by[n++] = a->o->by[i];
	for (size_t dim = 0; a->o->n_by == 0 && dim < COST_LABEL; dim++)
		a->by[n++] = (struct cost_by){ { dim }, 1 };
	return n;
}

int cost_ask_report(void *opts, char **operand, size_t n, struct err *e)
{
	struct cost_report_opts *o = opts;
	struct asking a = { .o = o };
	int rc;

	a.report = (struct cost_report){ .sums = cost_sums_new(a.by, choose_breakdowns(&a)),
					 .dims = &o->dims,
					 .quiet_by = o->n_by == 0 };
	if (o->currency)
		buf_add_str(&a.currency, o->currency);
	rc = read_range(&a, e);
	if (rc == 0)
		rc = read_all(&a, operand, n, e);
	if (rc == 0) {
		if (a.n_other > 0)
			cli_warn(o->base.cli, "%llu %s in other currencies than %s left out",
				 (unsigned long long)a.n_other,
				 num_word(a.n_other, "record is", "records are"), o->currency);
		if (!a.currency.n)
			buf_add_str(&a.currency, "USD");
		a.report.currency = buf_bytes(&a.currency);
		rc = print(&a, e);
	}
	if (rc == 0 && a.report.n_records == 0) {
		cli_warn(o->base.cli, "there is no cost record in the input");
		rc = err_set(e, ERR_NO, "no cost record");
	}
	cost_sums_free(a.report.sums);
	buf_release(&a.currency);
	return rc;
}
