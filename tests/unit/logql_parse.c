/* LogQL: what texts mean (by the print of their tree), what is refused and where. */
#include "unit.h"

#include "logql/parse.h"
#include "logql/print.h"

static const struct logql_opts local = { .flags = LOGQL_ANY_SELECTOR | LOGQL_ALLOW_VARIANTS };

/* text, and what it is printed as: NULL for itself. */
static const struct {
	const char *text, *print;
} taken[] = {
	/* selectors */
	{ "{}", NULL },
	{ " { app = \"web\" ,env!=\"\" } ", "{app=\"web\", env!=\"\"}" },
	{ "{a=\"b\", c!=\"d\", e=~\"f.*\", g!~\"h|i\"}", NULL },
	{ "{sum=\"x\", ip=\"y\", rate=\"z\", of=\"w\"}", NULL },
	{ "{a=`b\"c\\d`}", "{a=\"b\\\"c\\\\d\"}" },
	{ "{a=\"\\u00e9\\x41\\101\\t\\\\\"}", "{a=\"\u00e9AA\\t\\\\\"}" },
	{ "({a=\"b\"} |= \"c\")", "{a=\"b\"} |= \"c\"" },
	/* blanks and comments */
	{ "# first\n{a=\"b\"} # second\n|= \"# none\"\n#", "{a=\"b\"} |= \"# none\"" },
	{ "{a=\"b\"} /* one */ |= \"c\" // two", "{a=\"b\"} |= \"c\"" },
	/* line filters */
	{ "{} |= \"a\" != \"b\" |~ \"c\" !~ \"d\" |> \"<_> e\" !> \"f <_>\"", NULL },
	{ "{}|=\"a\"or\"b\"or ip(\"10.0.0.0/8\")", "{} |= \"a\" or \"b\" or ip(\"10.0.0.0/8\")" },
	{ "{} |> \"\"", NULL },
	/* parsers */
	{ "{} | json | logfmt | unpack | decolorize", NULL },
	{ "{} | json a, b=\"c[0].d\", e=\"[\\\"f g\\\"][1]\"",
	  "{} | json a=\"a\",b=\"c[0].d\",e=\"[\\\"f g\\\"][1]\"" },
	{ "{} | logfmt --keep-empty --strict a, b=\"c\"",
	  "{} | logfmt --strict --keep-empty a=\"a\",b=\"c\"" },
	{ "{} | logfmt a=\"\\\"x-y\\\"\"", NULL },
	{ "{} | regexp `(?P<a>\\d+)(?:x)[(?P<b>](?<c>y)`",
	  "{} | regexp \"(?P<a>\\\\d+)(?:x)[(?P<b>](?<c>y)\"" },
	{ "{} | regexp \"\\\\Q(?P<a>\\\\E(?P<b>x)[^]](?P<c>[[:alpha:]])\"", NULL },
	{ "{} | pattern `<ip> - <_> \"<method> <1a> >`",
	  "{} | pattern \"<ip> - <_> \\\"<method> <1a> >\"" },
	/* label filters */
	{ "{} | a=\"b\" | c!=\"d\" | e=~\"f\" | g!~\"h\"", NULL },
	{ "{} | a=1 | b==-2.50 | c!=1e3 | d>.5 | e>=+1 | f<1_000 | g<=017",
	  "{} | a==1 | b==-2.5 | c!=1000 | d>0.5 | e>=1 | f<1000 | g<=17" },
	{ "{} | a>1h30m | b<1.5s | c=1d | d!=-10ms | e>=2us | f<=3\u00b5s | g==0h0m0.1s",
	  "{} | a>1h30m0s | b<1.5s | c==24h0m0s | d!=-10ms | e>=2\u00b5s | f<=3\u00b5s | "
	  "g==100ms" },
	{ "{} | a>5KB | b<1.5MiB | c=20B | d!=1k | e>=2G | f<=1Ki | g==0B | h>3PB",
	  "{} | a>5000B | b<1572864B | c==20B | d!=1000B | e>=2000000000B | f<=1024B | g==0B | "
	  "h>3000000000000000B" },
	{ "{} | ip=ip(\"10.0.0.1-10.0.0.9\") | ip != ip(\"::1\")",
	  "{} | ip=ip(\"10.0.0.1-10.0.0.9\") | ip!=ip(\"::1\")" },
	{ "{} | duration > 1s | bytes = 5 | count > 2 | vector = \"x\"",
	  "{} | duration>1s | bytes==5 | count>2 | vector=\"x\"" },
	/* a comma takes all that follows; and binds closer than or; parentheses decide */
	{ "{} | a=1 or b=2 and c=3", "{} | ( a==1 or ( b==2 , c==3 ) )" },
	{ "{} | a=1 and b=2 or c=3", "{} | ( ( a==1 , b==2 ) or c==3 )" },
	{ "{} | a=1, b=2 or c=3", "{} | ( a==1 , ( b==2 or c==3 ) )" },
	{ "{} | a=1 or b=2, c=3", "{} | ( a==1 or ( b==2 , c==3 ) )" },
	{ "{} | a=1 b=2 c=3", "{} | ( a==1 , ( b==2 , c==3 ) )" },
	{ "{} | a=1 and b=2 and c=3", "{} | ( ( a==1 , b==2 ) , c==3 )" },
	{ "{} | (a=1 or b=2) and c=3", "{} | ( ( a==1 or b==2 ) , c==3 )" },
	{ "{} | ((a=1))", "{} | a==1" },
	/* formats, drop, keep */
	{ "{} | line_format \"{{.a}}\" | label_format a=b,c=\"{{.d}}\"", NULL },
	{ "{} | drop a, b=\"c\", d!=\"\" | keep e,f=~\"g\",h!~\"i\"",
	  "{} | drop a,b=\"c\",d!=\"\" | keep e,f=~\"g\",h!~\"i\"" },
	/* ranges: the window may stand in several places */
	{ "count_over_time({}[5m])", NULL },
	{ "count_over_time({} |= \"x\"[5m] offset 1h0m0s)", NULL },
	{ "rate({}[5m] offset -10m |= \"x\")", "rate({} |= \"x\"[5m] offset -10m0s)" },
	{ "rate(({} | json)[90s])", "rate({} | json[1m30s])" },
	{ "rate((({}[1w])))", "rate({}[1w])" },
	{ "rate({}[1y2w3d4h5m6s7ms])", "rate({}[382d4h5m6s7ms])" },
	{ "rate({}[0s])", NULL },
	{ "rate({}[0])", "rate({}[0s])" },
	{ "sum_over_time({}[1m] | json | unwrap x)", "sum_over_time({} | json | unwrap x[1m])" },
	{ "avg_over_time({} | unwrap bytes(x) | a=\"b\" | c>1[1m]) by (d,e)", NULL },
	{ "max_over_time({} | unwrap duration(x)[1m]) without ()", NULL },
	{ "min_over_time({} | unwrap duration_seconds(x)[1m]) by ()", NULL },
	{ "quantile_over_time(0.99,{} | unwrap x[1m])", NULL },
	{ "quantile_over_time(1.5,{} | unwrap x[1m])", NULL },
	/* aggregations */
	{ "SUM(Rate({}[5m])) BY (a)", "sum by (a)(rate({}[5m]))" },
	{ "sum by (a, b) (rate({}[5m]))", "sum by (a,b)(rate({}[5m]))" },
	{ "count without () (rate({}[5m]))", "count without ()(rate({}[5m]))" },
	{ "topk by (a)(5,rate({}[5m]))", NULL },
	{ "bottomk(1,rate({}[5m])) without (a)", "bottomk without (a)(1,rate({}[5m]))" },
	{ "approx_topk(3,rate({}[5m]))", NULL },
	{ "sort(sort_desc(stddev(stdvar(min(max(avg(rate({}[5m]))))))))", NULL },
	{ "sum(1)", NULL },
	/* operators */
	{ "vector(1) + vector(2) * vector(3) ^ vector(4) ^ vector(5)",
	  "(vector(1) + (vector(2) * (vector(3) ^ (vector(4) ^ vector(5)))))" },
	{ "vector(1) - vector(2) - vector(3)", "((vector(1) - vector(2)) - vector(3))" },
	{ "vector(1) or vector(2) and vector(3) unless vector(4)",
	  "(vector(1) or ((vector(2) and vector(3)) unless vector(4)))" },
	{ "vector(1) > bool 2 + 3 == vector(4)", "((vector(1) > bool 5) == vector(4))" },
	{ "vector(1) + bool 1", "(vector(1) + bool 1)" },
	{ "vector(1) / on (a, b) group_left (c) vector(2)",
	  "(vector(1) / on (a,b) group_left (c) vector(2))" },
	{ "vector(1) / ignoring () group_right vector(2)",
	  "(vector(1) / ignoring () group_right () vector(2))" },
	{ "vector(1) and on (a) vector(2)", "(vector(1) and on (a) vector(2))" },
	/* literals fold */
	{ "1 + 2 * 3", "7" },
	{ "-2 ^ 2", "4" },
	{ "2 ^ 3 ^ 2", "512" },
	{ "5 - -3 % 2", "6" },
	{ "1 ++ 2", "3" },
	{ "1 > 2", "0" },
	{ "1 == bool 1", "1" },
	{ "1 - 0", "1" },
	{ "1 -0", "1" },
	{ "vector(1) > 1/0", "(vector(1) > (1 / 0))" },
	{ "1e308 * -10 < vector(1)", "((-1e308 * 10) < vector(1))" },
	{ "1e21", "1e+21" },
	{ "1000000", "1e+06" },
	{ "999999.5 - 0", "999999.5" },
	{ "vector(1) * 123456789", "(vector(1) * 1.23456789e+08)" },
	{ "-0.00001234", "-1.234e-05" },
	{ "0.00001", "1e-05" },
	{ "0.0001", "0.0001" },
	/* functions */
	{ "label_replace(vector(1),\"a\",\"$1\",\"b\",\"(.*)\")", NULL },
	{ "variants(rate({}[1m]), count_over_time({}[1m])) of ({} | json[1m])", NULL },
};

static void test_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		const char *text = taken[i].text, *print = taken[i].print;
		struct logql_query q;
		struct buf out = { 0 };
		struct err e;

		if (logql_parse(bytes_str(text), &local, &q, NULL, &e) < 0)
			fail_msg("%s: %s", text, e.msg);
		logql_print(&out, q.root);
		assert_string_equal(buf_str(&out), print ? print : text);
		buf_release(&out);
		logql_query_release(&q);
	}
}

/* text, where it is wrong (line, column), how the message goes on behind "parse error". */
static const struct {
	const char *text;
	unsigned line, col;
	const char *says;
} refused[] = {
	{ "", 1, 1, " : syntax error: unexpected $end" },
	{ "{", 1, 2,
	  " at line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER or }" },
	{ "{a=\"b\",}", 1, 8,
	  " at line 1, col 8: syntax error: unexpected }, expecting IDENTIFIER" },
	{ "{by=\"x\"}", 1, 2,
	  " at line 1, col 2: syntax error: unexpected by, expecting IDENTIFIER or }" },
	{ "{a==\"b\"}", 1, 3,
	  " at line 0, col 3: syntax error: unexpected ==, expecting = or =~ or !~ or !=" },
	{ "{a=\"b\"}\n\n  |= x", 3, 6,
	  " at line 3, col 6: syntax error: unexpected IDENTIFIER, expecting STRING or ip" },
	{ "{a=\"\u00fc\u00fc\"} ?", 1, 10,
	  " at line 1, col 10: syntax error: unexpected IDENTIFIER" },
	{ "{a=\"b", 1, 4, " at line 1, col 4: literal not terminated" },
	{ "{a=\"b\n\"}", 1, 4, " at line 1, col 4: literal not terminated" },
	{ "{a=`b", 1, 4, " at line 1, col 4: literal not terminated" },
	{ "{a=\"\\q\"}", 1, 4, " at line 1, col 4: invalid char escape" },
	{ "{a='bc'}", 1, 4, " at line 1, col 4: invalid char literal" },
	{ "{a='b'}", 1, 4, " at line 1, col 4: syntax error: unexpected IDENTIFIER" },
	{ "{a='b}", 1, 4, " at line 1, col 4: literal not terminated" },
	{ "{a=\"b\"} /* c", 1, 9, " at line 1, col 9: comment not terminated" },
	{ "{a=\"\xff\"}", 1, 5, " at line 1, col 5: invalid UTF-8 encoding" },
	{ "{a=~\"(\"}", 1, 5, " : error parsing regexp" },
	{ "{a=\"\"}", 1, 1, " : queries require at least one regexp or equality matcher" },
	{ "{a=~\".*\", b!=\"c\", d!~\"e\"}", 1, 1, " : queries require at least one" },
	{ "sum(rate({}[1m]))", 1, 10, " : queries require at least one" },
	{ "{a=\"b\"} | jsn", 1, 14,
	  " at line 1, col 14: syntax error: unexpected $end, unknown stage 'jsn' at line 1, col "
	  "11: did you mean 'json'?" },
	{ "{a=\"b\"}\n| logftm | x=1", 2, 10,
	  " at line 2, col 10: syntax error: unexpected |, unknown stage 'logftm' at line 2, col "
	  "3: did you mean 'logfmt'?" },
	{ "sum(rate({a=\"b\"} | UnWarp x [1m]))", 1, 27,
	  " at line 1, col 27: syntax error: unexpected IDENTIFIER, unknown stage 'UnWarp' at "
	  "line 1, col 20: did you mean 'unwrap'?" },
	{ "{a=\"b\"} | line_fromat \"x\"", 1, 23,
	  " at line 1, col 23: syntax error: unexpected STRING, unknown stage 'line_fromat' at "
	  "line 1, col 11: did you mean 'line_format'?" },
	{ "{a=\"b\"} | level", 1, 16,
	  " at line 1, col 16: syntax error: unexpected $end, unknown stage 'level' at line 1, "
	  "col 11; of a label want a comparison such as = or >=" },
	{ "{a=\"b\"} | x=1 and jsn", 1, 22,
	  " at line 1, col 22: syntax error: unexpected $end, want a comparison such as = or >=" },
	{ "{a=\"b\"} | a_word_that_is_longer_than_any_stage", 1, 47,
	  " at line 1, col 47: syntax error: unexpected $end, unknown stage 'a_word_that_is" },
	{ "{a=\"b\"} | json x=", 1, 18,
	  " at line 1, col 18: syntax error: unexpected $end, expecting STRING" },
	{ "{a=\"b\"} | json x=\"a.\"", 1, 9, " : stage '| json x=\"a.\"' : cannot parse" },
	{ "{a=\"b\"} | json x=\"a[b]\"", 1, 9, " : stage '| json" },
	{ "{a=\"b\"} | json x=\"a[99999999999999999999]\"", 1, 9, " : stage '| json" },
	{ "{a=\"b\"} | json x=\"a[\\\"b]\"", 1, 9, " : stage '| json" },
	{ "{a=\"b\"} | json --strict", 1, 16,
	  " at line 0, col 16: syntax error: unexpected PARSER_FLAG" },
	{ "{a=\"b\"} | logfmt x=\"a-b\"", 1, 9,
	  " : stage '| logfmt x=\"a-b\"' : cannot parse expression [a-b]: unexpected char -" },
	{ "{a=\"b\"} | logfmt --strikt", 1, 20,
	  " at line 1, col 20: syntax error: unexpected IDENTIFIER" },
	{ "{a=\"b\"} | regexp \"x\"", 1, 18, " : invalid regexp parser: at least one named" },
	{ "{a=\"b\"} | regexp \"(?P<a>x)(?P<a>y)\"", 1, 18,
	  " : invalid regexp parser: duplicate extracted label name 'a'" },
	{ "{a=\"b\"} | regexp \"\\\\(?P<a>x)\"", 1, 18, " : invalid regexp parser" },
	{ "{a=\"b\"} | regexp \"(?P<1a>x)\"", 1, 18,
	  " : invalid regexp parser: invalid extracted label name '1a'" },
	{ "{a=\"b\"} | regexp \"\\\\Q(?P<a>x)\"", 1, 18, " : invalid regexp parser: at least one" },
	{ "{a=\"b\"} | pattern \"<a><b>\"", 1, 19, " : invalid pattern parser: found consecutive" },
	{ "{a=\"b\"} | pattern \"<a> <a>\"", 1, 19, " : invalid pattern parser: duplicate" },
	{ "{a=\"b\"} | pattern \"<_> x\"", 1, 19, " : invalid pattern parser: at least one" },
	{ "{a=\"b\"} | pattern \"\"", 1, 19, " : invalid pattern parser: parse error" },
	{ "{a=\"b\"} |> \"<a> x\"", 1, 9, " : stage '|> \"<a> x\"' : named captures" },
	{ "{a=\"b\"} |= ip(\"10.0.0.0/33\")", 1, 9, " : stage '|= ip(\"10.0.0.0/33\")' : ip:" },
	{ "{a=\"b\"} |= ip(\"10.0.0.9-10.0.0.1\")", 1, 9, " : stage '|= ip(" },
	{ "{a=\"b\"} |= ip(\"10.0.0.1-::1\")", 1, 9, " : stage '|= ip(" },
	{ "{a=\"b\"} |~ ip(\"10.0.0.1\")", 1, 9,
	  " : stage '|~ ip(\"10.0.0.1\")' : ip: invalid op" },
	{ "{a=\"b\"} |> ip(\"10.0.0.1\")", 1, 9,
	  " : stage '|> ip(\"10.0.0.1\")' : ip: invalid op" },
	{ "{a=\"b\"} | x=ip(\"y\")", 1, 9,
	  " : stage '| x=ip(\"y\")' : ip: invalid pattern: \"y\"" },
	{ "{a=\"b\"} | x=1 or y=ip(\"z\")", 1, 9, " : stage '| y=ip(\"z\")' : ip: invalid" },
	{ "{a=\"b\"} | x=1kb", 1, 16, " at line 1, col 16: syntax error: unexpected $end" },
	{ "{a=\"b\"} | x>5q", 1, 15, " at line 1, col 15: syntax error: unexpected $end" },
	{ "{a=\"b\"} | x=true", 1, 13, " at line 1, col 13: syntax error: unexpected IDENTIFIER" },
	{ "{a=\"b\"} | x==\"y\"", 1, 14, " at line 1, col 14: syntax error: unexpected STRING" },
	{ "{a=\"b\"} | x>0x1F", 1, 13, " : unable to parse literal as a float" },
	{ "{a=\"b\"} | x>1e999", 1, 13, " : unable to parse literal as a float" },
	{ "{a=\"b\"} | label_format a=b,a=c", 1, 9,
	  " : stage '| label_format a=b,a=c' : multiple label name 'a'" },
	{ "{a=\"b\"} | label_format __error__=\"x\"", 1, 9,
	  " : stage '| label_format __error__=\"x\"' : __error__ cannot be formatted" },
	{ "{a=\"b\"} | drop a>1", 1, 1, " : unexpected type for left leg of binary operation (>)" },
	{ "{a=\"b\"} | unwrap x", 1, 11, " at line 1, col 11: syntax error: unexpected unwrap" },
	{ "({a=\"b\"}) |= \"x\"", 1, 11, " at line 0, col 11: syntax error: unexpected |=" },
	{ "rate({a=\"b\"})", 1, 13, " at line 1, col 13: syntax error: unexpected )" },
	{ "rate({a=\"b\"}[])", 1, 13, " at line 0, col 13: empty duration string" },
	{ "rate({a=\"b\"}[5])", 1, 13, " at line 0, col 13: not a valid duration string: \"5\"" },
	{ "rate({a=\"b\"}[1.5h])", 1, 13, " at line 0, col 13: not a valid duration string" },
	{ "rate({a=\"b\"}[5m1h])", 1, 13, " at line 0, col 13: not a valid duration string" },
	{ "rate({a=\"b\"}[5us])", 1, 13, " at line 0, col 13: not a valid duration string" },
	{ "rate({a=\"b\"}[300y])", 1, 13, " at line 0, col 13: duration out of range" },
	{ "rate({a=\"b\"}[5m", 1, 13, " at line 0, col 13: missing closing ']' in duration" },
	{ "rate({a=\"b\"}[5m][5m])", 1, 17,
	  " at line 0, col 17: syntax error: unexpected RANGE, expecting )" },
	{ "rate({a=\"b\"} | json [5m] | logfmt)", 1, 26, " at line 1, col 26: syntax error" },
	{ "rate(({a=\"b\"}[5m])[5m])", 1, 19,
	  " at line 0, col 19: syntax error: unexpected RANGE" },
	{ "rate({a=\"b\"}[5m]) by (c)", 1, 1, " : grouping not allowed for rate aggregation" },
	{ "rate(1,{a=\"b\"}[5m])", 1, 1, " : parameter 1 not supported for operation rate" },
	{ "sum_over_time({a=\"b\"}[5m])", 1, 1, " : invalid aggregation sum_over_time without" },
	{ "count_over_time({a=\"b\"} | unwrap x[5m])", 1, 1,
	  " : invalid aggregation count_over_time with" },
	{ "quantile_over_time({a=\"b\"} | unwrap x[5m])", 1, 1, " : parameter required for" },
	{ "quantile_over_time(-1,{a=\"b\"} | unwrap x[5m])", 1, 20, " at line 1, col 20: syntax" },
	{ "topk(0,rate({a=\"b\"}[5m]))", 1, 1,
	  " : invalid parameter (must be greater than 0) topk(0" },
	{ "topk(1.5,rate({a=\"b\"}[5m]))", 1, 1, " : invalid parameter topk(1.5," },
	{ "topk(-1,rate({a=\"b\"}[5m]))", 1, 8, " at line 1, col 8: syntax error: unexpected ," },
	{ "topk(1+1,rate({a=\"b\"}[5m]))", 1, 9, " at line 1, col 9: syntax error: unexpected ," },
	{ "topk(rate({a=\"b\"}[5m]))", 1, 1, " : parameter required for operation topk" },
	{ "sum(2,rate({a=\"b\"}[5m]))", 1, 1, " : unsupported parameter for operation sum(2," },
	{ "sort(rate({a=\"b\"}[5m])) by (c)", 1, 1,
	  " : sort and sort_desc doesn't allow grouping" },
	{ "approx_topk(1,rate({a=\"b\"}[5m])) by (c)", 1, 1,
	  " : grouping not allowed for approx_topk" },
	{ "sum by (a) (vector(1)) by (b)", 1, 24,
	  " at line 1, col 24: syntax error: unexpected by" },
	{ "sum by (a b) (vector(1))", 1, 11, " at line 1, col 11: syntax error" },
	{ "sum({a=\"b\"})", 1, 12, " at line 1, col 12: syntax error: unexpected )" },
	{ "sum", 1, 1, " at line 1, col 1: syntax error: unexpected IDENTIFIER" },
	{ "{a=\"b\"} or {a=\"c\"}", 1, 1,
	  " : unexpected type for left leg of binary operation (or)" },
	{ "vector(1) + {a=\"c\"}", 1, 13, " : unexpected type for right leg" },
	{ "vector(1) and 1", 1, 15, " : unexpected literal for right leg of logical/set" },
	{ "1 unless vector(1)", 1, 1, " : unexpected literal for left leg of logical/set" },
	{ "vector(1) + group_left vector(2)", 1, 13, " at line 1, col 13: syntax error" },
	{ "vector(-1)", 1, 8, " at line 1, col 8: syntax error: unexpected -, expecting NUMBER" },
	{ "1e", 1, 1, " at line 1, col 1: exponent has no digits" },
	{ "08", 1, 1, " at line 1, col 1: invalid digit in octal literal" },
	{ "1__0", 1, 1, " at line 1, col 1: '_' must separate successive digits" },
	{ "0x", 1, 1, " at line 1, col 1: literal has no digits" },
	{ "label_replace(vector(1),\"a\",\"b\",\"c\",\"(\")", 1, 1,
	  " : invalid regex in label_replace" },
	{ "label_replace(vector(1),\"a\",\"b\",\"c\")", 1, 36, " at line 1, col 36: syntax error" },
	{ "variants(rate({a=\"b\"}[1m])) of ({a=\"b\"}[1m])", 1, 1,
	  " at line 1, col 1: syntax error: unexpected IDENTIFIER" },
};

static void test_refused(void **state)
{
	size_t n_wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct logql_query q;
		struct logql_pos pos = { 0 };
		struct err e = { .code = ERR_NONE };
		struct buf says = { 0 };

		if (logql_parse(bytes_str(refused[i].text), NULL, &q, &pos, &e) == 0)
			fail_msg("taken: %s", refused[i].text);
		assert_int_equal(e.code, ERR_QUERY);
		buf_addf(&says, "parse error%s", refused[i].says);
		if (!bytes_starts(bytes_str(e.msg), buf_bytes(&says)) ||
		    pos.line != refused[i].line || pos.col != refused[i].col) {
			n_wrong++;
			print_message("# %s\n# %u:%u %s\n# not %u:%u %s\n", refused[i].text,
				      pos.line, pos.col, e.msg, refused[i].line, refused[i].col,
				      buf_str(&says));
		}
		buf_release(&says);
	}
	assert_int_equal(n_wrong, 0);
}

static void test_nul(void **state)
{
	struct logql_query q;
	struct logql_pos pos;
	struct err e;

	(void)state;
	assert_int_equal(logql_parse(BYTES_LIT("{a=\"\0\"}"), NULL, &q, &pos, &e), -1);
	assert_int_equal(pos.off, 4);
	assert_string_equal(e.msg, "parse error at line 1, col 5: invalid character NUL");
}

static void test_variants(void **state)
{
	static const char *const texts[] = {
		"(variants(vector(1)) of ({a=\"b\"}[1m]))",
		"sum(variants(vector(1)) of ({a=\"b\"}[1m]))",
		"topk(1, variants(vector(1)) of ({a=\"b\"}[1m]))",
		"label_replace(variants(vector(1)) of ({a=\"b\"}[1m]), \"a\", \"b\", \"c\", \"d\")",
		"variants(variants(vector(1)) of ({a=\"b\"}[1m])) of ({a=\"b\"}[1m])",
		"variants() of ({a=\"b\"}[1m])",
		"variants(vector(1)) off ({a=\"b\"}[1m])",
	};
	struct logql_query q;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(logql_parse(bytes_str(texts[i]), &local, &q, NULL, &e), -1);
	assert_int_equal(logql_parse(BYTES_LIT("1 + variants(rate({}[1m])) of ({}[1m]) * 2 ^ "
					       "variants(rate({}[1m])) of ({}[1m])"),
				     &local, &q, NULL, &e),
			 0);
	assert_int_equal(q.root->kind, LOGQL_BINARY);
	assert_int_equal(q.root->binary.right->binary.left->kind, LOGQL_VARIANTS);
	logql_query_release(&q);
}

static int no_braces(void *ctx, const char *name, struct bytes text, struct err *e)
{
	*(const char **)ctx = name;
	if (text.n && memchr(text.p, '{', text.n))
		return err_set(e, ERR_QUERY, "a brace");
	return 0;
}

static void test_template_check(void **state)
{
	const char *name = "";
	struct logql_opts opts = { .check_template = no_braces, .ctx = &name };
	struct logql_query q;
	struct err e;

	(void)state;
	assert_int_equal(
		logql_parse(BYTES_LIT("{a=\"b\"} | line_format \"x\""), &opts, &q, NULL, &e), 0);
	assert_string_equal(name, "line");
	logql_query_release(&q);
	assert_int_equal(
		logql_parse(BYTES_LIT("{a=\"b\"} | line_format \"{\""), &opts, &q, NULL, &e), -1);
	assert_string_equal(
		e.msg,
		"parse error : stage '| line_format \"{\"' : invalid line template: a brace");
	assert_int_equal(
		logql_parse(BYTES_LIT("{a=\"b\"} | label_format c=d,e=\"{\""), &opts, &q, NULL, &e),
		-1);
	assert_string_equal(name, "label");
	assert_string_equal(e.msg, "parse error : stage '| label_format c=d,e=\"{\"' : invalid "
				   "template for label 'e': a brace");
}

static void test_selector(void **state)
{
	struct logql_query q;
	struct logql_pos pos;
	struct err e;

	(void)state;
	assert_int_equal(logql_parse_selector(BYTES_LIT("{a=\"b\"}"), NULL, &q, NULL, &e), 0);
	assert_int_equal(q.root->log->n_matchers, 1);
	logql_query_release(&q);
	assert_int_equal(logql_parse_selector(BYTES_LIT("{a=\"b\"} |= \"c\""), NULL, &q, &pos, &e),
			 -1);
	assert_int_equal(e.code, ERR_QUERY);
	assert_string_equal(e.msg, "only label matchers are supported");
	assert_int_equal(logql_parse_selector(BYTES_LIT("1"), NULL, &q, &pos, &e), -1);
	assert_int_equal(logql_parse_selector(BYTES_LIT("{a"), NULL, &q, &pos, &e), -1);
	assert_int_equal(pos.col, 3);
}

/* 1: the beginning of a query, which a next line may go on with. */
static void test_begun(void **state)
{
	static const struct {
		int begun;
		const char *text;
	} rows[] = {
		{ 1, "" },
		{ 1, "{" },
		{ 1, "{a=\"b\"," },
		{ 1, "{a=" },
		{ 0, "{a=\"b\"}" },
		{ 1, "{a=\"b}|\"" },  /* brackets in strings are none */
		{ 0, "{a=\"b\\\"}" }, /* a string in quotes ends on its line */
		{ 1, "{a=`b" },
		{ 1, "{a=`\"b`" },
		{ 1, "{a=\"b\"} |" },
		{ 1, "{a=\"b\"} | # json" },
		{ 0, "{a=\"b\"} # |" },
		{ 1, "{a=\"b\"} /* c" },
		{ 1, "{a=\"b\"} |=" },
		{ 1, "{a=\"b\"} |= ip" },
		{ 1, "{a=\"b\"} | json | c" },
		{ 0, "{a=\"b\"} | json | c=1" },
		{ 1, "{a=\"b\"} | json | c=1 and" },
		{ 1, "sum" },
		{ 1, "SUM BY" },
		{ 1, "sum by (" },
		{ 1, "sum by (a)" },
		{ 1, "topk(3," },
		{ 1, "rate({a=\"b\"}" },
		{ 0, "rate({a=\"b\"}[5m" },
		{ 1, "rate({a=\"b\"}[5m]" },
		{ 0, "rate({a=\"b\"}[5m])" },
		{ 1, "rate({a=\"b\"}[5m]) > bool" },
		{ 1, "rate({a=\"b\"}[5m]) /" },
		{ 0, "a" },
		{ 0, "a (" },
		{ 0, "{a=\"b\"} c" },
		{ 0, "{a=\"b\"} |~ \"(\"" },
		{ 0, "{a=\"b\"} | json | c=~\"(\"" }, /* a regex that is wrong stays wrong */
		{ 0, "sum_over_time({a=\"b\"}[5m])" },
		{ 0, "{a=\"b\"}\xff|" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (logql_is_begun(bytes_str(rows[i].text), &local) != rows[i].begun)
			fail_msg("begun is not %d: %s", rows[i].begun, rows[i].text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_template_check),
		cmocka_unit_test(test_selector),
		cmocka_unit_test(test_begun),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
