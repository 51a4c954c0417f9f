#include "cost/ask_report.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/num.h"
#include "base/work.h"
#include "cost/read.h"
#include "cost/report.h"

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

const struct cli_taken cost_report_options[] = {
	{ { 0, "by", "NAME,...", "break costs down by resource, cluster, tenant or a label" },
	  take_by,
	  0 },
	COST_BASE_OPTIONS("text|jsonl|csv", cost_take_table_format),
	{ { 'j', "jobs", "N", "threads that read (all processors)" },
	  cli_take_count,
	  offsetof(struct cost_report_opts, jobs) },
	{ { 0 }, NULL, 0 },
};

/* --- reading --------------------------------------------------------------------------------- */

/* What is read, and what it comes to. */
struct asking {
	struct cost_report_opts *o;
	struct cost_by by[COST_BREAKDOWNS_MAX];
	struct cost_report report;
	struct buf currency; /* of the first record */
};

static int on_record(void *data, const struct cost_record *r, struct err *e)
{
	struct asking *a = data;

	if (!a->currency.n)
		buf_add_bytes(&a->currency, r->currency);
	else if (!bytes_eq(buf_bytes(&a->currency), r->currency))
		return err_set(e, ERR_CORRUPT,
			       "'currency': found '%.*s' behind records in '%.*s': they cannot be "
			       "added up",
			       BYTES_ARG(r->currency), BYTES_ARG(buf_bytes(&a->currency)));
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
				  .jobs = (unsigned)(a->o->jobs ? a->o->jobs : work_cpus()),
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
	rc = read_all(&a, operand, n, e);
	if (rc == 0) {
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
