#include "cost/ask_report.h"
#include "cost/money.h"
#include "time/time.h"

void cost_report_begin_dims(struct cost_dims *d)
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

	cost_report_begin_dims(&o->dims);
	if (o->n_by == COST_BY_MAX)
		return err_set(e, ERR_USAGE, "given more than %d times", COST_BY_MAX);
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
	for (size_t i = 0; i < o->n_by; i++)
		if (o->by[i].n == by.n && memcmp(o->by[i].dim, by.dim, by.n * sizeof(*by.dim)) == 0)
			return err_set(e, ERR_USAGE, "'%s' is given twice", value);
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

	cost_report_begin_dims(&o->dims);
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
	if (m->resource[m->n_resources].name.n > COST_NAME_MAX)
		return err_set(e, ERR_USAGE, "a name longer than %d bytes", COST_NAME_MAX);
	m->n_resources++;
	return 0;
}

static int take_negative(void *map, const char *value, struct err *e)
{
	struct cost_mapping *m = map;

	if (m->n_negative == COST_MAPPED_MAX)
		return err_set(e, ERR_USAGE, "given more than %d times", COST_MAPPED_MAX);
	m->negative[m->n_negative++] = value;
	return 0;
}

static int take_limit(struct cost_report_opts *o, enum cost_limit limit, const char *value,
		      struct err *e)
{
	struct cost_threshold *t = &o->threshold[o->n_thresholds];
	struct bytes name;

	cost_report_begin_dims(&o->dims);
	if (o->n_thresholds == COST_THRESHOLDS_MAX)
		return err_set(e, ERR_USAGE, "given more than %d times", COST_THRESHOLDS_MAX);
	if (cost_threshold_parse(limit, value, &name, t, e) < 0)
		return -1;
	if (name.n && find_dim(&o->dims, name, &t->dim, e) < 0) {
		cost_threshold_release(t);
		return -1;
	}
	o->n_thresholds++;
	return 0;
}

static int take_threshold(void *opts, const char *value, struct err *e)
{
	return take_limit(opts, COST_AMOUNT, value, e);
}

static int take_growth(void *opts, const char *value, struct err *e)
{
	return take_limit(opts, COST_GROWTH, value, e);
}

static int take_currency(void *at, const char *value, struct err *e)
{
	if (!money_is_currency(bytes_str(value)))
		return err_set(e, ERR_USAGE, "expected three capital letters as USD, found '%s'",
			       value);
	*(const char **)at = value;
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
	  take_currency,
	  offsetof(struct cost_report_opts, currency) },
	{ { 0, "unique", NULL, "refuse records that stand twice, word for word" },
	  cli_take_flag,
	  offsetof(struct cost_report_opts, unique) },
	{ { 0, "column", "NAME=COLUMN", "CSV: where date, cost, cluster, ... stands" },
	  take_column,
	  offsetof(struct cost_report_opts, map) },
	{ { 0, "resource-of", "NAME=PATTERN", "bills: what services and resources are called" },
	  take_resource,
	  offsetof(struct cost_report_opts, map) },
	{ { 0, "allow-negative", "TYPE", "bills: lines of this type, as Fee, may be below 0" },
	  take_negative,
	  offsetof(struct cost_report_opts, map) },
	{ { 0, "threshold", "[NAME=VALUE:]AMOUNT[/day]",
	    "alert where costs are above; /week, /month" },
	  take_threshold,
	  0 },
	{ { 0, "growth", "[NAME=VALUE:]RATE%[/day]",
	    "alert where they grow by more; /week, /month" },
	  take_growth,
	  0 },
	{ { 0, "webhook", "URL", "POST alerts there" },
	  httpc_take_url,
	  offsetof(struct cost_report_opts, sending.webhook) },
	{ { 0, "webhook-file", "FILE", "POST alerts to the URL in this file" },
	  cli_take_text,
	  offsetof(struct cost_report_opts, sending.webhook_file) },
	{ { 0, "alertmanager", "URL", "give alerts to Alertmanager" },
	  httpc_take_url,
	  offsetof(struct cost_report_opts, sending.alertmanager) },
	{ { 0, "alert-for", "DURATION", "--alertmanager: they end then, unless given again (25h)" },
	  cost_take_age,
	  offsetof(struct cost_report_opts, sending.last_ns) },
	HTTPC_OPTIONS("--webhook, --alertmanager",
		      offsetof(struct cost_report_opts, sending.given)),
	COST_BASE_OPTIONS("text|jsonl|csv|html|svg|prom", cost_take_format),
	{ { 'q', "quiet", NULL, "print alerts alone" },
	  cli_take_flag,
	  offsetof(struct cost_report_opts, quiet) },
	{ { 0 }, NULL, 0 },
};
