/* LogQL: what stands in the nodes of a tree, its limits, the form over several lines. */
#include "unit.h"

#include "logql/parse.h"
#include "logql/print.h"

static const struct logql_opts local = { .flags = LOGQL_ANY_SELECTOR | LOGQL_ALLOW_VARIANTS };

static struct logql_query parse(const char *text)
{
	struct logql_query q;
	struct err e;

	if (logql_parse(bytes_str(text), &local, &q, NULL, &e) < 0)
		fail_msg("%s: %s", text, e.msg);
	return q;
}

static void assert_pos(struct logql_pos pos, unsigned off, unsigned line, unsigned col)
{
	assert_int_equal(pos.off, off);
	assert_int_equal(pos.line, line);
	assert_int_equal(pos.col, col);
}

static void test_positions(void **state)
{
	struct logql_query q =
		parse("sum(\n  rate({a=\"\u00fc\", b=\"c\"}\n |= \"x\" | json [1m])) > 2");
	const struct logql_expr *sum = q.root->binary.left, *rate = sum->vector_agg.arg;
	const struct logql_log *log = rate->range_agg.range->log;

	(void)state;
	assert_int_equal(q.root->kind, LOGQL_BINARY);
	assert_pos(q.root->pos, 50, 3, 23);
	assert_pos(sum->pos, 0, 1, 1);
	assert_pos(rate->pos, 7, 2, 3);
	assert_pos(log->pos, 12, 2, 8);
	assert_pos(log->matchers[1].pos, 21, 2, 16);
	assert_pos(log->stages[0].pos, 29, 3, 2);
	assert_pos(log->stages[0].line_filter.alts[0].pos, 32, 3, 5);
	assert_pos(log->stages[1].pos, 36, 3, 9);
	assert_pos(q.root->binary.right->pos, 52, 3, 25);
	assert_int_equal(rate->height, 1);
	assert_int_equal(sum->height, 2);
	assert_int_equal(q.root->height, 3);
	logql_query_release(&q);
}

static void test_paths(void **state)
{
	struct logql_query q = parse("{} | json a, b=`c[07].d[\"e f\"]` | logfmt g=`\"h i\"`");
	const struct logql_stage *json = &q.root->log->stages[0], *logfmt = json + 1;
	const struct logql_extract *b = &json->extract.v[1];

	(void)state;
	assert_int_equal(json->extract.n, 2);
	assert_bytes(json->extract.v[0].expr, "a");
	assert_int_equal(json->extract.v[0].n_steps, 1);
	assert_bytes(json->extract.v[0].steps[0].field, "a");
	assert_bytes(b->label, "b");
	assert_int_equal(b->n_steps, 4);
	assert_bytes(b->steps[0].field, "c");
	assert_true(b->steps[1].is_index);
	assert_int_equal(b->steps[1].index, 7);
	assert_bytes(b->steps[2].field, "d");
	assert_false(b->steps[3].is_index);
	assert_bytes(b->steps[3].field, "e f");
	assert_int_equal(logfmt->extract.v[0].n_steps, 1);
	assert_bytes(logfmt->extract.v[0].steps[0].field, "h i");
	logql_query_release(&q);
}

static void test_patterns(void **state)
{
	struct logql_query q = parse("{} | pattern `<ip> - <_>[<x` |> `a<_>`");
	const struct logql_pattern *pt = q.root->log->stages[0].pattern;
	const struct logql_line_alt *alt = q.root->log->stages[1].line_filter.alts;

	(void)state;
	assert_int_equal(pt->n_parts, 4);
	assert_true(pt->parts[0].capture);
	assert_bytes(pt->parts[0].text, "ip");
	assert_bytes(pt->parts[1].text, " - ");
	assert_true(pt->parts[2].capture);
	assert_int_equal(pt->parts[2].text.n, 0);
	assert_bytes(pt->parts[3].text, "[<x");
	assert_int_equal(alt->pattern->n_parts, 2);
	assert_null(alt->ip);
	logql_query_release(&q);
}

static void test_addresses(void **state)
{
	struct logql_query q = parse(
		"{} |= ip(\"10.1.2.3/20\") | a=ip(\"2001:db8::7\") | b!=ip(\"1.1.1.1-1.1.2.0\")"
		" | c=ip(\"2001:db8::/33\") | d=ip(\"1.2.3.4/0\")");
	const struct logql_stage *s = q.root->log->stages;
	const struct logql_ip *ip = s[0].line_filter.alts[0].ip;

	(void)state;
	assert_int_equal(ip->addr_len, 4);
	assert_memory_equal(ip->first, "\x0a\x01\x00\x00", 4);
	assert_memory_equal(ip->last, "\x0a\x01\x0f\xff", 4);
	ip = s[1].filter->cmp.ip;
	assert_int_equal(ip->addr_len, 16);
	assert_memory_equal(ip->first, ip->last, 16);
	ip = s[2].filter->cmp.ip;
	assert_int_equal(s[2].filter->cmp.op, LOGQL_NE);
	assert_memory_equal(ip->first, "\1\1\1\1", 4);
	assert_memory_equal(ip->last, "\1\1\2\0", 4);
	ip = s[3].filter->cmp.ip;
	assert_memory_equal(ip->last,
			    "\x20\x01\x0d\xb8\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16);
	ip = s[4].filter->cmp.ip;
	assert_memory_equal(ip->first, "\0\0\0\0", 4);
	assert_memory_equal(ip->last, "\xff\xff\xff\xff", 4);
	logql_query_release(&q);
}

static void test_values(void **state)
{
	struct logql_query q = parse("{} | a>=-1m30s | b<1.5KiB | c=2e3 | d!~\"x\"");
	const struct logql_stage *s = q.root->log->stages;

	(void)state;
	assert_int_equal(s[0].filter->kind, LOGQL_FILTER_DURATION);
	assert_int_equal(s[0].filter->cmp.op, LOGQL_GE);
	assert_int_equal(s[0].filter->cmp.duration_ns, INT64_C(-90000000000));
	assert_int_equal(s[1].filter->kind, LOGQL_FILTER_BYTES);
	assert_int_equal(s[1].filter->cmp.bytes, 1536);
	assert_int_equal(s[2].filter->kind, LOGQL_FILTER_NUMBER);
	assert_true(s[2].filter->cmp.number == 2000);
	assert_int_equal(s[3].filter->kind, LOGQL_FILTER_MATCH);
	assert_int_equal(s[3].filter->match.op, MATCH_NRE);
	logql_query_release(&q);
}

static void test_range(void **state)
{
	struct logql_query q =
		parse("last_over_time({}[2h] offset 1.5h | json | unwrap bytes(x) | y>1) by (z)");
	const struct logql_range *r = q.root->range_agg.range;

	(void)state;
	assert_int_equal(q.root->range_agg.op, LOGQL_LAST_OVER_TIME);
	assert_int_equal(r->range_ns, INT64_C(7200000000000));
	assert_int_equal(r->offset_ns, INT64_C(5400000000000));
	assert_int_equal(r->log->n_stages, 1);
	assert_int_equal(r->unwrap->conv, LOGQL_CONV_BYTES);
	assert_bytes(r->unwrap->label, "x");
	assert_int_equal(r->unwrap->n_filters, 1);
	assert_int_equal(q.root->range_agg.grouping.kind, LOGQL_GROUP_BY);
	assert_bytes(q.root->range_agg.grouping.labels[0], "z");
	logql_query_release(&q);
}

/* A tree keeps nothing of the text that it was parsed from. */
static void test_text_is_copied(void **state)
{
	char text[] = "sum by (abc) (rate({def=\"g\"} | json hij | x=1 [1m]))";
	struct logql_query q = parse(text);
	struct buf out = { 0 };

	(void)state;
	memset(text, '#', sizeof(text) - 1);
	logql_print(&out, q.root);
	assert_string_equal(buf_str(&out),
			    "sum by (abc)(rate({def=\"g\"} | json hij=\"hij\" | x==1[1m]))");
	buf_release(&out);
	logql_query_release(&q);
}

/* no two of these mean the same */
static const char *const different[] = {
	"{}",
	"{a=\"b\"}",
	"{a!=\"b\"}",
	"{a=\"c\"}",
	"{b=\"b\"}",
	"{} |= \"a\"",
	"{} != \"a\"",
	"{} |= \"a\" or \"b\"",
	"{} |= \"::\"",
	"{} |= ip(\"::\")",
	"{} | json",
	"{} | logfmt",
	"{} | logfmt --strict",
	"{} | logfmt --keep-empty",
	"{} | json a",
	"{} | json a=\"b\"",
	"{} | json b=\"b\"",
	"{} | regexp \"(?P<a>b)\"",
	"{} | regexp \"(?P<a>c)\"",
	"{} | pattern \"<a>\"",
	"{} | pattern \"<b>\"",
	"{} | unpack",
	"{} | decolorize",
	"{} | a=\"1\"",
	"{} | a=1",
	"{} | a!=1",
	"{} | a=2",
	"{} | a=1s",
	"{} | a=2s",
	"{} | a=1B",
	"{} | a=2B",
	"{} | a=ip(\"::1\")",
	"{} | a=ip(\"::2\")",
	"{} | a=1 and b=2",
	"{} | a=1 or b=2",
	"{} | a=1 or b=3",
	"{} | a=2 or b=2",
	"{} | line_format \"a\"",
	"{} | line_format \"b\"",
	"{} | label_format a=b",
	"{} | label_format a=\"b\"",
	"{} | label_format c=b",
	"{} | drop a",
	"{} | drop b",
	"{} | drop a,b",
	"{} | drop a=\"b\"",
	"{} | keep a",
	"rate({}[1m])",
	"rate({}[2m])",
	"rate({}[1m] offset 1m)",
	"bytes_rate({}[1m])",
	"rate({} | unwrap a[1m])",
	"rate({} | unwrap b[1m])",
	"rate({} | unwrap bytes(a)[1m])",
	"rate({} | unwrap a | b=1[1m])",
	"quantile_over_time(0.1,{} | unwrap a[1m])",
	"quantile_over_time(0.2,{} | unwrap a[1m])",
	"avg_over_time({} | unwrap a[1m])",
	"avg_over_time({} | unwrap a[1m]) by ()",
	"avg_over_time({} | unwrap a[1m]) by (b)",
	"avg_over_time({} | unwrap a[1m]) without (b)",
	"sum(rate({}[1m]))",
	"avg(rate({}[1m]))",
	"topk(1,rate({}[1m]))",
	"topk(2,rate({}[1m]))",
	"vector(1)",
	"vector(2)",
	"1",
	"2",
	"1/0",
	"vector(1) + vector(1)",
	"vector(1) - vector(1)",
	"vector(1) + vector(2)",
	"vector(2) + vector(1)",
	"vector(1) + bool vector(1)",
	"vector(1) + on () vector(1)",
	"vector(1) + on (a) vector(1)",
	"vector(1) + ignoring (a) vector(1)",
	"vector(1) + on (a) group_left () vector(1)",
	"vector(1) + on (a) group_left (b) vector(1)",
	"vector(1) + on (a) group_right (b) vector(1)",
	"label_replace(vector(1),\"a\",\"b\",\"c\",\"d\")",
	"label_replace(vector(1),\"a\",\"b\",\"c\",\"e\")",
	"label_replace(vector(2),\"a\",\"b\",\"c\",\"d\")",
};

static void test_equal(void **state)
{
	enum { N = sizeof(different) / sizeof(different[0]) };
	struct logql_query q[N];

	(void)state;
	for (size_t i = 0; i < N; i++)
		q[i] = parse(different[i]);
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < N; j++)
			if (logql_expr_eq(q[i].root, q[j].root) != (i == j))
				fail_msg("%s and %s", different[i], different[j]);
	for (size_t i = 0; i < N; i++)
		logql_query_release(&q[i]);
}

static void test_pretty(void **state)
{
	static const struct {
		const char *text, *print;
	} t[] = {
		{ "{a=\"b\"} | x > 1024B", "{a=\"b\"} | x>1.0kB" },
		{ "{a=\"b\"} | x > 12345678B or y = 999B", "{a=\"b\"} | ( x>12MB or y==999B )" },
		{ "sum by () (rate({a=\"b\"}[90m] offset 90m))",
		  "sum(rate({a=\"b\"}[1h30m] offset 1h30m0s))" },
		{ "quantile_over_time(0.5, {app=\"some-application-with-a-long-name\"} | json | "
		  "unwrap "
		  "duration(latency) | __error__=\"\" [5m] offset 90m) by (a, b)",
		  "quantile_over_time(\n  0.5,\n  {app=\"some-application-with-a-long-name\"} | "
		  "json\n"
		  "    | unwrap duration(latency)\n    | __error__=\"\" [5m] offset 1h30m\n) by "
		  "(a, b)" },
		{ "topk(5, sum by (a) (rate({app=\"some-application-with-a-long-name\", "
		  "env=\"production\"} "
		  "|= \"errors\" [5m])))",
		  "topk(\n  5,\n  sum by (a)(rate({app=\"some-application-with-a-long-name\", "
		  "env=\"production\"} |= \"errors\"[5m]))\n)" },
		{ "label_replace(rate({app=\"some-application-with-a-long-name\", "
		  "env=\"production\"}[5m]), "
		  "\"a\", \"$1\", \"b\", \"(.*)\")",
		  "label_replace(\n  rate({app=\"some-application-with-a-long-name\", "
		  "env=\"production\"}[5m]),\n  \"a\",\n  \"$1\",\n  \"b\",\n  \"(.*)\"\n)" },
		{ "variants(rate({app=\"some-application-with-a-long-name\"}[5m]), "
		  "bytes_rate({a=\"b\"}[5m])) "
		  "of ({app=\"some-application\"} | json | unwrap x [5m] offset -5m)",
		  "variants(\n  rate({app=\"some-application-with-a-long-name\"}[5m]),\n  "
		  "bytes_rate({a=\"b\"}[5m])\n) of (\n  {app=\"some-application\"} | json\n    | "
		  "unwrap x [5m] "
		  "offset -5m\n)" },
		/* an opened operation keeps its meaning */
		{ "vector(2) - (rate({app=\"some-application-with-a-long-name\"}[5m]) - "
		  "rate({app=\"another-application-with-a-long-name\"}[5m]))",
		  "  vector(2.000000)\n-\n  (\n      "
		  "rate({app=\"some-application-with-a-long-name\"}[5m])\n"
		  "    -\n      rate({app=\"another-application-with-a-long-name\"}[5m])\n  )" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct logql_query q = parse(t[i].text);
		struct buf out = { 0 };

		logql_print_pretty(&out, q.root);
		assert_string_equal(buf_str(&out), t[i].print);
		buf_release(&out);
		logql_query_release(&q);
	}
}

static void test_outline(void **state)
{
	struct logql_query q = parse("topk(2, sum by (a) (rate({b=\"c\"} |= \"d\" or \"e\" | json "
				     "| f=1 or g=2, h=3 [5m] offset 1m))) / on (a) vector(2)");
	struct buf out = { 0 };

	(void)state;
	logql_print_tree(&out, q.root);
	assert_string_equal(buf_str(&out), "operation / on (a)\n"
					   "  over series topk 2\n"
					   "    over series sum by (a)\n"
					   "      over time rate [5m] offset 1m0s\n"
					   "        selector {b=\"c\"}\n"
					   "        line filter |= \"d\" or \"e\"\n"
					   "        stage | json\n"
					   "        label filter\n"
					   "          or\n"
					   "            f==1\n"
					   "            and\n"
					   "              g==2\n"
					   "              h==3\n"
					   "  vector(2)\n");
	logql_query_release(&q);
	buf_reset(&out);
	q = parse("label_replace(quantile_over_time(0.5, {} | unwrap bytes(x) | y>1 [1m]) by (z), "
		  "\"d\", \"$1\", \"s\", \"(.*)\") > bool 3");
	logql_print_tree(&out, q.root);
	assert_string_equal(buf_str(&out), "operation > bool\n"
					   "  label_replace d=\"$1\" where s=~\"(.*)\"\n"
					   "    over time quantile_over_time 0.5 by (z) [1m]\n"
					   "      selector {}\n"
					   "      | unwrap bytes(x)\n"
					   "        y>1\n"
					   "  literal 3\n");
	logql_query_release(&q);
	buf_reset(&out);
	q = parse("variants(rate({}[1m]), vector(1)) of ({} | json [5m])");
	logql_print_tree(&out, q.root);
	assert_string_equal(buf_str(&out), "variants of [5m]\n"
					   "  selector {}\n"
					   "  stage | json\n"
					   "  over time rate [1m]\n"
					   "    selector {}\n"
					   "  vector(1)\n");
	buf_release(&out);
	logql_query_release(&q);
}

/* --- limits ---------------------------------------------------------------------------------- */

/* head, n times part, tail */
static void repeat(struct buf *b, const char *head, size_t n, const char *part, const char *tail,
		   const char *tail_part)
{
	buf_reset(b);
	buf_add_str(b, head);
	for (size_t i = 0; i < n; i++)
		buf_add_str(b, part);
	buf_add_str(b, tail);
	for (size_t i = 0; i < n; i++)
		buf_add_str(b, tail_part);
}

static void assert_limit(const struct buf *text, const char *says)
{
	struct logql_query q;
	struct logql_pos pos = { 0 };
	struct err e = { .code = ERR_NONE };

	assert_int_equal(logql_parse(buf_bytes(text), &local, &q, &pos, &e), -1);
	assert_int_equal(e.code, ERR_QUERY);
	if (!strstr(e.msg, says))
		fail_msg("%s, not %s", e.msg, says);
	assert_true(pos.line > 0);
}

static void assert_fits(struct buf *text)
{
	struct logql_query q = parse(buf_str(text)), again;
	struct buf out = { 0 };

	logql_print_pretty(&out, q.root);
	buf_reset(&out);
	logql_print(&out, q.root);
	again = parse(buf_str(&out));
	assert_true(logql_expr_eq(q.root, again.root));
	logql_query_release(&again);
	logql_query_release(&q);
	buf_release(&out);
}

static void test_limits(void **state)
{
	struct buf b = { 0 };

	(void)state;
	repeat(&b, "{} |= \"", LOGQL_TEXT_MAX, "x", "\"", "");
	assert_limit(&b, "input size too long (131080 > 131072)");
	repeat(&b, "", 100000, "(", "1", "");
	assert_limit(&b, "nests over 1000 levels");
	repeat(&b, "", 900, "(", "1", ")");
	assert_fits(&b);
	repeat(&b, "{} | ", 60000, "(", "a=1", ")");
	assert_limit(&b, "nests over 1000 levels");
	repeat(&b, "rate(", 50000, "(", "{}[1m]", ")");
	assert_limit(&b, "nests over 1000 levels");
	repeat(&b, "", 20000, "sum(", "vector(1)", ")");
	assert_limit(&b, "nests over 1000 levels");
	repeat(&b, "", 900, "sum(", "vector(1)", ")");
	assert_fits(&b);
	repeat(&b, "{} | a=1", 5000, " or a=1", "", "");
	assert_limit(&b, "over 1000 label filters");
	repeat(&b, "{} | a=1", 900, " or a=1", "", "");
	assert_fits(&b);
	repeat(&b, "{} | a=1", 5000, ",a=1", "", "");
	assert_limit(&b, "nests over 1000 levels");
	repeat(&b, "vector(1)", 5000, " + vector(1)", "", "");
	assert_limit(&b, "over 1000 operations");
	repeat(&b, "vector(1)", 900, " + vector(1)", "", "");
	assert_fits(&b);
	repeat(&b, "vector(1)", 5000, " ^ vector(1)", "", "");
	assert_limit(&b, "nests over 1000 levels");
	repeat(&b, "1", 20000, " + 1", "", "");
	assert_fits(&b);
	repeat(&b, "{} | drop a", 30000, ",a", "", "");
	assert_limit(&b, "too many words");
	repeat(&b, "{}", 15000, "|json", "", "");
	assert_fits(&b);
	buf_release(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_positions),      cmocka_unit_test(test_paths),
		cmocka_unit_test(test_patterns),       cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_values),	       cmocka_unit_test(test_range),
		cmocka_unit_test(test_text_is_copied), cmocka_unit_test(test_equal),
		cmocka_unit_test(test_pretty),	       cmocka_unit_test(test_outline),
		cmocka_unit_test(test_limits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
