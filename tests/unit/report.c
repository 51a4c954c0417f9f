/* What reports are made of: tables, pictures, charts, pages. */
#include "unit.h"

#include <math.h>

#include "report/chart.h"
#include "report/html_page.h"
#include "report/svg.h"
#include "report/table.h"

static void fill(struct table *t)
{
	table_column(t, "tenant", TABLE_LEFT);
	table_column(t, "USD", TABLE_RIGHT);
	table_column(t, "why", TABLE_LEFT);
	table_add(t, BYTES_LIT("acme"));
	table_addf(t, "%d.50", 34);
	table_add(t, BYTES_LIT("a \"b\", <c>"));
	table_add(t, BYTES_LIT("\xc3\xa9t\xc3\xa9\x1b"));
	table_add(t, BYTES_LIT("1"));
	table_add(t, BYTES_LIT("two\nlines"));
	table_rule(t);
	table_add(t, BYTES_LIT("total"));
	table_add(t, BYTES_LIT("35.50"));
}

static void points_are_in_line(void **unused)
{
	struct table t = { 0 };
	struct buf b = { 0 };

	(void)unused;
	table_column(&t, "what", TABLE_LEFT);
	table_column(&t, "USD", TABLE_POINT);
	table_column(&t, "n", TABLE_RIGHT);
	table_add(&t, BYTES_LIT("a"));
	table_add(&t, BYTES_LIT("100.10"));
	table_add(&t, BYTES_LIT("1"));
	table_add(&t, BYTES_LIT("b"));
	table_add(&t, BYTES_LIT("0.000000445"));
	table_add(&t, BYTES_LIT("22"));
	table_add(&t, BYTES_LIT("c"));
	table_add(&t, BYTES_LIT("-7"));
	table_add(&t, BYTES_LIT("3"));
	table_add(&t, BYTES_LIT("d"));
	table_add(&t, (struct bytes){ 0 });
	table_add(&t, BYTES_LIT("4"));
	table_text(&t, &b);
	assert_string_equal(buf_str(&b), "what            USD   n\n"
					 "a     100.10          1\n"
					 "b       0.000000445  22\n"
					 "c      -7             3\n"
					 "d                     4\n");
	buf_reset(&b);
	table_html(&t, &b);
	assert_non_null(strstr(buf_str(&b), "<td class=\"number\">100.10</td>"));
	buf_release(&b);
	table_release(&t);
}

static void tables_are_printed(void **unused)
{
	struct table t = { 0 };
	struct buf b = { 0 };

	(void)unused;
	fill(&t);
	table_text(&t, &b);
	assert_string_equal(buf_str(&b), "tenant     USD  why\n"
					 "acme     34.50  a \"b\", <c>\n"
					 "\xc3\xa9t\xc3\xa9\\x1b      1  two lines\n"
					 "-------  -----  ----------\n"
					 "total    35.50\n");
	buf_reset(&b);
	table_csv(&t, &b);
	assert_string_equal(buf_str(&b), "tenant,USD,why\n"
					 "acme,34.50,\"a \"\"b\"\", <c>\"\n"
					 "\xc3\xa9t\xc3\xa9\x1b,1,\"two\nlines\"\n"
					 "total,35.50,\n");
	buf_reset(&b);
	table_html(&t, &b);
	assert_non_null(strstr(buf_str(&b), "<th class=\"number\">USD</th>"));
	assert_non_null(strstr(buf_str(&b), "<td>a &#34;b&#34;, &lt;c&gt;</td>"));
	assert_non_null(strstr(buf_str(&b), "<tr class=\"total\"><td>total</td>"));
	buf_release(&b);
	table_release(&t);
	assert_int_equal(t.n_cells, 0);
}

static void empty_tables_have_a_heading(void **unused)
{
	struct table t = { 0 };
	struct buf b = { 0 };

	(void)unused;
	table_column(&t, "tenant", TABLE_LEFT);
	table_text(&t, &b);
	assert_string_equal(buf_str(&b), "tenant\n");
	buf_release(&b);
	table_release(&t);
}

static void pictures_escape_and_round(void **unused)
{
	struct buf b = { 0 };

	(void)unused;
	svg_begin(&b, 100, 50.125, "a <b>");
	svg_circle(&b, 1.0 / 3, -0.001, 2, "good", BYTES_LIT("x & y"));
	svg_rect(&b, 0, 0, 1, 1, svg_series(8), (struct bytes){ 0 });
	svg_text(&b, 1, 2, SVG_END, "label", BYTES_LIT("\"q\""));
	svg_end(&b);
	assert_non_null(strstr(buf_str(&b), "viewBox=\"0 0 100 50.13\""));
	assert_non_null(strstr(buf_str(&b), "<title>a &lt;b&gt;</title>"));
	assert_non_null(strstr(buf_str(&b), "<circle cx=\"0.33\" cy=\"0\" r=\"2\" class=\"good\">"
					    "<title>x &amp; y</title></circle>"));
	assert_non_null(strstr(buf_str(&b), "class=\"series-1\"/>"));
	assert_non_null(strstr(buf_str(&b), "text-anchor=\"end\" class=\"label\">&#34;q&#34;<"));
	buf_release(&b);
}

static size_t count(struct buf *b, const char *what)
{
	size_t n = 0;

	for (const char *p = buf_str(b); (p = strstr(p, what)) != NULL; p += strlen(what))
		n++;
	return n;
}

static void charts_show_what_is_there(void **unused)
{
	const double a[] = { 1, NAN, 3.5 }, c[] = { 2, 0, 120000 }, mark[] = { 150000 };
	const struct bytes x[] = { BYTES_LIT("jan"), BYTES_LIT("feb"), BYTES_LIT("mar") };
	const struct chart_series series[] = { { BYTES_LIT("web"), a }, { BYTES_LIT("pay"), c } };
	const struct chart chart = { .title = "cost",
				     .unit = "$",
				     .n = 3,
				     .x = x,
				     .n_series = 2,
				     .series = series,
				     .mark = mark,
				     .n_marks = 1 };
	const struct chart nothing = { .title = "none" };
	struct buf b = { 0 };

	(void)unused;
	chart_bars(&chart, &b);
	assert_int_equal(count(&b, "class=\"series-"), 2 + 4); /* names, and bars above 0 */
	assert_int_equal(count(&b, "mar pay: $120 k"), 1);
	assert_int_equal(count(&b, ">$150 k<"), 1);
	assert_int_equal(count(&b, "class=\"mark\"/>"), 1);
	buf_reset(&b);
	chart_lines(&chart, &b);
	assert_int_equal(count(&b, "<circle"), 5);
	assert_int_equal(count(&b, "nan"), 0);
	assert_int_equal(count(&b, " M "), 1); /* a gap */
	buf_reset(&b);
	chart_bars(&nothing, &b);
	chart_lines(&nothing, &b);
	assert_int_equal(count(&b, "</svg>"), 2);
	assert_int_equal(count(&b, "nan") + count(&b, "inf"), 0);
	buf_release(&b);
}

static void the_last_place_is_named_whole(void **unused)
{
	struct bytes x[31];
	double y[31] = { 0 };
	const struct chart_series series = { BYTES_LIT("a"), y };
	const struct chart chart = {
		.title = "days", .n = 31, .x = x, .n_series = 1, .series = &series
	};
	struct buf b = { 0 };

	(void)unused;
	for (size_t i = 0; i < 31; i++)
		x[i] = BYTES_LIT("2024-01-31");
	chart_lines(&chart, &b);
	assert_int_equal(count(&b, "<text x=\"720\" y=\"282\" text-anchor=\"end\""), 1);
	assert_true(count(&b, "text-anchor=\"middle\" class=\"label\">2024-01-31<") > 2);
	buf_release(&b);
}

static void names_have_room(void **unused)
{
	const struct bytes x[] = { BYTES_LIT("a") };
	const double y[] = { 1 };
	struct chart_series series[12];
	const struct chart chart = {
		.title = "many", .n = 1, .x = x, .n_series = 12, .series = series, .width = 410
	};
	struct buf b = { 0 };

	(void)unused;
	for (size_t i = 0; i < 12; i++)
		series[i] = (struct chart_series){ BYTES_LIT("a long name"), y };
	chart_lines(&chart, &b);
	/* three in a line, so that there are four lines, and the picture is higher */
	assert_int_equal(count(&b, "<text x=\"79\""), 4);
	assert_int_equal(count(&b, " y=\"96\" class=\"label\">a long name<"), 3);
	assert_int_equal(count(&b, " y=\"114\" class=\"label\">a long name<"), 0);
	assert_non_null(strstr(buf_str(&b), "viewBox=\"0 0 410 354\""));
	buf_release(&b);
}

static void pages_are_whole(void **unused)
{
	struct buf b = { 0 };

	(void)unused;
	html_page_begin(&b, "cost & more");
	html_page_heading(&b, 2, BYTES_LIT("<web>"));
	html_page_text(&b, BYTES_LIT("all"));
	html_page_end(&b);
	assert_int_equal(count(&b, "<title>cost &amp; more</title>"), 1);
	assert_int_equal(count(&b, "<h2>&lt;web&gt;</h2>\n<p>all</p>\n</body>\n</html>\n"), 1);
	assert_int_equal(count(&b, "<script"), 0);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_printed),
		cmocka_unit_test(points_are_in_line),
		cmocka_unit_test(empty_tables_have_a_heading),
		cmocka_unit_test(pictures_escape_and_round),
		cmocka_unit_test(charts_show_what_is_there),
		cmocka_unit_test(the_last_place_is_named_whole),
		cmocka_unit_test(names_have_room),
		cmocka_unit_test(pages_are_whole),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
