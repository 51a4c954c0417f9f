/* time: layouts and zones of Go's package time. */
#include "unit.h"

#include "base/rd.h"
#include "time/layout.h"

static const struct time_at moment = { .s = 1768472231, .ns = 328620340 }; /* a Thursday */

static void times_are_written(void **state)
{
	static const struct {
		const char *layout, *text;
	} v[] = { { "2006-01-02T15:04:05Z07:00", "2026-01-15T10:17:11Z" },
		  { "Monday, 2 January 06 3:4:5 pm", "Thursday, 15 January 26 10:17:11 am" },
		  { "Jan _2 __2 002 03PM", "Jan 15  15 015 10AM" },
		  { ".000 ,000 .999 .999999999 .00000000000",
		    ".328 ,328 .328 .32862034 .32862034000" },
		  { "05.000x 05.0001", "11.328x 11.0001" },
		  { "-0700 -07:00 -07 -070000 -07:00:00 Z0700",
		    "+0000 +00:00 +00 +000000 +00:00:00 Z" },
		  { "MST Janus Months _2006", "UTC Janus Months _2026" },
		  { "literal %d text", "literal %d text" },
		  { "", "" } };
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		buf_reset(&b);
		time_format(&b, &moment, bytes_str(v[i].layout));
		assert_string_equal(buf_str(&b), v[i].text);
	}
	buf_release(&b);
}

static void times_are_read(void **state)
{
	static const struct {
		const char *layout, *text;
		int64_t s;
		int ns;
	} v[] = { { "2006-01-02", "2021-11-02", 1635811200, 0 },
		  { "2006-01-02T15:04:05Z07:00", "2026-01-15T12:17:11.5+02:00", 1768472231,
		    500000000 },
		  { "Jan _2 2006 3:04PM", "jan  5 2026 12:30AM", 1767573000, 0 },
		  { "02 January 06", "01 March 70", 5097600, 0 },
		  { "2006 002", "2024 060", 1709164800, 0 },
		  { "2006-01-02 15:04:05 MST", "2026-01-15 10:17:11 CET", 1768472231, 0 },
		  { "2006-01-02 15:04:05 -0700 MST", "2026-01-15 10:17:11 -0130 XYZ", 1768477631,
		    0 },
		  { "15:04:05,999", "00:00:01,25", -62167219199, 250000000 } };
	static const char *const bad[][2] = {
		{ "2006-01-02", "2021-13-02" },
		{ "2006-01-02", "2021-02-29" },
		{ "2006-01-02", "2021-01-02x" },
		{ "15:04", "24:00" },
		{ "2006", "21" },
		{ "Jan", "Foo" },
		{ "-07:00", "0700" },
		{ "2006 002", "2023 366" },
		{ "05.000", "11.3" },
		{ "PM", "XM" },
	};
	struct time_at t;

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		if (!time_read(bytes_str(v[i].layout), bytes_str(v[i].text), NULL, &t))
			fail_msg("%s is not read", v[i].text);
		assert_int_equal(t.s, v[i].s);
		assert_int_equal(t.ns, v[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (time_read(bytes_str(bad[i][0]), bytes_str(bad[i][1]), NULL, &t))
			fail_msg("'%s' is read as '%s'", bad[i][1], bad[i][0]);
}

/* --- zones ------------------------------------------------------------------------------- */

static void add_u32(struct buf *b, uint32_t v)
{
	char p[4] = { (char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v };

	buf_add(b, p, 4);
}

static void add_header(struct buf *b, uint32_t times, uint32_t types, uint32_t chars)
{
	buf_add(b, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	for (int i = 0; i < 3; i++)
		add_u32(b, 0);
	add_u32(b, times);
	add_u32(b, types);
	add_u32(b, chars);
}

/* One that was an hour east, for a day two, and since then follows the rule. */
static void make_zone(struct buf *b, const char *rule)
{
	add_header(b, 0, 1, 1); /* of the table that is not read */
	buf_add(b, "\0\0\0\0\0\0\0", 7);
	add_header(b, 2, 2, 8);
	for (uint32_t i = 0; i < 2; i++) {
		add_u32(b, 0);
		add_u32(b, 1000000 + i * 86400);
	}
	buf_add(b, "\1\0", 2);
	add_u32(b, 3600);
	buf_add(b, "\0\0", 2);
	add_u32(b, 7200);
	buf_add(b, "\1\4", 2);
	buf_add(b, "ONE\0TWO\0", 8);
	buf_addf(b, "\n%s\n", rule);
}

static void zones_have_changes_and_a_rule(void **state)
{
	static const struct {
		int64_t s;
		int east;
		const char *name;
	} v[] = { { 0, 3600, "ONE" },
		  { 999999, 3600, "ONE" },
		  { 1000000, 7200, "TWO" },
		  { 1086399, 7200, "TWO" }, /* from here on the rule */
		  { 1086400, 3600, "CET" },
		  { 1774745999, 3600, "CET" }, /* 2026-03-29 01:00 UTC */
		  { 1774746000, 7200, "CEST" },
		  { 1792889999, 7200, "CEST" }, /* 2026-10-25 */
		  { 1792890000, 3600, "CET" } };
	char name[TIME_ZONE_ABBREV_MAX];
	struct buf b = { 0 };
	struct time_zone *z;
	struct err e;

	(void)state;
	make_zone(&b, "CET-1CEST,M3.5.0,M10.5.0/3");
	z = time_zone_parse(BYTES_LIT("X"), buf_bytes(&b), &e);
	assert_non_null(z);
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		assert_int_equal(time_zone_at(z, v[i].s, name), v[i].east);
		assert_string_equal(name, v[i].name);
	}
	time_zone_free(z);
	for (size_t n = 0; n < b.n - 1; n++) { /* cut anywhere */
		z = time_zone_parse(BYTES_LIT("X"), bytes_of(b.p, n), &e);
		if (z)
			time_zone_at(z, 2000000000, name);
		else
			assert_int_equal(e.code, ERR_CORRUPT);
		time_zone_free(z);
	}
	for (size_t i = 0; i < b.n; i++) { /* any byte wrong */
		b.p[i] = (char)~b.p[i];
		z = time_zone_parse(BYTES_LIT("X"), buf_bytes(&b), NULL);
		if (z)
			time_zone_at(z, 2000000000, name);
		time_zone_free(z);
		b.p[i] = (char)~b.p[i];
	}
	buf_release(&b);
}

static void rules_of_the_south_and_by_days(void **state)
{
	static const struct {
		const char *rule;
		int64_t s;
		int east;
	} v[] = { { "NZST-12NZDT,M9.5.0,M4.1.0/3", 1768472231, 46800 },
		  { "NZST-12NZDT,M9.5.0,M4.1.0/3", 1782864000, 43200 },
		  { "<-03>3<-02>,J60/0,300/0", 1772330400, -10800 }, /* 2026-03-01 02:00 UTC */
		  { "<-03>3<-02>,J60/0,300/0", 1772334000, -7200 },
		  { "UTC0", 1782864000, 0 } };
	char name[TIME_ZONE_ABBREV_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct buf b = { 0 };
		struct time_zone *z;

		make_zone(&b, v[i].rule);
		z = time_zone_parse(BYTES_LIT("X"), buf_bytes(&b), NULL);
		assert_non_null(z);
		assert_int_equal(time_zone_at(z, v[i].s, name), v[i].east);
		time_zone_free(z);
		buf_release(&b);
	}
}

static void zones_are_found_by_name(void **state)
{
	static const char *const bad[] = {
		"", "/etc/passwd", "../zone", "a b", "No/Zone", "Europe"
	};
	struct time_at t;
	struct time_zone *z;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_null(time_zone_open(bytes_str(bad[i]), &e));
	z = time_zone_open(BYTES_LIT("Europe/Berlin"), &e);
	if (!z) {
		print_message("# skipped: no zoneinfo on this machine\n");
		return;
	}
	assert_true(time_read(BYTES_LIT("2006-01-02 15:04"), BYTES_LIT("2026-07-01 12:00"), z, &t));
	assert_int_equal(t.s, 1782900000);
	assert_true(time_read(BYTES_LIT("2006-01-02 15:04 MST"), BYTES_LIT("2026-01-01 12:00 CET"),
			      z, &t));
	assert_int_equal(t.s, 1767265200);
	time_zone_free(z);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_written),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(zones_have_changes_and_a_rule),
		cmocka_unit_test(rules_of_the_south_and_by_days),
		cmocka_unit_test(zones_are_found_by_name),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
