/* Random queries, as text, from the grammar: they parse, and often find something in the data of
 * make_data.c. */
#include "make.h"

#include "../unit/unit.h"
#include "time/time.h"

#define PICK(state, list) ((list)[rnd_below(state, sizeof(list) / sizeof(*(list)))])

static bool one_in(uint64_t *state, size_t n)
{
	return rnd_below(state, n) == 0;
}

struct gen {
	uint64_t *state;
	struct buf *b;
};

static void add(const struct gen *g, const char *text)
{
	buf_add_str(g->b, text);
}

/* In double quotes or backticks. */
static void add_string(const struct gen *g, const char *text)
{
	if (one_in(g->state, 3) && !strchr(text, '`')) {
		buf_addf(g->b, "`%s`", text);
		return;
	}
	buf_add_char(g->b, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_char(g->b, '\\');
		buf_add_char(g->b, *text);
	}
	buf_add_char(g->b, '"');
}

static const char *const regexes[] = { "GET|POST",	"\\d+ms",    "(?i)error", "^\\{", "us.r",
				       "[0-9]{3}",	"a.*b",	     "err(or)?",  "^$",	  "x",
				       "(?:bob|alice)", "10\\.0\\.", "\\w+=\\w+", "",	  "h.llo" };
static const char *const texts[] = {
	"GET", "error",	    "bob",    "10.0", "200", "status", "=",
	"\"",  "h\xc3\xa9", "user=x", "",     "{",   "or",     "Error"
};
static const char *const values[] = { "GET", "bob", "web", "prod", "200", "error", "x", "", "p-1" };
static const char *const value_res[] = { "web|api", "p-[0-3]", "b.+",  "(bob|alice)", "[a-z]+",
					 "",	    ".+",      "\\d+", "prod|" };
static const char *const ranges[] = { "8m32s", "1m4s", "2m8s", "4m16s", "8m32s",
				      "1m",    "5m",   "64s",  "17m4s" };
static const char *const addresses[] = { "10.0.0.0/24", "10.0.0.7", "192.168.0.0-192.168.2.0",
					 "fe80::1", "2001:db8::/32" };
static const char *const comparisons[] = { "=", "==", "!=", ">", ">=", "<", "<=" };

static void matcher(const struct gen *g, const char *name)
{
	static const char *const ops[] = { "=", "!=", "=~", "!~" };
	size_t op = rnd_below(g->state, 4);

	buf_addf(g->b, "%s%s", name, ops[op]);
	add_string(g, op < 2 ? PICK(g->state, values) : PICK(g->state, value_res));
}

static void selector(const struct gen *g)
{
	static const char *const sure[] = { "app=~`.+`",    "pod=~`.+`",   "app=~\"w.*|api\"",
					    "app=\"web\"",  "app=\"api\"", "pod=~\"p-.\"",
					    "env=\"prod\"", "app!=\"\"" };
	static const char *const streams[] = { "app", "env", "pod", "region", "none" };

	buf_addf(g->b, "{%s", PICK(g->state, sure));
	while (one_in(g->state, 6)) {
		add(g, ", ");
		matcher(g, PICK(g->state, streams));
	}
	add(g, "}");
}

static void line_filter(const struct gen *g)
{
	static const char *const patterns[] = { "<_>GET<_>", "<_> - <_>",     "{<_>}",
						"<_>error",  "user<_>",	      "<_>=<_>",
						"GET",	     "<_>\"<_>\"<_>", "<_> <_>" };
	static const char *const ops[] = { "|=", "!=", "|~", "!~", "|>", "!>" };
	size_t op = rnd_below(g->state, 6);

	if (op < 2 && one_in(g->state, 6)) {
		buf_addf(g->b, " %s ip(\"%s\")", ops[op], PICK(g->state, addresses));
		return;
	}
	buf_addf(g->b, " %s ", ops[op]);
	for (bool first = true; first || one_in(g->state, 4); first = false) {
		if (!first)
			add(g, " or ");
		add_string(g, op < 2   ? PICK(g->state, texts)
			      : op < 4 ? PICK(g->state, regexes)
				       : PICK(g->state, patterns));
	}
}

static void condition(const struct gen *g, int depth)
{
	static const char *const numbers[] = { "0", "1", "200", "3.25", "1e3", "404", "0.5" };
	static const char *const durations[] = { "250ms", "1s", "1.5s", "1m", "1h30m", "10us" };
	static const char *const sizes[] = { "100B", "1KB", "1.5MB", "2KB", "7B" };
	static const char *const joins[] = { " and ", " or ", ", ", " " };
	const char *op = PICK(g->state, comparisons), *name = nv_pick_label(g->state);

	if (depth > 0 && one_in(g->state, 3)) {
		bool inside = one_in(g->state, 2);

		add(g, inside ? "(" : "");
		condition(g, depth - 1);
		add(g, PICK(g->state, joins));
		condition(g, depth - 1);
		add(g, inside ? ")" : "");
		return;
	}
	switch (rnd_below(g->state, 6)) {
	case 0:
	case 1:
		matcher(g, name);
		break;
	case 2:
		buf_addf(g->b, "%s %s %s", one_in(g->state, 2) ? "status" : name, op,
			 PICK(g->state, numbers));
		break;
	case 3:
		buf_addf(g->b, "%s %s %s", one_in(g->state, 2) ? "dur" : name, op,
			 PICK(g->state, durations));
		break;
	case 4:
		buf_addf(g->b, "%s %s %s", one_in(g->state, 2) ? "size" : name, op,
			 PICK(g->state, sizes));
		break;
	default:
		buf_addf(g->b, "%s %s ip(\"%s\")", one_in(g->state, 2) ? "ip" : name,
			 one_in(g->state, 2) ? "=" : "!=", PICK(g->state, addresses));
	}
}

static void parser(const struct gen *g)
{
	static const char *const regexps[] = { "(?P<method>\\w+) (?P<path>\\S+)",
					       "status=(?P<status>\\d+)",
					       "^(?P<ip>\\S+) - (?P<user>\\w+)",
					       "(?P<app>e(?P<n>r)ror)?" };
	static const char *const patterns[] = {
		"<ip> - <user> [<_>] \"<method> <_>\" <status> <size>", "user=<user> <_>",
		"<method> <_>", "{<msg>}", "<_>=<app>"
	};
	static const char *const json_exprs[] = { "n",
						  "status",
						  "x=\"o.x\"",
						  "app",
						  "tag=\"n[0]\"",
						  "deep=`o[\"q r\"].x`",
						  "user=\"msg\"",
						  "o",
						  "c=\"size[2].c\"" };
	static const char *const logfmt_exprs[] = { "n",    "status",	 "user=\"msg\"",
						    "app",  "d=\"dur\"", "size=\"n\"",
						    "trace" };

	switch (rnd_below(g->state, 9)) {
	case 0:
	case 1:
	case 2:
		add(g, " | json");
		if (one_in(g->state, 3))
			for (size_t i = 0, n = 1 + rnd_below(g->state, 3); i < n; i++)
				buf_addf(g->b, "%s %s", i ? "," : "", PICK(g->state, json_exprs));
		break;
	case 3:
	case 4:
	case 5:
		add(g, " | logfmt");
		add(g, one_in(g->state, 4) ? " --strict" : "");
		add(g, one_in(g->state, 4) ? " --keep-empty" : "");
		if (one_in(g->state, 3))
			for (size_t i = 0, n = 1 + rnd_below(g->state, 3); i < n; i++)
				buf_addf(g->b, "%s %s", i ? "," : "", PICK(g->state, logfmt_exprs));
		break;
	case 6:
		add(g, " | regexp ");
		add_string(g, PICK(g->state, regexps));
		break;
	case 7:
		add(g, " | pattern ");
		add_string(g, PICK(g->state, patterns));
		break;
	default:
		add(g, " | unpack");
	}
}

static void template(const struct gen *g)
{
	struct buf t = { 0 };

	nv_make_template(g->state, &t);
	add_string(g, buf_str(&t));
	buf_release(&t);
}

static void label_format(const struct gen *g)
{
	static const char *const dst[] = { "new", "app", "status", "user", "n", "env" };
	size_t at = rnd_below(g->state, 6);

	add(g, " | label_format ");
	for (size_t i = 0, n = 1 + rnd_below(g->state, 3); i < n; i++, at++) {
		buf_addf(g->b, "%s%s=", i ? ", " : "", dst[at % 6]);
		if (one_in(g->state, 2))
			template(g);
		else
			add(g, nv_pick_label(g->state));
	}
}

static void picks(const struct gen *g)
{
	add(g, one_in(g->state, 2) ? " | drop " : " | keep ");
	for (size_t i = 0, n = 1 + rnd_below(g->state, 3); i < n; i++) {
		add(g, i ? ", " : "");
		if (one_in(g->state, 3))
			matcher(g, nv_pick_label(g->state));
		else
			add(g, nv_pick_label(g->state));
	}
}

static void stages(const struct gen *g, size_t n)
{
	static const char *const others[] = { " | decolorize",
					      " | decolorize",
					      " | __error__=\"\"",
					      " | __error__=\"\"",
					      " | __error__!=\"\"",
					      " | __error__=~`J.+|T.+`",
					      " | __error__!~`L.+` or status > 200",
					      " | drop __error__, level=\"x\"",
					      " | drop user, __error__=\"JSONParserErr\"",
					      " | keep __error__, app, n=~\".+\"" };

	for (size_t i = 0, before = 0, kind; i < n; i++, before = kind) {
		kind = rnd_below(g->state, 12);
		if (kind == 0 && before == 10) /* drop a != "b" is another thing */
			kind = 2;
		switch (kind) {
		case 0:
			line_filter(g);
			break;
		case 2:
		case 3:
		case 4:
		case 5:
		case 1:
			parser(g);
			break;
		case 6:
		case 7:
			add(g, " | ");
			condition(g, 2);
			break;
		case 8:
			add(g, " | line_format ");
			template(g);
			break;
		case 9:
			label_format(g);
			break;
		case 10:
			picks(g);
			break;
		default:
			add(g, PICK(g->state, others));
		}
	}
}

static void names(const struct gen *g, size_t max)
{
	static const char *const few[] = {
		"app", "env", "pod", "status", "user", "method", "none"
	};

	add(g, "(");
	for (size_t i = 0, n = rnd_below(g->state, max + 1), at = rnd_below(g->state, 7); i < n;
	     i++)
		buf_addf(g->b, "%s%s", i ? ", " : "", few[(at + i) % 7]);
	add(g, ")");
}

static void grouping(const struct gen *g)
{
	add(g, one_in(g->state, 3) ? " without " : " by ");
	names(g, 3);
}

static void window(const struct gen *g)
{
	buf_addf(g->b, " [%s]", PICK(g->state, ranges));
	if (one_in(g->state, 4))
		buf_addf(g->b, " offset %s", one_in(g->state, 3) ? "-1m" : PICK(g->state, ranges));
}

/* its: the selector, the parser and the stages are its own; else a variant's, which has none. */
static void range_agg(const struct gen *g, bool its)
{
	static const char *const plain[] = { "count_over_time", "rate", "bytes_over_time",
					     "bytes_rate", "absent_over_time" };
	static const char *const values_of[] = { "sum_over_time",
						 "rate_counter",
						 "avg_over_time",
						 "min_over_time",
						 "max_over_time",
						 "stdvar_over_time",
						 "stddev_over_time",
						 "quantile_over_time",
						 "first_over_time",
						 "last_over_time",
						 "rate",
						 "absent_over_time" };
	static const char *const convs[] = { "%s", "%s", "bytes(%s)", "duration(%s)",
					     "duration_seconds(%s)" };
	static const char *const quantiles[] = { "0", "0.5", "0.75", "1", "1.5" };
	static const char *const unwrapped[] = { "n", "status", "dur", "size", "o_x", "total" };
	bool unwrap = one_in(g->state, 2);
	size_t i = rnd_below(g->state, unwrap ? 12 : 5);
	bool early = one_in(g->state, 8);

	buf_addf(g->b, "%s(", unwrap ? values_of[i] : plain[i]);
	if (unwrap && i == 7)
		buf_addf(g->b, "%s, ", PICK(g->state, quantiles));
	selector(g);
	if (early)
		window(g);
	if (its && unwrap && !one_in(g->state, 6))
		parser(g);
	if (its)
		stages(g, rnd_below(g->state, unwrap ? 2 : 4));
	if (its && !one_in(g->state, 6))
		add(g, " | __error__=\"\"");
	if (unwrap) {
		char text[64];

		(void)snprintf(text, sizeof(text), "%s", PICK(g->state, convs));
		add(g, " | unwrap ");
		for (const char *p = text; *p; p++) { /* where %s stands, the name */
			if (p[0] == '%') {
				add(g, PICK(g->state, unwrapped));
				p++;
			} else {
				buf_add_char(g->b, *p);
			}
		}
		if (!one_in(g->state, 6))
			add(g, " | __error__=\"\"");
	}
	if (!early)
		window(g);
	add(g, ")");
	if (unwrap && i >= 2 && i <= 9 && one_in(g->state, 2))
		grouping(g);
}

static void metric(const struct gen *g, int depth);

static void vector_agg(const struct gen *g, int depth)
{
	static const char *const ops[] = { "sum",   "sum",	 "avg",	       "min",  "max",
					   "count", "stddev",	 "stdvar",     "topk", "bottomk",
					   "sort",  "sort_desc", "approx_topk" };
	size_t op = rnd_below(g->state, 13);
	bool before = one_in(g->state, 2), grouped = op < 10 && !one_in(g->state, 3);

	add(g, ops[op]);
	if (grouped && before)
		grouping(g);
	add(g, "(");
	if ((op >= 8 && op <= 9) || op == 12)
		buf_addf(g->b, "%d, ", (int)(1 + rnd_below(g->state, 3)));
	metric(g, depth - 1);
	add(g, ")");
	if (grouped && !before)
		grouping(g);
}

static void number(const struct gen *g)
{
	static const char *const list[] = { "0", "1", "2", "0.5", "3", "100", "-1", "1e3" };

	add(g, PICK(g->state, list));
}

static void binary(const struct gen *g, int depth)
{
	static const char *const ops[] = { "+", "-",  "*", "/",	 "%",	"^",  "==",    "!=",
					   ">", ">=", "<", "<=", "and", "or", "unless" };
	size_t op = rnd_below(g->state, 15), which = rnd_below(g->state, 4);
	bool set = op >= 12, with_number = !set && which < 2;
	struct buf same = { 0 };

	if (with_number && which == 0) {
		number(g);
	} else {
		size_t start = g->b->n;

		add(g, "(");
		metric(g, depth - 1);
		add(g, ")");
		if (one_in(g->state, 2))
			buf_add(&same, g->b->p + start, g->b->n - start);
	}
	buf_addf(g->b, " %s ", ops[op]);
	if (op >= 6 && op < 12 && one_in(g->state, 2))
		add(g, "bool ");
	if (!with_number && one_in(g->state, 2)) {
		add(g, one_in(g->state, 2) ? "on " : "ignoring ");
		names(g, 2);
		if (!set && one_in(g->state, 2)) {
			add(g, one_in(g->state, 2) ? " group_left " : " group_right ");
			names(g, 2);
		}
		add(g, " ");
	}
	if (with_number && which == 1) {
		number(g);
	} else if (same.n) {
		buf_add_bytes(g->b, buf_bytes(&same));
	} else {
		add(g, "(");
		metric(g, depth - 1);
		add(g, ")");
	}
	buf_release(&same);
}

static void label_replace(const struct gen *g, int depth)
{
	static const char *const rules[] = { "\"new\", \"$1\", \"pod\", \"p-(.*)\"",
					     "\"app\", \"\", \"app\", \"web\"",
					     "\"env\", \"x${1}y\", \"app\", \"(.).*\"",
					     "\"new\", \"is\", \"none\", \"\"",
					     "\"pod\", \"$0-$2\", \"pod\", \"(p)-(.)\"" };

	add(g, "label_replace(");
	metric(g, depth - 1);
	buf_addf(g->b, ", %s)", PICK(g->state, rules));
}

static void variants(const struct gen *g)
{
	static const char *const ops[] = { "sum",   "sum",    "avg",  "min",	 "max",
					   "count", "stdvar", "topk", "bottomk", "sort" };

	add(g, "variants(");
	for (size_t i = 0, n = 1 + rnd_below(g->state, 3); i < n; i++) {
		size_t op = rnd_below(g->state, 10);
		bool whole = one_in(g->state, 2);

		add(g, i ? ", " : "");
		if (whole) {
			range_agg(g, false);
			continue;
		}
		add(g, ops[op]);
		if (op < 9 && !one_in(g->state, 3))
			grouping(g);
		add(g, op == 7 || op == 8 ? "(2, " : "(");
		range_agg(g, false);
		add(g, ")");
	}
	add(g, ") of (");
	selector(g);
	stages(g, rnd_below(g->state, 4));
	if (!one_in(g->state, 6))
		add(g, " | __error__=\"\"");
	if (one_in(g->state, 6))
		add(g, " | unwrap n | n > 1");
	window(g);
	add(g, ")");
}

static void metric(const struct gen *g, int depth)
{
	switch (depth > 0 ? rnd_below(g->state, 10) : 0) {
	case 1:
	case 2:
	case 3:
	case 4:
		vector_agg(g, depth);
		break;
	case 5:
	case 6:
		binary(g, depth);
		break;
	case 7:
		label_replace(g, depth);
		break;
	case 8:
		if (one_in(g->state, 3)) {
			add(g, "vector(2.5)");
			break;
		}
		/* fallthrough */
	default:
		range_agg(g, true);
	}
}

void nv_make_query(uint64_t *state, struct buf *out, enum nv_query_kind *ret_kind)
{
	struct gen g = { state, out };

	*ret_kind = one_in(state, 5) || !one_in(state, 3) ? NV_QUERY_METRIC : NV_QUERY_LOG;
	if (one_in(state, 2))
		*ret_kind = NV_QUERY_LOG;
	if (*ret_kind == NV_QUERY_LOG) {
		selector(&g);
		stages(&g, rnd_below(state, 5));
	} else {
		if (one_in(state, 10)) {
			add(&g, one_in(state, 8) ? "2 * " : "");
			variants(&g);
			add(&g, one_in(state, 8) ? " > 1" : "");
		} else
			metric(&g, 1 + (int)rnd_below(state, 3));
	}
}

void nv_make_ask(uint64_t *state, enum nv_query_kind kind, struct nv_ask *ret)
{
	static const int64_t steps[] = { 10, 32, 60, 64, 100, 128 };
	int64_t from, to, length;

	nv_data_bounds(&from, &to);
	length = (to - from) / NS_PER_S;
	*ret = (struct nv_ask){ .forward = one_in(state, 2) };
	ret->from = from + ((int64_t)rnd_below(state, (size_t)length) - 60) * NS_PER_S;
	ret->to = ret->from + (int64_t)rnd_below(state, (size_t)length) * NS_PER_S;
	if (!one_in(state, 3)) {
		ret->from = from;
		ret->to = to;
	}
	if (one_in(state, 5))
		ret->to += (int64_t)rnd_below(state, NS_PER_S);
	ret->at = from + (length / 3 + (int64_t)rnd_below(state, (size_t)length)) * NS_PER_S;
	ret->step_ns = PICK(state, steps) * NS_PER_S;
	ret->is_range = kind == NV_QUERY_METRIC && one_in(state, 2);
	ret->limit = one_in(state, 2) ? 0 : 1 + rnd_below(state, 20);
}
