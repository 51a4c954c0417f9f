/*
 * S1-6 to S1-11: random cost records, as JSON lines, CSV or a bill in which money is given back, in
 * any order, now and then longer than a block, of few days round the ends of years, leap days and
 * weeks 53, are read and reported, and compared with sums that are made of the same numbers one by
 * one, in 128 bits, under names that the C library gives to their periods.
 */
#include "unit.h"

#include <sys/mman.h>
#include <time.h>

#include "cost/alert.h"
#include "cost/money.h"
#include "cost/read.h"
#include "cost/report.h"

enum { CASES_PER_PERCENT = 100, RECORDS_MAX = 40, PERIODS_OF_ALL = 4, LONG = 9000 };

enum form { FORM_JSON, FORM_CSV, FORM_BILL, FORMS };

static const char *const resources[] = { "loki", "alloy", "other", "" };
static const char *const clusters[] = { "ops", "dev", "prod", "a \"b\", c", "" };

enum { N_RESOURCES = 4, N_CLUSTERS = 5, ALL = -1, LOKI = 0, ALLOY = 1 };

struct one {
	int resource, cluster;
	time_t at; /* its midnight */
	int64_t nano;
};

/* Records, and what is made of them. */
struct world {
	struct one v[RECORDS_MAX];
	size_t n;
	struct cost_dims dims;
	struct cost_by by[3]; /* all, resource, cluster */
	struct cost_report report;
};

/* --- records --------------------------------------------------------------------------------- */

/* Days where periods begin and end in different ways; 1 January 1970 counts from here. */
static time_t random_day(uint64_t *seed)
{
	static const char *const near[] = {
		"2024-02-28", "2023-02-27", "2020-12-27", "2021-01-02", "2024-12-29", "2026-12-30",
		"2000-02-28", "2100-02-27", "1970-01-01", "2032-02-27", "2023-10-14", "2200-12-28"
	};
	struct tm tm = { 0 };

	strptime(near[rnd_below(seed, sizeof(near) / sizeof(*near))], "%Y-%m-%d", &tm);
	return timegm(&tm) + (time_t)rnd_below(seed, 6) * 86400;
}

static int64_t random_amount(uint64_t *seed)
{
	switch (rnd_below(seed, 4)) {
	case 0:
		return (int64_t)rnd_below(seed, 5); /* down to nothing */
	case 1:
		return (int64_t)rnd_below(seed, 100000) * 10000000; /* cents */
	case 2:
		return (int64_t)rnd_below(seed, MONEY_ONE * 1000);
	default:
		return (int64_t)rnd_below(seed, INT64_MAX / RECORDS_MAX); /* all of them just fit */
	}
}

/* Digits of an amount, in one of the ways in which it can be written. */
static void add_amount(struct buf *b, int64_t nano, uint64_t *seed)
{
	static const char *const below_half[] = { "", "0", "4", "49999", "0000000001" };
	char digits[40];
	int n;

	if (nano < 0)
		buf_add_char(b, '-');
	nano = nano < 0 ? -nano : nano;
	n = snprintf(digits, sizeof(digits), "%lld.%09lld", (long long)(nano / MONEY_ONE),
		     (long long)(nano % MONEY_ONE));

	if (rnd_below(seed, 3) == 0) { /* digits that are rounded away, or up to it */
		if (nano > 0 && rnd_below(seed, 2)) {
			snprintf(digits, sizeof(digits), "%lld.%09lld5",
				 (long long)((nano - 1) / MONEY_ONE),
				 (long long)((nano - 1) % MONEY_ONE));
			buf_add_str(b, digits);
			return;
		}
		buf_addf(b, "%s%s", digits, below_half[rnd_below(seed, 5)]);
		return;
	}
	if (rnd_below(seed, 4) == 0) {
		buf_addf(b, "%llde-9", (long long)nano);
		return;
	}
	while (digits[n - 1] == '0')
		n--;
	buf_add(b, digits, (size_t)(digits[n - 1] == '.' ? n - 1 : n));
}

/* Names that the C library gives: of a period; MOMENT: of one in that day. */
enum { TEXT_MAX_BYTES = 32, MOMENT = PERIOD_ALL + 1 };

static void name_period(int what, time_t at, char ret[TEXT_MAX_BYTES])
{
	struct tm tm;

	gmtime_r(&at, &tm);
	switch (what) {
	case PERIOD_DAY:
		strftime(ret, TEXT_MAX_BYTES, "%Y-%m-%d", &tm);
		break;
	case PERIOD_WEEK:
		strftime(ret, TEXT_MAX_BYTES, "%G-W%V", &tm);
		break;
	case PERIOD_MONTH:
		strftime(ret, TEXT_MAX_BYTES, "%Y-%m", &tm);
		break;
	case MOMENT:
		strftime(ret, TEXT_MAX_BYTES, "%Y-%m-%dT23:59:59Z", &tm);
		break;
	default:
		snprintf(ret, TEXT_MAX_BYTES, "total");
	}
}

static void add_many(struct buf *b, char c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_char(b, c);
}

/* pad: bytes that mean nothing. */
static void add_json(struct buf *b, const struct one *o, size_t pad, uint64_t *seed)
{
	char day[TEXT_MAX_BYTES];

	name_period(rnd_below(seed, 4) ? PERIOD_DAY : MOMENT, o->at, day);
	buf_addf(b, "{\"date\":\"%s\",\"cost_usd\":", day);
	add_amount(b, o->nano, seed);
	if (*resources[o->resource])
		buf_addf(b, ",\"resource\":\"%s\"", resources[o->resource]);
	if (o->cluster == 3)
		buf_add_str(b, ",\"cluster\":\"a \\\"b\\u0022, c\"");
	else if (*clusters[o->cluster])
		buf_addf(b, ", \"cluster\" : \"%s\" ", clusters[o->cluster]);
	else if (rnd_below(seed, 2))
		buf_add_str(b, ",\"cluster\":null");
	if (pad) {
		buf_add_str(b, ",\"note\":\"");
		add_many(b, 'n', pad);
		buf_add_char(b, '"');
	}
	buf_add_str(b, "}\n");
}

static void add_csv(struct buf *b, const struct one *o, size_t pad, uint64_t *seed)
{
	char day[TEXT_MAX_BYTES];

	name_period(PERIOD_DAY, o->at, day);
	buf_addf(b, "%s,", resources[o->resource]);
	csv_add(b, bytes_str(clusters[o->cluster]));
	buf_addf(b, ",%s,", day);
	add_amount(b, o->nano, seed);
	buf_add_str(b, ",\"");
	add_many(b, '\n', pad);
	buf_add_char(b, '"');
	buf_add_str(b, rnd_below(seed, 2) ? "\n" : "\r\n");
}

static void add_bill(struct buf *b, const struct one *o, size_t pad, uint64_t *seed)
{
	char day[TEXT_MAX_BYTES];

	name_period(MOMENT, o->at, day);
	buf_addf(b, "%s,%s,%s,USD,", o->nano < 0 ? "Refund" : "Usage", day, resources[o->resource]);
	csv_add(b, bytes_str(clusters[o->cluster]));
	buf_add_char(b, ',');
	add_amount(b, o->nano, seed);
	buf_add_char(b, ',');
	add_many(b, 'n', pad);
	buf_add_char(b, '\n');
}

/* Where a heading and a record begin, by form. */
static const struct {
	const char *heading;
	void (*add)(struct buf *b, const struct one *o, size_t pad, uint64_t *seed);
} forms[FORMS] = {
	{ "", add_json },
	{ "resource,cluster,date,cost_usd,note\n", add_csv },
	{ "line_item_line_item_type,line_item_usage_start_date,line_item_product_code,"
	  "line_item_currency_code,resource_tags_user_cluster,line_item_unblended_cost,note\n",
	  add_bill },
};

static int on_record(void *data, const struct cost_record *r, struct err *e)
{
	struct cost_report *report = data;

	report->n_records++;
	return cost_sums_add(report->sums, r, e);
}

static void on_fault(void *data, const struct err *e)
{
	(void)data;
	fail_msg("%s", e->msg);
}

static void read_back(struct world *w, const struct buf *text, unsigned jobs)
{
	static const struct cost_mapping none = { 0 };
	struct cost_reading how = {
		&w->dims, &none, jobs, false, on_record, on_fault, &w->report, 0
	};
	int fd = memfd_create("records", 0);
	struct err e;

	assert_true(fd >= 0 && write(fd, text->p, text->n) == (ssize_t)text->n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	if (cost_read(&how, fd, "records", &e) < 0)
		fail_msg("%s", e.msg);
	close(fd);
	assert_int_equal(w->report.n_records, w->n);
	assert_int_equal(cost_sums_check(w->report.sums, &e), 0);
}

static void make_world(struct world *w, uint64_t *seed)
{
	struct buf text = { 0 };
	enum form form = (enum form)rnd_below(seed, FORMS);
	bool one_day = rnd_below(seed, 8) == 0;
	size_t pad = rnd_below(seed, 32) ? 0 : LONG;
	time_t day = random_day(seed);

	*w = (struct world){
		.n = 1 + rnd_below(seed, RECORDS_MAX),
		.dims = { { BYTES_LIT("resource"), BYTES_LIT("cluster"), BYTES_LIT("tenant") }, 3 },
		.by = { { { 0 }, 0 }, { { COST_RESOURCE }, 1 }, { { COST_CLUSTER }, 1 } },
	};
	w->report = (struct cost_report){ cost_sums_new(w->by, 3), 3, &w->dims,
					  BYTES_LIT("USD"),	   0, false };
	buf_add_str(&text, forms[form].heading);
	for (size_t i = 0; i < w->n; i++) {
		w->v[i] = (struct one){ (int)rnd_below(seed, N_RESOURCES),
					(int)rnd_below(seed, N_CLUSTERS),
					one_day ? day : random_day(seed), random_amount(seed) };
		if (form == FORM_BILL && rnd_below(seed, 4) == 0)
			w->v[i].nano = -w->v[i].nano;
		forms[form].add(&text, &w->v[i], pad, seed);
	}
	read_back(w, &text, pad || rnd_below(seed, 16) == 0 ? 3 : 1);
	buf_release(&text);
}

static void free_world(struct world *w)
{
	cost_sums_free(w->report.sums);
}

/* --- one by one ------------------------------------------------------------------------------ */

/* What records of a resource and a cluster, or ALL, cost in the period of this name. */
static num_wide sum_of(const struct world *w, int resource, int cluster, enum period p,
		       const char *name)
{
	num_wide sum = 0;

	for (size_t i = 0; i < w->n; i++) {
		char of[TEXT_MAX_BYTES];

		name_period(p, w->v[i].at, of);
		if ((resource == ALL || w->v[i].resource == resource) &&
		    (cluster == ALL || w->v[i].cluster == cluster) && strcmp(of, name) == 0)
			sum += w->v[i].nano;
	}
	return sum;
}

/* How many different periods these records are in. */
static size_t count_periods(const struct world *w, int resource, int cluster, enum period p)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		bool first = true;
		char of[TEXT_MAX_BYTES], before[TEXT_MAX_BYTES];

		if ((resource != ALL && w->v[i].resource != resource) ||
		    (cluster != ALL && w->v[i].cluster != cluster))
			continue;
		name_period(p, w->v[i].at, of);
		for (size_t k = 0; k < i && first; k++) {
			name_period(p, w->v[k].at, before);
			first = strcmp(of, before) != 0 ||
				(resource != ALL && w->v[k].resource != resource) ||
				(cluster != ALL && w->v[k].cluster != cluster);
		}
		n += first;
	}
	return n;
}

static int index_of(const char *const *names, int n, struct bytes name)
{
	for (int i = 0; i < n; i++)
		if (bytes_is(name, names[i]))
			return i;
	fail_msg("there is no '%.*s'", BYTES_ARG(name));
	return 0;
}

/* Rows of a breakdown are those groups and periods that records have, each with its sum, and come
 * to the total; of one resource or cluster alone, unless it is ALL. */
static void check_rows(const struct world *w, size_t by, int only, enum period p)
{
	struct cost_rows rows = { 0 };
	size_t expected = 0, seen = 0;
	num_wide sum = 0;
	struct err e;

	assert_int_equal(cost_rows_of(&w->report, by, p, &rows, &e), 0);
	for (size_t i = 0; i < rows.n; i++) {
		const struct cost_group *g = cost_sums_group(w->report.sums, rows.v[i].group);
		int resource = by == 1 ? index_of(resources, N_RESOURCES, g->value[0]) : ALL;
		int cluster = by == 2 ? index_of(clusters, N_CLUSTERS, g->value[0]) : ALL;
		char of[PERIOD_TEXT];

		if (only != ALL && (by == 1 ? resource : cluster) != only)
			continue;
		period_text(p, rows.v[i].start, of);
		assert_true(rows.v[i].nano == sum_of(w, resource, cluster, p, of));
		sum += rows.v[i].nano;
		seen++;
	}
	for (int g = 0; g < (by == 1 ? N_RESOURCES : by == 2 ? N_CLUSTERS : 1); g++)
		if (only == ALL || g == only)
			expected += count_periods(w, by == 1 ? g : ALL, by == 2 ? g : ALL, p);
	assert_int_equal(seen, expected);
	assert_true(sum ==
		    sum_of(w, by == 1 ? only : ALL, by == 2 ? only : ALL, PERIOD_ALL, "total"));
	cost_rows_release(&rows);
}

/* --- the properties -------------------------------------------------------------------------- */

static unsigned n_cases(void)
{
	return CASES_PER_PERCENT * (unsigned)env_number("PERCENT", 5);
}

/* The total of a resource is the sum of its parts, whichever way they are grouped. */
static void check_sums(int resource)
{
	uint64_t seed = env_number("SEED", 1);
	unsigned with_some = 0;

	for (unsigned c = 0; c < n_cases(); c++, seed++) {
		uint64_t s = seed;
		struct world w;

		make_world(&w, &s);
		for (int p = 0; p < PERIODS_OF_ALL; p++) {
			check_rows(&w, 1, resource, (enum period)p);
			check_rows(&w, 0, ALL, (enum period)p);
		}
		with_some += sum_of(&w, resource, ALL, PERIOD_ALL, "total") > 0;
		free_world(&w);
	}
	print_message("# %u cases, %u with costs\n", n_cases(), with_some);
	assert_true(with_some > n_cases() / 2);
}

static void sums_of_the_store(void **unused)
{
	(void)unused;
	check_sums(LOKI);
}

static void sums_of_collectors(void **unused)
{
	(void)unused;
	check_sums(ALLOY);
}

struct crossed {
	unsigned above, equal, below;
};

/* Asks with a threshold at, below or above what one of the periods cost: just those that are
 * strictly above are told. */
static void check_threshold(const struct world *w, int resource, uint64_t *seed, struct crossed *n)
{
	const enum period p = (enum period)rnd_below(seed, PERIODS_OF_ALL);
	struct cost_threshold t = {
		.dim = COST_RESOURCE, .period = p, .by = 1, .text = "a threshold"
	};
	struct cost_alerts alerts = { 0 };
	struct cost_rows rows = { 0 };
	const int64_t off = (int64_t)rnd_below(seed, 3) - 1;
	size_t expected = 0;
	struct err e;

	buf_add_str(&t.pattern, resources[resource]);
	buf_str(&t.pattern); /* ends with a NUL */
	assert_int_equal(cost_rows_of(&w->report, 1, p, &rows, &e), 0);
	for (size_t i = 0; i < rows.n; i++) {
		const struct cost_group *g = cost_sums_group(w->report.sums, rows.v[i].group);

		if (bytes_is(g->value[0], resources[resource]) &&
		    (t.nano == 0 || rnd_below(seed, 2)))
			t.nano = rows.v[i].nano;
	}
	t.nano = t.nano + off < 0 ? 0 : t.nano + off;
	assert_int_equal(cost_alerts_add(&w->report, &t, &alerts, &e), 0);
	for (size_t i = 0; i < rows.n; i++) {
		const struct cost_group *g = cost_sums_group(w->report.sums, rows.v[i].group);
		char of[PERIOD_TEXT];
		num_wide sum;

		if (!bytes_is(g->value[0], resources[resource]))
			continue;
		period_text(p, rows.v[i].start, of);
		sum = sum_of(w, resource, ALL, p, of);
		n->above += sum > t.nano;
		n->equal += sum == t.nano;
		n->below += sum < t.nano;
		if (sum <= t.nano)
			continue;
		assert_true(expected < alerts.n);
		assert_int_equal(alerts.v[expected].row.start, rows.v[i].start);
		assert_true(alerts.v[expected].row.nano == sum);
		expected++;
	}
	assert_int_equal(alerts.n, expected);
	cost_alerts_release(&alerts);
	cost_rows_release(&rows);
	cost_threshold_release(&t);
}

static void check_thresholds(int resource)
{
	uint64_t seed = env_number("SEED", 1);
	struct crossed n = { 0 };

	for (unsigned c = 0; c < n_cases(); c++, seed++) {
		uint64_t s = seed;
		struct world w;

		make_world(&w, &s);
		check_threshold(&w, resource, &s, &n);
		free_world(&w);
	}
	print_message("# %u cases; sums above %u, equal %u, below %u\n", n_cases(), n.above,
		      n.equal, n.below);
	assert_true(n.above > n_cases() / 4 && n.equal > n_cases() / 8 && n.below > n_cases() / 4);
}

static void thresholds_of_the_store(void **unused)
{
	(void)unused;
	check_thresholds(LOKI);
}

static void thresholds_of_collectors(void **unused)
{
	(void)unused;
	check_thresholds(ALLOY);
}

static void assert_has(const struct buf *text, const char *part)
{
	if (!memmem(text->p, text->n, part, strlen(part)))
		fail_msg("'%s' is not in:\n%.*s", part, (int)text->n, text->p);
}

/* Whatever is reported, days, weeks and months are all there, with the names that the calendar
 * gives them. */
static void all_periods_are_there(void **unused)
{
	uint64_t seed = env_number("SEED", 1);
	unsigned n_53 = 0, n_leap = 0, n_single = 0;

	(void)unused;
	for (unsigned c = 0; c < n_cases(); c++, seed++) {
		struct buf text = { 0 }, json = { 0 };
		uint64_t s = seed;
		struct world w;
		struct err e;

		make_world(&w, &s);
		assert_int_equal(cost_report_text(&w.report, &text, &e), 0);
		assert_int_equal(cost_report_jsonl(&w.report, &json, NULL, &e), 0);
		for (enum period p = PERIOD_DAY; p < PERIOD_ALL; p++) {
			char line[64], of[TEXT_MAX_BYTES];

			check_rows(&w, 0, ALL, p);
			snprintf(line, sizeof(line), "\n%s\n", period_adverb(p));
			assert_has(&text, line);
			for (size_t i = 0; i < w.n; i++) {
				name_period(p, w.v[i].at, of);
				snprintf(line, sizeof(line), "\n%s ", of);
				assert_has(&text, line);
				snprintf(line, sizeof(line), "{\"period\":\"%s\",\"of\":\"%s\"",
					 period_name(p), of);
				assert_has(&json, line);
				n_53 += strstr(of, "-W53") != NULL;
				n_leap += p == PERIOD_DAY && strstr(of, "-02-29") != NULL;
			}
		}
		n_single += count_periods(&w, ALL, ALL, PERIOD_DAY) == 1;
		buf_release(&text);
		buf_release(&json);
		free_world(&w);
	}
	print_message("# %u cases, %u of one day; records of weeks 53: %u, of leap days: %u\n",
		      n_cases(), n_single, n_53, n_leap);
	assert_true(n_single > n_cases() / 16 && n_53 > n_cases() && n_leap > n_cases() / 4);
}

/* Each cluster is a group of its own, records without one are a further group, and all of them come
 * to the total. */
static void clusters_are_apart(void **unused)
{
	uint64_t seed = env_number("SEED", 1);
	unsigned n_unknown = 0;

	(void)unused;
	for (unsigned c = 0; c < n_cases(); c++, seed++) {
		uint64_t s = seed;
		struct world w;

		make_world(&w, &s);
		for (int p = 0; p < PERIODS_OF_ALL; p++) {
			check_rows(&w, 2, ALL, (enum period)p);
			for (int k = 0; k < N_CLUSTERS; k++)
				check_rows(&w, 2, k, (enum period)p);
		}
		n_unknown += count_periods(&w, ALL, N_CLUSTERS - 1, PERIOD_ALL) > 0;
		free_world(&w);
	}
	print_message("# %u cases, %u with records of no cluster\n", n_cases(), n_unknown);
	assert_true(n_unknown > n_cases() / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "S1-6 cost sum of the store: the total is exactly the sum of its parts",
		  sums_of_the_store, NULL, NULL, NULL },
		{ "S1-7 cost threshold of the store: above it is told, equal and below is not",
		  thresholds_of_the_store, NULL, NULL, NULL },
		{ "S1-8 report structure: days, weeks and months are always there",
		  all_periods_are_there, NULL, NULL, NULL },
		{ "S1-9 cost sum of collectors: the total is exactly the sum of its parts",
		  sums_of_collectors, NULL, NULL, NULL },
		{ "S1-10 cost threshold of collectors: above it is told, equal and below is not",
		  thresholds_of_collectors, NULL, NULL, NULL },
		{ "S1-11 grouping by cluster: each by itself, unknown ones apart",
		  clusters_are_apart, NULL, NULL, NULL },
	};

	print_message("# SEED=%llu PERCENT=%llu\n", (unsigned long long)env_number("SEED", 1),
		      (unsigned long long)env_number("PERCENT", 5));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
