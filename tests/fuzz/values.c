/*
 * Any text as what options, labels and raw lines hold: times, durations, sizes, numbers, selectors,
 * sets of labels. What is taken is printed and read back the same, where there is a print.
 */
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>

#include "base/convert.h"
#include "base/num.h"
#include "labels/labels.h"
#include "logql/selector.h"
#include "logql/unit.h"
#include "query/raw_time.h"
#include "time/time.h"

static void must(bool fits)
{
	if (!fits)
		abort();
}

static void check_times(struct bytes text, int64_t now_ns)
{
	struct buf b = { 0 };
	struct err e = { .code = ERR_NONE };
	int64_t ns, again;

	if (time_parse(text, now_ns, &ns, &e) == 0) {
		time_add_rfc3339(&b, ns);
		must(time_parse(buf_bytes(&b), 0, &again, &e) == 0 && again == ns);
	} else {
		must(e.code == ERR_USAGE);
	}
	if (raw_time_of_line(text, now_ns, &ns) || raw_time_of_field(text, BYTES_LIT("ts"), &ns)) {
		buf_reset(&b);
		time_add_rfc3339(&b, ns);
		must(raw_time_of_line(buf_bytes(&b), 0, &again) && again == ns);
	}
	if (time_day_parse(text, &(int32_t){ 0 }))
		must(text.n == TIME_DAY_LEN);
	buf_release(&b);
}

static void check_durations(struct bytes text)
{
	struct buf b = { 0 };
	const char *error;
	int64_t ns, again;
	struct err e = { .code = ERR_NONE };

	if (time_parse_duration(text, &ns, &e) == 0) {
		time_add_duration(&b, ns);
		must(time_parse_duration(buf_bytes(&b), &again, &e) == 0 && again == ns);
	}
	if (convert_duration(text, &ns)) {
		buf_reset(&b);
		time_add_duration(&b, ns);
		must(convert_duration(buf_bytes(&b), &again) && again == ns);
	}
	if (unit_parse_range(text, &ns, &error)) {
		buf_reset(&b);
		unit_add_range(&b, ns);
		must(unit_parse_range(buf_bytes(&b), &again, &error) && again == ns);
	}
	(void)unit_parse_duration(text, &ns);
	buf_release(&b);
}

static void check_numbers(struct bytes text)
{
	struct buf b = { 0 };
	uint64_t n;
	int64_t i;
	double v, again;

	if (convert_number(text, &v)) {
		num_add_double(&b, v);
		must(convert_number(buf_bytes(&b), &again) && (again == v || isnan(v)));
	}
	(void)num_double(text, &v);
	if (num_i64(text, &i)) {
		buf_reset(&b);
		num_add_i64(&b, i);
		must(num_i64(buf_bytes(&b), &(int64_t){ 0 }));
	}
	if (num_size(text, &n) || convert_bytes(text, &n) || unit_parse_bytes(text, &n)) {
		buf_reset(&b);
		num_add_size(&b, n);
		unit_add_bytes(&b, n);
	}
	(void)convert_bytes_unit(text);
	buf_release(&b);
}

/* Back from each of its prints as it was. */
static void check_labels(const struct labels *l, struct arena *a)
{
	struct labels again;
	struct buf b = { 0 };
	struct err e;

	labels_add_text(&b, l);
	must(labels_parse_text(buf_bytes(&b), a, &again, &e) == 0 && labels_cmp(l, &again) == 0);
	buf_reset(&b);
	labels_add_json(&b, l);
	must(labels_parse_json(buf_bytes(&b), a, &again, &e) == 0 && labels_cmp(l, &again) == 0);
	buf_release(&b);
}

static void check_selectors(struct bytes text)
{
	struct arena a = { 0 };
	struct matcher *m;
	struct labels l;
	struct err e = { .code = ERR_NONE };
	size_t n;

	if (logql_matchers(text, LOGQL_ANY_SELECTOR, &a, &m, &n, &e) == 0)
		for (size_t i = 0; i < n; i++)
			matcher_release(&m[i]);
	else
		must(e.code == ERR_QUERY);
	if (labels_parse_text(text, &a, &l, &e) == 0 && labels_check(&l, &e) == 0)
		check_labels(&l, &a);
	if (labels_parse_json(text, &a, &l, &e) == 0 && labels_check(&l, &e) == 0)
		check_labels(&l, &a);
	arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t now_ns = INT64_C(1768472231328620347);
	struct bytes text = bytes_of(data, size);
	struct err e;

	check_times(text, now_ns);
	check_durations(text);
	check_numbers(text);
	check_selectors(text);
	(void)(labels_check_tenant(text, &e) < 0);
	return 0;
}
