/* Templates and what they give, for one entry; errors are in Go's words. */
#include "unit.h"

#include "template/template.h"

static const struct template_label labels[] = {
	{ { "app", 3 }, { "shop", 4 } },
	{ { "dur", 3 }, { "1550ms", 6 } },
	{ { "empty", 5 }, { "", 0 } },
	{ { "js", 2 }, { "{\"b\":{\"c\":[1,2.5,null,true,\"s\"]},\"a\":1e21}", 42 } },
	{ { "msg", 3 }, { "h\xc3\xa9llo \"w\xc3\xb6rld\"", 15 } },
	{ { "n", 1 }, { "12.5", 4 } },
	{ { "path", 4 }, { "/a b?x=1&y=\xc3\xbc", 13 } },
	{ { "size", 4 }, { "4650B", 5 } },
};
enum { N_LABELS = sizeof(labels) / sizeof(*labels) };

static struct bytes get_label(void *ctx, size_t i)
{
	struct bytes name = template_name(ctx, i);

	for (size_t k = 0; k < N_LABELS; k++)
		if (bytes_eq(labels[k].name, name))
			return labels[k].value;
	return BYTES_LIT("");
}

static size_t get_labels(void *ctx, struct arena *mem, struct template_label **ret)
{
	(void)ctx;
	*ret = arena_alloc(mem, sizeof(labels));
	memcpy(*ret, labels, sizeof(labels));
	return 3; /* app, dur, empty */
}

struct example {
	const char *text, *gives;
};

static struct bytes execute(struct template_run *run, struct template *t, int *ret_code)
{
	struct template_entry entry = { .line = BYTES_LIT("the line"),
					.ts_ns = INT64_C(1768472231328620347),
					.ctx = t,
					.label = get_label,
					.labels = get_labels };
	struct bytes out;

	*ret_code = template_execute(t, run, &entry, &out);
	return out;
}

static void check_outputs(const struct example *v, size_t n)
{
	struct template_run *run = template_run_new();

	for (size_t i = 0; i < n; i++) {
		struct err e;
		struct template *t = template_parse(BYTES_LIT("line"), bytes_str(v[i].text), &e);
		struct bytes out;
		int code;

		if (!t)
			fail_msg("%s: %s", v[i].text, e.msg);
		out = execute(run, t, &code);
		if (code != 0 || !bytes_is(out, v[i].gives))
			fail_msg("%s\n gives    %.*s\n expected %s", v[i].text, BYTES_ARG(out),
				 v[i].gives);
		template_free(t);
	}
	template_run_free(run);
}

/* What stands behind "executing ... at " of the message. */
static void check_errors(const struct example *v, size_t n)
{
	struct template_run *run = template_run_new();

	for (size_t i = 0; i < n; i++) {
		struct err e;
		struct template *t = template_parse(BYTES_LIT("line"), bytes_str(v[i].text), &e);
		struct bytes out, want = bytes_str(v[i].gives);
		int code;

		if (!t)
			fail_msg("%s: %s", v[i].text, e.msg);
		out = execute(run, t, &code);
		if (code == 0 || out.n < want.n ||
		    !bytes_eq(bytes_sub(out, out.n - want.n, want.n), want))
			fail_msg("%s\n says     %.*s\n expected %s", v[i].text, BYTES_ARG(out),
				 v[i].gives);
		template_free(t);
	}
	template_run_free(run);
}

#define OUTPUTS(V) check_outputs(V, sizeof(V) / sizeof(*(V)))
#define ERRORS(V)  check_errors(V, sizeof(V) / sizeof(*(V)))

static void test_language(void **state)
{
	static const struct example v[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "a {{- /* gone */ -}} b", "ab" },
		{ "{{/* a comment */}}x", "x" },
		{ "{{.app}}-{{ .nosuch }}-{{.}}", "shop--map[app:shop dur:1550ms empty:]" },
		{ "{{ .app -}}   x   {{- .n }}", "shopx12.5" },
		{ "{{ .app | }}", "shop" },
		{ "{{1}} {{-1}} {{0x1F}} {{0b11}} {{0o17}} {{017}} {{1_000}} {{1.50}} {{1e3}} "
		  "{{'a'}} "
		  "{{'\\n'}} {{'\\u00e9'}} {{true}}",
		  "1 -1 31 3 15 15 1000 1.5 1000 97 10 233 true" },
		{ "{{\"a\\tb\\x41\\u00e9\\\"\"}}{{`raw\\n`}}", "a\tbA\xc3\xa9\"raw\\n" },
		{ "{{1i}} {{1+2i}} {{2i | printf \"%.1f\"}}", "(0+1i) (1+2i) (0.0+2.0i)" },
		{ "{{$x := 1}}{{$x}}{{$x = 2}}{{$x}}{{if true}}{{$x := 3}}{{$x}}{{end}}{{$x}}",
		  "1232" },
		{ "{{with $y := .app}}{{$y}}{{.}}{{$.n}}{{end}}", "shopshop12.5" },
		{ "{{if .nosuch}}a{{else if .empty}}b{{else if .app}}c{{else}}d{{end}}", "c" },
		{ "{{with .nosuch}}a{{else with .n}}{{.}}{{else}}c{{end}}", "12.5" },
		{ "{{if and .app .nosuch}}a{{else}}b{{end}}", "b" },
		{ "{{or .nosuch .app (div 1 0)}} {{and .nosuch (div 1 0)}}|", "shop |" },
		{ "{{not .nosuch}} {{not 1}} {{not 0.0}}", "true false true" },
		{ "{{range $i, $e := fromJson \"[7,8]\"}}{{$i}}{{$e}};{{end}}", "07;18;" },
		{ "{{range fromJson \"[]\"}}x{{else}}none{{end}}", "none" },
		{ "{{range $k, $v := fromJson .js}}{{$k}} {{end}}", "a b " },
		{ "{{range $k, $v := .}}{{$k}}={{$v}} {{end}}", "app=shop dur=1550ms empty= " },
		{ "{{range 3}}{{.}}{{end}} {{range $i := 2}}{{$i}}{{end}}", "012 01" },
		{ "{{range 9}}{{if eq . 1}}{{continue}}{{end}}{{if eq . "
		  "4}}{{break}}{{end}}{{.}}{{end}}",
		  "023" },
		{ "{{range 2}}{{range 3}}{{break}}{{end}}{{.}}{{end}}", "01" },
		{ "{{$i := 0}}{{range $i = fromJson \"[4,5]\"}}{{end}}{{$i}}", "5" },
		{ "{{define \"a\"}}[{{.}}{{$}}]{{end}}{{template \"a\" .app}}{{template `a`}}",
		  "[shopshop][<no value><no value>]" },
		{ "{{block \"b\" .n}}<{{.}}>{{end}}", "<12.5>" },
		{ "{{(fromJson .js).b.c}} {{(fromJson .js).a}} {{(fromJson .js).z}}",
		  "[1 2.5 <nil> true s] 1e+21 <no value>" },
		{ "{{$j := fromJson .js}}{{index $j.b.c 1}} {{index $j \"b\" \"c\" 4}} {{len $j}}",
		  "2.5 s 2" },
		{ "{{.}}", "map[app:shop dur:1550ms empty:]" },
		{ "{{index . \"app\"}} {{index . \"zz\"}}| {{len .}} {{index \"abc\" 1}}",
		  "shop | 3 98" },
		{ "{{slice .app 1 3}} {{slice .app 2}} {{slice (fromJson \"[1,2,3]\") 1}}",
		  "ho op [2 3]" },
		{ "{{(.app)}} {{((.app | len))}}", "shop 4" },
	};

	(void)state;
	OUTPUTS(v);
}

static void test_compare(void **state)
{
	static const struct example v[] = {
		{ "{{eq 1 1}} {{eq 1 2 1}} {{eq \"a\" \"a\"}} {{eq true true}} {{eq 1.5 1.5}}",
		  "true true true true true" },
		{ "{{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 2 2}} {{lt \"a\" \"b\"}}",
		  "true true true false true true" },
		{ "{{eq nil (fromJson \"null\")}} {{ne .app .n}}", "true true" },
		{ "{{eq (index \"a\" 0) 97}} {{gt (int .n) -1}}", "true true" },
		{ "{{le (float64 \"NaN\") 1.0}} {{gt (float64 \"NaN\") 1.0}}", "false true" },
	};
	static const struct example wrong[] = {
		{ "{{eq 1 .app}}", "error calling eq: incompatible types for comparison" },
		{ "{{eq 1}}", "error calling eq: missing argument for comparison" },
		{ "{{eq}}", "wrong number of args for eq: want at least 1 got 0" },
		{ "{{lt 1}}", "wrong number of args for lt: want 2 got 1" },
		{ "{{lt true false}}", "error calling lt: invalid type for comparison" },
		{ "{{lt 1 1.5}}", "error calling lt: incompatible types for comparison" },
		{ "{{eq (fromJson \"[1]\") (fromJson \"[1]\")}}",
		  "error calling eq: non-comparable type [1]: []interface {}" },
	};

	(void)state;
	OUTPUTS(v);
	ERRORS(wrong);
}

static void test_print(void **state)
{
	static const struct example v[] = {
		{ "{{print 1 2 \"a\" \"b\" 3}} {{println 1 \"a\"}}", "1 2ab3 1 a\n" },
		{ "{{printf \"%d|%5d|%-5d|%05d|%+d|% d|%x|%X|%#x|%o|%b|%c|%U|%q\" 42 42 42 42 42 "
		  "42 42 "
		  "42 42 42 42 42 42 42}}",
		  "42|   42|42   |00042|+42| 42|2a|2A|0x2a|52|101010|*|U+002A|'*'" },
		{ "{{printf \"%s|%8s|%-8s|%.2s|%q|%x|% x|%v\" .app .app .app .app .app .app .app "
		  ".app}}",
		  "shop|    shop|shop    |sh|\"shop\"|73686f70|73 68 6f 70|shop" },
		{ "{{printf \"%f|%.2f|%8.3f|%e|%g|%g|%v|%v|%+.1f|%08.2f\" 1.5 1.5 1.5 1.5 1.5 1e6 "
		  "1e6 "
		  "123456.0 1.5 -1.5}}",
		  "1.500000|1.50|   1.500|1.500000e+00|1.5|1e+06|1e+06|123456|+1.5|-0001.50" },
		{ "{{printf \"%t %v %5t\" true false true}}", "true false  true" },
		{ "{{printf \"%T %T %T %T\" 1 1.5 .app (fromJson .js)}}",
		  "int float64 string map[string]interface {}" },
		{ "{{printf \"%d %s %f %t\" .app 1 1 1}}",
		  "%!d(string=shop) %!s(int=1) %!f(int=1) %!t(int=1)" },
		{ "{{printf \"%d\"}} {{printf \"x\" 1 .app}} {{printf \"%z\" 1}} {{printf \"%\"}} "
		  "{{printf \"100%%\"}}",
		  "%!d(MISSING) x%!(EXTRA int=1, string=shop) %!z(int=1) %!(NOVERB) 100%" },
		{ "{{printf \"%[2]d %[1]d %[3]d\" 1 2}} {{printf \"%*d|%.*f\" 4 7 1 2.55}}",
		  "2 1 %!d(BADINDEX)    7|2.5" },
		{ "{{printf \"%v %s\" nil nil}}", "<nil> %!s(<nil>)" },
		{ "{{printf \"%v %q %#v\" (fromJson .js).b (fromJson \"[\\\"x\\\"]\") (fromJson "
		  "\"[1]\")}}",
		  "map[c:[1 2.5 <nil> true s]] [\"x\"] []interface {}{1}" },
		{ "{{printf \"%q %+q %#q\" .msg .msg .app}}",
		  "\"h\xc3\xa9llo \\\"w\xc3\xb6rld\\\"\" \"h\\u00e9llo \\\"w\\u00f6rld\\\"\" "
		  "`shop`" },
		{ "{{printf \"%6.2f%%|%6d|%t\" 12.345 3 true}}", " 12.35%|     3|true" },
		{ "{{html \"<a href='x'>&\\\"\"}} {{urlquery .path}}",
		  "&lt;a href=&#39;x&#39;&gt;&amp;&#34; %2Fa+b%3Fx%3D1%26y%3D%C3%BC" },
		{ "{{js \"it's <b>=\\n\\u00e9\"}}",
		  "it\\'s \\u003Cb\\u003E\\u003D\\u000A\xc3\xa9" },
	};

	(void)state;
	OUTPUTS(v);
}

static void test_strings(void **state)
{
	static const struct example v[] = {
		{ "{{ToLower \"AB\"}}{{ToUpper .app}}{{lower \"\xc3\x84\"}}{{upper .msg}}",
		  "abSHOP\xc3\xa4H\xc3\x89LLO \"W\xc3\x96RLD\"" },
		{ "{{title \"h\xc3\xa9llo w\xc3\xb6rld-foo_bar 1st\"}}",
		  "H\xc3\xa9llo W\xc3\xb6rld-Foo_bar 1st" },
		{ "{{Trim \"xxaxx\" \"x\"}}{{TrimLeft \"xax\" \"x\"}}{{TrimRight \"xax\" \"x\"}}"
		  "{{TrimPrefix \"abc\" \"a\"}}{{TrimSuffix \"abc\" \"c\"}}{{TrimSpace \" s \"}}",
		  "aaxxabcabs" },
		{ "{{trim \" a \"}}|{{trimAll \"$\" \"$5.00$\"}}|{{trimPrefix \"-\" \"-h\"}}|"
		  "{{trimSuffix \"-\" \"h-\"}}",
		  "a|5.00|h|h" },
		{ "{{trunc 2 \"h\xc3\xa9\"}}|{{trunc -2 .app}}|{{trunc 9 .app}}|{{trunc -9 .app}}",
		  "h\xc3|op|shop|shop" },
		{ "{{substr 1 3 .app}}|{{substr -1 2 .app}}|{{substr 2 -1 .app}}|{{substr 1 99 "
		  ".app}}",
		  "ho|sh|op|hop" },
		{ "{{contains \"ho\" .app}} {{hasPrefix \"sh\" .app}} {{hasSuffix \"x\" .app}}",
		  "true true false" },
		{ "{{repeat 3 \"ab\"}}|{{indent 2 \"a\\nb\"}}|{{nindent 1 \"a\"}}",
		  "ababab|  a\n  b|\n a" },
		{ "{{alignLeft 6 .app}}|{{alignLeft 2 .msg}}|{{alignRight 6 .app}}|{{alignRight 3 "
		  ".app}}|"
		  "{{alignLeft -1 .app}}",
		  "shop  |h\xc3\xa9|  shop|hop|shop" },
		{ "{{replace \"o\" \"0\" .msg}}|{{Replace \"aaa\" \"a\" \"b\" 2}}|{{Replace \"ab\" "
		  "\"\" \"-\" -1}}",
		  "h\xc3\xa9ll0 \"w\xc3\xb6rld\"|bba|-a-b-" },
		{ "{{regexReplaceAll \"(?P<x>[a-z])(o)\" \"shop foo\" \"${2}$x$$1-$9-\"}}",
		  "soh$1--p of$1--o" },
		{ "{{regexReplaceAll \"x*\" \"abxc\" \"-\"}} {{regexReplaceAllLiteral \"b\" "
		  "\"abc\" \"$0\"}}",
		  "-a-b-c- a$0c" },
		{ "{{count \"o\" \"foo bo\"}} {{count \"x*\" \"ab\"}} {{.app | count .nosuch}}",
		  "3 3 5" },
		{ "{{b64enc .app}} {{b64dec \"c2hvcA==\"}} {{b64dec \"!\"}}",
		  "c2hvcA== shop illegal base64 data at input byte 0" },
		{ "{{urlencode .path}} {{urldecode \"%2Fa+b%21\"}}",
		  "%2Fa+b%3Fx%3D1%26y%3D%C3%BC /a b!" },
		{ "{{bytes .size}} {{bytes \"1.5MB\"}} {{bytes \"2KiB\"}} {{duration .dur}} "
		  "{{duration_seconds \"1h2m3s\"}}",
		  "4650 1.5e+06 2048 1.55 3723" },
		{ "{{default \"d\" .nosuch}} {{.app | default \"d\"}} {{default 1 0}} {{fromJson "
		  "\"bad\"}}",
		  "d shop 1 <no value>" },
		{ "{{__line__}} {{len __line__}}", "the line 8" },
	};
	static const struct example wrong[] = {
		{ "{{upper 1}}", "at <1>: expected string; found 1" },
		{ "{{upper nil}}", "cannot assign nil to string" },
		{ "{{1 | upper}}", "at <upper>: wrong type for value; expected string; got int" },
		{ "{{fromJson \"bad\" | upper}}", "invalid value; expected string" },
		{ "{{trunc \"a\" .app}}", "at <\"a\">: expected integer; found \"a\"" },
		{ "{{trunc (add 1 2) .app}}", "wrong type for value; expected int; got int64" },
		{ "{{upper .app .n}}", "wrong number of args for upper: want 1 got 2" },
		{ "{{substr 3 1 .app}}",
		  "error calling substr: runtime error: slice bounds out of range [3:1]" },
		{ "{{repeat -1 .app}}", "error calling repeat: strings: negative Repeat count" },
		{ "{{urldecode \"%zz\"}}", "error calling urldecode: invalid URL escape \"%zz\"" },
		{ "{{bytes \"oops\"}}",
		  "error calling bytes: strconv.ParseFloat: parsing \"\": invalid syntax" },
		{ "{{duration \"5\"}}",
		  "error calling duration: time: missing unit in duration \"5\"" },
		{ "{{duration \"5x\"}}",
		  "error calling duration: time: unknown unit \"x\" in duration \"5x\"" },
		{ "{{.app.x}}", "at <.app.x>: can't evaluate field x in type string" },
		{ "{{(fromJson .js).z.y}}", "nil pointer evaluating interface {}.y" },
		{ "{{.app 1}}", "app is not a method but has arguments" },
		{ "{{nil}}", "at <nil>: nil is not a command" },
		{ "{{1 2}}", "at <1>: can't give argument to non-function 1" },
		{ "{{index (fromJson \"[1]\") 2}}", "error calling index: index out of range: 2" },
		{ "{{len 3}}", "error calling len: len of type int" },
		{ "{{range .app}}{{end}}", "at <.app>: range can't iterate over shop" },
		{ "{{template \"zz\"}}", "at <{{template \"zz\"}}>: template \"zz\" not defined" },
		{ "{{18446744073709551615}}", "18446744073709551615 overflows int" },
	};

	(void)state;
	OUTPUTS(v);
	ERRORS(wrong);
}

static void test_math(void **state)
{
	static const struct example v[] = {
		{ "{{add 1 2 3}} {{sub 5 2}} {{mul 2 3 4}} {{div 7 2}} {{mod 7 3}} {{div -7 2}}",
		  "6 3 24 3 1 -3" },
		{ "{{add .n \"2\" true}} {{max 1 \"5\" 3}} {{min 4 2}} {{maxf 1.5 .n}} {{minf 1.5 "
		  ".n}}",
		  "3 5 2 12.5 1.5" },
		{ "{{addf 0.1 0.2}} {{subf 10 0.1}} {{mulf 1e10 1e10}} {{divf 1 3}} {{divf 2 3}}",
		  "0.3 9.9 1e+20 0.3333333333333333 0.6666666666666667" },
		{ "{{divf -1 3}} {{divf 10 4}} {{addf .n 1.5}} {{subf 1 1}} {{mulf 0 5}} {{addf}}",
		  "-0.3333333333333333 2.5 14 0 0 0" },
		{ "{{ceil 1.2}} {{floor -1.5}} {{round 2.5 0}} {{round 1.2345 2}} {{round 1.25 0 "
		  "0.2}}",
		  "2 -2 3 1.23 2" },
		{ "{{int \"12\"}} {{int 12.9}} {{int .n}} {{int \"9.00\"}} {{int \"0x10\"}} {{int "
		  "\"010\"}} "
		  "{{int true}} {{int nil}}",
		  "12 12 0 9 16 8 1 0" },
		{ "{{float64 .n}} {{float64 \"abc\"}} {{float64 \"1e400\"}} {{float64 \"inf\"}}",
		  "12.5 0 0 +Inf" },
		{ "{{1e20 | printf \"%v\"}} {{0.00001}} {{0.0001}} {{100000.0}} {{1000000.0}}",
		  "1e+20 1e-05 0.0001 100000 1e+06" },
		{ "{{add 9223372036854775807 1}}", "-9223372036854775808" },
	};
	static const struct example wrong[] = {
		{ "{{div 7 0}}",
		  "at <div 7 0>: error calling div: runtime error: integer divide by zero" },
		{ "{{mod 7 .nosuch}}", "error calling mod: runtime error: integer divide by zero" },
		{ "{{divf 1 0}}", "error calling divf: decimal division by 0" },
		{ "{{addf \"NaN\" 1}}", "error calling addf: Cannot create a Decimal from NaN" },
		{ "{{1.5 | round 0}}", "at <0>: wrong type for value; expected int; got float64" },
	};

	(void)state;
	OUTPUTS(v);
	ERRORS(wrong);
}

static void test_time(void **state)
{
	static const struct example v[] = {
		{ "{{__timestamp__}}", "2026-01-15 10:17:11.328620347 +0000 UTC" },
		{ "{{__timestamp__ | unixEpoch}} {{unixEpochMillis __timestamp__}} "
		  "{{__timestamp__ | unixEpochNanos}}",
		  "1768472231 1768472231328 1768472231328620347" },
		{ "{{date \"Mon Jan _2 2006 3:04PM .000 .999999 -0700 Z07:00 MST 002\" "
		  "__timestamp__}}",
		  "Thu Jan 15 2026 10:17AM .328 .32862 +0000 Z UTC 015" },
		{ "{{date \"2006-01-02\" 86400}}", "1970-01-02" },
		{ "{{toDate \"2006-01-02\" \"2021-11-02\" | unixEpoch}} {{toDate \"2006\" \"x\" | "
		  "unixEpoch}}",
		  "1635811200 -62135596800" },
		{ "{{toDateInZone \"2006-01-02\" \"No/Zone\" \"2026-07-01\" | unixEpoch}}",
		  "1782864000" },
		{ "{{unixToTime \"19373\" | date \"2006-01-02\"}} {{unixToTime \"1768472231328\"}}",
		  "2023-01-16 2026-01-15 10:17:11.328 +0000 UTC" },
		{ "{{__timestamp__.Year}} {{__timestamp__.Month}} {{__timestamp__.Weekday}} "
		  "{{__timestamp__.Unix}} {{__timestamp__.Format \"15:04\"}}",
		  "2026 January Thursday 1768472231 10:17" },
		{ "{{(now).After __timestamp__}} {{(now.Sub now).Nanoseconds | lt 1}}",
		  "true false" },
		{ "{{printf \"%d %v\" __timestamp__.Month __timestamp__.Month}}", "1 January" },
	};
	static const struct example wrong[] = {
		{ "{{unixToTime \"12\"}}",
		  "error calling unixToTime: unable to parse time '12': %!w(<nil>)" },
		{ "{{unixToTime \"x\"}}", "error calling unixToTime: unable to parse time 'x': "
					  "strconv.ParseInt: parsing \"x\": invalid syntax" },
		{ "{{__timestamp__ | toDate \"x\"}}",
		  "at <\"x\">: wrong type for value; expected string; got time.Time" },
		{ "{{unixEpoch 1}}", "can't handle 1 for arg of type time.Time" },
	};

	(void)state;
	OUTPUTS(v);
	ERRORS(wrong);
}

/* Nothing that a template asks for takes long or much memory. */
static void test_limits(void **state)
{
	static const struct example wrong[] = {
		{ "{{range 1000000000}}x{{end}}", "more than 100000 steps" },
		{ "{{range 9999}}{{range 9999}}{{end}}{{end}}", "more than 100000 steps" },
		{ "{{repeat 1000000000 \"x\"}}", "longer than 4194304 bytes" },
		{ "{{indent 9000000000000000000 \"x\"}}", "longer than 4194304 bytes" },
		{ "{{alignLeft 9999999999 \"x\"}}", "longer than 4194304 bytes" },
		{ "{{$x := repeat 4000000 \"x\"}}{{$x}}{{$x}}", "longer than 4194304 bytes" },
		{ "{{range 100}}{{$x := repeat 4000000 \"x\"}}{{end}}",
		  "values of more than 33554432 bytes" },
		{ "{{define \"a\"}}{{template \"a\" .}}{{end}}{{template \"a\" .}}",
		  "exceeded maximum template depth (100)" },
		{ "{{mulf 1e300 1e300 1e300 | mulf 1e300}}",
		  "error calling mulf: Cannot create a Decimal from +Inf" },
	};
	static const struct example v[] = {
		{ "{{len (printf \"%1000000d\" 1)}} {{len (printf \"%.1000000f\" 1.5)}}",
		  "1000000 1000002" },
		{ "{{printf \"%1000001d\" 1}}", "%!(NOVERB)%!(EXTRA int=1)" },
	};

	(void)state;
	ERRORS(wrong);
	OUTPUTS(v);
}

static void test_refused(void **state)
{
	static const struct example v[] = {
		{ "{{", "unclosed action" },
		{ "x\n\n{{.a", "unclosed action" },
		{ "{{.a\n", "unclosed action started at line:1" },
		{ "{{end}}", "unexpected {{end}}" },
		{ "{{else}}", "unexpected {{else}}" },
		{ "{{if}}x{{end}}", "missing value for if" },
		{ "{{ range }}", "missing value for range" },
		{ "{{}}", "missing value for command" },
		{ "{{if .a}}", "unexpected EOF" },
		{ "{{nosuch}}", "function \"nosuch\" not defined" },
		{ "{{$x}}", "undefined variable \"$x\"" },
		{ "{{break}}", "{{break}} outside {{range}}" },
		{ "{{continue}}", "{{continue}} outside {{range}}" },
		{ "{{\"a}}", "unterminated quoted string" },
		{ "{{`a}}", "unterminated raw quoted string" },
		{ "{{'a}}", "unterminated character constant" },
		{ "{{'ab'}}", "malformed character constant: 'ab'" },
		{ "{{\"\\w\"}}", "invalid syntax" },
		{ "{{(.a}}", "unclosed left paren" },
		{ "{{.a)}}", "unexpected right paren" },
		{ "{{/* x}}", "unclosed comment" },
		{ "{{/* x */ y}}", "comment ends before closing delimiter" },
		{ "{{1a}}", "bad number syntax: \"1a\"" },
		{ "{{.a:b}}", "expected :=" },
		{ "{{.a!}}", "bad character U+0021 '!'" },
		{ "{{\x01}}", "unrecognized character in action: U+0001" },
		{ "{{99999999999999999999}}", "integer overflow: \"99999999999999999999\"" },
		{ "{{.a | 1}}", "non executable command in pipeline stage 2" },
		{ "{{1.x}}", "bad number syntax: \"1.x\"" },
		{ "{{\"a\".x}}", "unexpected . after term \"\\\"a\\\"\"" },
		{ "{{. = 1}}", "unexpected \"=\" in operand" },
		{ "{{if .a}}{{else}}{{else}}{{end}}", "expected end; found {{else}}" },
		{ "{{template}}", "unexpected \"}}\" in template clause" },
		{ "{{define \"a\"}}x", "unexpected EOF" },
		{ "{{define \"a\"}}x{{end}}{{define \"a\"}}y{{end}}",
		  "template: multiple definition of template \"a\"" },
		{ "{{range $a, $b, $c := .}}{{end}}", "too many declarations in range" },
		{ "{{$a, $b := .}}", "too many declarations in command" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct err e = { .code = ERR_NONE };
		struct template *t = template_parse(BYTES_LIT("line"), bytes_str(v[i].text), &e);

		if (t)
			fail_msg("%s is not refused", v[i].text);
		assert_int_equal(e.code, ERR_QUERY);
		if (!strstr(e.msg, v[i].gives))
			fail_msg("%s\n says     %s\n expected %s", v[i].text, e.msg, v[i].gives);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_language), cmocka_unit_test(test_compare),
		cmocka_unit_test(test_print),	 cmocka_unit_test(test_strings),
		cmocka_unit_test(test_math),	 cmocka_unit_test(test_time),
		cmocka_unit_test(test_limits),	 cmocka_unit_test(test_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
