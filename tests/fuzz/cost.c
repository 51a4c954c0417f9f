/* Any bytes as cost records, as JSON lines or CSV (the first byte says whether resources of bills
 * have names, and how many threads read), and as a threshold: what is added up comes to the same by
 * each breakdown, and what is printed of it reads back. */
#include "fuzz.h"
#include "memory_file.h"

#include "cost/alert.h"
#include "cost/money.h"
#include "cost/read.h"
#include "cost/report.h"
#include "json/json.h"

enum { LABEL = COST_LABEL, N_BY = 4 };

static const struct cost_dims dims = {
	{ BYTES_LIT("resource"), BYTES_LIT("cluster"), BYTES_LIT("tenant"), BYTES_LIT("team") }, 4
};
static const struct cost_by breakdowns[N_BY] = {
	{ { 0 }, 0 },
	{ { COST_RESOURCE }, 1 },
	{ { COST_CLUSTER, LABEL }, 2 },
	{ { LABEL }, 1 },
};

struct reading {
	struct cost_report report;
	num_wide sum;
	uint64_t n_told;
};

static void must(bool fits)
{
	if (!fits)
		abort();
}

static int on_record(void *data, const struct cost_record *r, struct err *e)
{
	struct reading *d = data;

	must(r->day >= 0 && r->currency.n > 0 && r->objects >= -1);
	for (size_t i = 0; i < dims.n; i++)
		must(r->dim[i].n <= COST_NAME_MAX);
	d->sum += r->nano;
	d->report.n_records++;
	return cost_sums_add(d->report.sums, r, e);
}

static void on_fault(void *data, const struct err *e)
{
	must(e->code == ERR_CORRUPT || e->code == ERR_LIMIT);
	must(strncmp(e->msg, "fuzz: line ", 11) == 0);
	((struct reading *)data)->n_told++;
}

static void check_sums(const struct reading *d)
{
	struct cost_rows rows = { 0 };
	struct err e;

	for (size_t by = 0; by < N_BY; by++) {
		for (int p = 0; p <= PERIOD_ALL; p++) {
			num_wide sum = 0;

			if (cost_rows_of(&d->report, by, (enum period)p, &rows, &e) < 0)
				continue; /* parts that are larger than the whole, by credits */
			for (size_t i = 0; i < rows.n; i++)
				sum += rows.v[i].nano;
			must(sum == d->sum);
		}
	}
	cost_rows_release(&rows);
}

static void check_text(const struct reading *d)
{
	struct buf text = { 0 }, json = { 0 }, csv = { 0 };
	struct csv_row row = { 0 };
	struct bytes rest, line;
	size_t n_json = 0, n_csv = 0;
	struct err e;

	if (cost_report_text(&d->report, &text, &e) < 0 ||
	    cost_report_jsonl(&d->report, &json, NULL, &e) < 0 ||
	    cost_report_csv(&d->report, &csv, NULL, &e) < 0)
		goto out;
	rest = bytes_sub(buf_bytes(&json), 0, json.n ? json.n - 1 : 0);
	while (json.n && bytes_split(&rest, '\n', &line)) {
		struct json_at at = json_start(line);
		struct bytes raw;

		must(json_value(&at, &raw) && raw.n == line.n);
		n_json++;
	}
	rest = buf_bytes(&csv);
	while (csv_next(&rest, CSV_ALL, &row, &e) > 0) {
		must(row.n == 5 + dims.n);
		n_csv++;
	}
	must(rest.n == 0 && n_csv == n_json + 1);
out:
	csv_row_release(&row);
	buf_release(&text);
	buf_release(&json);
	buf_release(&csv);
}

static void read_records(struct bytes text, const struct cost_mapping *map, unsigned jobs)
{
	struct reading d = { .report = { cost_sums_new(breakdowns, N_BY), N_BY, &dims,
					 BYTES_LIT("USD"), 0, false } };
	struct cost_reading how = { &dims, map, jobs, true, on_record, on_fault, &d, 0 };
	char path[MEMORY_PATH_MAX];
	int fd = memory_file(text, path);
	struct err e;

	must(lseek(fd, 0, SEEK_SET) == 0);
	if (cost_read(&how, fd, "fuzz", &e) == 0) {
		must(how.n_faults >= d.n_told && (how.n_faults == 0) == (d.n_told == 0));
		if (cost_sums_check(d.report.sums, &e) == 0) {
			check_sums(&d);
			check_text(&d);
		}
	}
	close(fd);
	cost_sums_free(d.report.sums);
}

/* What is taken is not negative, and has a group where it has a name. */
static void read_threshold(struct bytes text)
{
	for (int limit = COST_AMOUNT; limit <= COST_GROWTH; limit++) {
		char word[256];
		struct cost_threshold t;
		struct bytes name;
		size_t n = text.n < sizeof(word) ? text.n : sizeof(word) - 1;

		if (n)
			memcpy(word, text.p, n);
		word[n] = '\0';
		if (cost_threshold_parse((enum cost_limit)limit, word, &name, &t, NULL) < 0)
			continue;
		must(t.nano >= 0 && t.period <= PERIOD_ALL && (name.n > 0) == (t.pattern.n > 0));
		cost_threshold_release(&t);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cost_mapping none = { 0 };
	static const struct cost_mapping named = {
		.resource = { { BYTES_LIT("loki"), "*loki*" }, { BYTES_LIT("alloy"), "i-[0-9]*" } },
		.n_resources = 2,
	};
	struct bytes text = bytes_of(data, size);

	read_threshold(text);
	if (size > 0)
		read_records(bytes_sub(text, 1, size), data[0] & 1 ? &named : &none,
			     data[0] & 2 ? 3 : 1);
	return 0;
}
