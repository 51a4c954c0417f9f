/*
 * The order of the functions in a row is the order in which Loki looks at parameters, so that of
 * several faults the same one is told. On the command line stands first what ps(1) is looked at
 * for, before a terminal's line ends: whose query it is, over what time, and the query itself.
 */
#include "server/query_params.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "labels/quote.h"
#include "logql/unit.h"
#include "server/queries.h"
#include "time/time.h"

enum {
	ARGS_MAX = 64,			/* of each part, without selectors */
	ARGUMENT_MAX = (128 << 10) - 1, /* the system's, of one argument */
	TAIL_DELAY_MAX_S = 5,
	EPOCH_DIGITS = 10, /* of a whole number, up to so many bytes are seconds */
};

static const int64_t TAIL_SINCE_NS = 3600 * NS_PER_S;

struct args {
	const char **v;
	size_t n;
};

/* The parts of a command line, in their order. */
enum part { PART_FIRST, PART_OPERANDS, PART_REST, PARTS };

struct params {
	const struct query_request *r;
	struct arena *arena;
	struct query_command *command;
	struct args part[PARTS];
	enum part now; /* what is added to */
	struct err *e;
};

typedef int param_fn(struct params *p);

/* --- the command line --- */

static void arg(struct params *p, const char *text)
{
	struct args *part = &p->part[p->now];

	part->v[part->n++] = text;
}

static void arg_number(struct params *p, const char *option, uint64_t n)
{
	char *text = arena_alloc(p->arena, 24);

	snprintf(text, 24, "%" PRIu64, n);
	arg(p, option);
	arg(p, text);
}

/* What is no argument of a program is refused. */
static int arg_bytes(struct params *p, struct bytes b)
{
	const char *nul = b.n ? memchr(b.p, 0, b.n) : NULL;
	char *text;

	if (nul)
		return err_set(p->e, ERR_USAGE,
			       "parse error at line 1, col %zu: syntax error: unexpected NUL byte",
			       (size_t)(nul - b.p) + 1);
	if (b.n > ARGUMENT_MAX)
		return err_set(p->e, ERR_LIMIT, "parse error : input size too long (%zu > %d)", b.n,
			       ARGUMENT_MAX);
	text = arena_alloc(p->arena, b.n + 1);
	if (b.n)
		memcpy(text, b.p, b.n);
	text[b.n] = 0;
	arg(p, text);
	return 0;
}

static int arg_text(struct params *p, const char *option, struct bytes b)
{
	arg(p, option);
	return arg_bytes(p, b);
}

/* As RFC 3339, which means one moment only, whatever it is near. */
static void arg_first_time(struct params *p, const char *option, int64_t ts_ns)
{
	enum part before = p->now;
	struct buf b = { 0 };

	p->now = PART_FIRST;
	arg(p, option);
	time_add_rfc3339(&b, ts_ns);
	buf_add_char(&b, 0);
	arg(p, arena_copy(p->arena, buf_bytes(&b)).p);
	buf_release(&b);
	p->now = before;
}

static void arg_duration(struct params *p, const char *option, int64_t ns)
{
	struct buf b = { 0 };

	time_add_duration(&b, ns);
	buf_add_char(&b, 0);
	arg(p, option);
	arg(p, arena_copy(p->arena, buf_bytes(&b)).p);
	buf_release(&b);
}

/* "a,b" */
static void arg_names(struct params *p, const char *option, const struct key_names *names)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < names->n; i++)
		buf_addf(&b, "%s%s", i ? "," : "", names->name[i]);
	buf_add_char(&b, 0);
	arg(p, option);
	arg(p, arena_copy(p->arena, buf_bytes(&b)).p);
	buf_release(&b);
}

/* --- numbers, times, durations, as Go reads them --- */

static struct bytes one(const struct params *p, const char *name, const char *otherwise)
{
	struct bytes v = form_text(p->r->form, name);

	return v.n || !otherwise ? v : bytes_str(otherwise);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct bytes skip_sign(struct bytes v)
{
	return v.n && (v.p[0] == '-' || v.p[0] == '+') ? bytes_sub(v, 1, v.n) : v;
}

static size_t count_digits(struct bytes v)
{
	size_t n = 0;

	while (n < v.n && is_digit(v.p[n]))
		n++;
	return n;
}

static bool is_integer(struct bytes v)
{
	v = skip_sign(v);
	return v.n && count_digits(v) == v.n;
}

/* 1, 1.5, .5, 1e3 */
static bool is_float(struct bytes v)
{
	size_t whole, part = 0;

	v = skip_sign(v);
	whole = count_digits(v);
	v = bytes_sub(v, whole, v.n);
	if (v.n && v.p[0] == '.') {
		v = bytes_sub(v, 1, v.n);
		part = count_digits(v);
		v = bytes_sub(v, part, v.n);
	}
	if (whole + part == 0)
		return false;
	return v.n == 0 || ((v.p[0] == 'e' || v.p[0] == 'E') && is_integer(bytes_sub(v, 1, v.n)));
}

/* True, and the nearest there is, also of what is beyond an int64_t. */
static bool read_float(struct bytes v, double *ret)
{
	return is_float(v) && num_double(v, ret);
}

static int64_t clip_ns(double ns)
{
	if (ns >= 0x1p63)
		return INT64_MAX;
	return ns <= -0x1p63 ? INT64_MIN : (int64_t)ns;
}

static int read_integer(struct bytes v, const char *go, int64_t *ret, struct err *e)
{
	if (!is_integer(v))
		return err_set(e, ERR_USAGE, "strconv.%s: parsing \"%.*s\": invalid syntax", go,
			       BYTES_ARG(v));
	if (!num_i64(v.p[0] == '+' ? skip_sign(v) : v, ret))
		return err_set(e, ERR_USAGE, "strconv.%s: parsing \"%.*s\": value out of range", go,
			       BYTES_ARG(v));
	return 0;
}

/* With a point seconds, to the millisecond; else few digits are seconds, more nanoseconds. */
static int read_time(struct bytes v, int64_t *ret, struct err *e)
{
	double seconds;

	if (v.n && memchr(v.p, '.', v.n) && read_float(v, &seconds)) {
		*ret = num_clip((num_wide)clip_ns(rint(seconds * 1000)) * NS_PER_MS);
		return 0;
	}
	if (v.n > 10 && v.p[10] == 'T' && time_scan_rfc3339(v, ret) == v.n)
		return 0;
	if (read_integer(v, "ParseInt", ret, e) < 0)
		return -1;
	if (v.n <= EPOCH_DIGITS)
		*ret = num_clip((num_wide)*ret * NS_PER_S);
	return 0;
}

static int read_step(struct bytes v, int64_t *ret, struct err *e)
{
	const char *why;
	double seconds;

	if (read_float(v, &seconds)) {
		*ret = clip_ns(seconds * (double)NS_PER_S);
		return 0;
	}
	if (!unit_parse_range(v, ret, &why))
		return err_set(e, ERR_USAGE, "cannot parse \"%.*s\" to a valid duration",
			       BYTES_ARG(v));
	return 0;
}

/* --- parameters --- */

static int take_time(struct params *p, const char *name, int64_t otherwise, int64_t *ret)
{
	struct bytes v = one(p, name, NULL);

	*ret = otherwise;
	if (!v.n || read_time(v, ret, p->e) == 0)
		return 0;
	return strcmp(name, "time") == 0 ? -1
					 : err_wrap(p->e, "could not parse '%s' parameter", name);
}

static int take_positive(struct params *p, const char *option, const char *name,
			 const char *otherwise)
{
	int64_t n;

	if (read_integer(one(p, name, otherwise), "Atoi", &n, p->e) < 0)
		return -1;
	if (n <= 0)
		return err_set(p->e, ERR_USAGE, "limit must be a positive value");
	arg_number(p, option, (uint32_t)n);
	return 0;
}

static int take_limit(struct params *p)
{
	return take_positive(p, "--limit", "limit", "100");
}

static int take_field_limits(struct params *p)
{
	const char *name = one(p, "limit", NULL).n ? "limit" : "field_limit";

	if (take_positive(p, "--line-limit", "line_limit", "100") < 0)
		return -1;
	return take_positive(p, "--limit", name, "1000");
}

static int take_volume_limit(struct params *p)
{
	char *text = arena_alloc(p->arena, 24);
	int64_t n;

	if (read_integer(one(p, "limit", "0"), "Atoi", &n, p->e) < 0)
		return -1;
	snprintf(text, 24, "%" PRId64, n ? n : 100);
	arg(p, "--limit");
	arg(p, text);
	return 0;
}

static int take_direction(struct params *p)
{
	struct bytes v = one(p, "direction", "backward");

	for (int i = 0; i < 2; i++) {
		const char *word = i ? "forward" : "backward";

		if (v.n == strlen(word) && strncasecmp(v.p, word, v.n) == 0) {
			arg(p, "--direction");
			arg(p, word);
			return 0;
		}
	}
	return err_set(p->e, ERR_USAGE, "invalid direction '%.*s'", BYTES_ARG(v));
}

static int take_flags(struct params *p)
{
	return p->r->encoding_flags.n ? arg_text(p, "--encoding-flags", p->r->encoding_flags) : 0;
}

static int take_at(struct params *p)
{
	int64_t at;

	if (take_time(p, "time", p->r->now_ns, &at) < 0)
		return -1;
	p->command->has_range = true;
	p->command->from_ns = p->command->to_ns = at;
	arg_first_time(p, "--at", at);
	return 0;
}

static int take_bounds(struct params *p, const char *since)
{
	struct bytes v = one(p, "since", since);
	int64_t now = p->r->now_ns, ago, from, to;
	const char *why;

	if (!unit_parse_range(v, &ago, &why))
		return err_set(p->e, ERR_USAGE,
			       "could not parse 'since' parameter: not a valid duration string: "
			       "\"%.*s\"",
			       BYTES_ARG(v));
	if (take_time(p, "end", now, &to) < 0 ||
	    take_time(p, "start", num_clip((num_wide)(to < now ? to : now) - ago), &from) < 0)
		return -1;
	if (to < from)
		return err_set(p->e, ERR_USAGE,
			       "end timestamp must not be before or equal to start time");
	p->command->has_range = true;
	p->command->from_ns = from;
	p->command->to_ns = to;
	arg_first_time(p, "--from", from);
	arg_first_time(p, "--to", to);
	return 0;
}

static int take_bounds_1h(struct params *p)
{
	return take_bounds(p, "1h");
}

static int take_bounds_6h(struct params *p)
{
	return take_bounds(p, "6h");
}

static int take_step_or(struct params *p, const char *otherwise)
{
	struct bytes v = one(p, "step", otherwise);
	int64_t ns;

	if (!v.n)
		return 0;
	if (read_step(v, &ns, p->e) < 0)
		return -1;
	if (ns <= 0)
		return err_set(p->e, ERR_USAGE,
			       "zero or negative query resolution step widths are not accepted. "
			       "Try a positive integer");
	arg_duration(p, "--step", ns);
	return 0;
}

static int take_step(struct params *p)
{
	return take_step_or(p, NULL);
}

static int take_step_60(struct params *p)
{
	return take_step_or(p, "60");
}

/* Without an end. */
static int take_tail_start(struct params *p)
{
	int64_t from;

	if (take_time(p, "start", p->r->now_ns - TAIL_SINCE_NS, &from) < 0)
		return -1;
	p->command->has_range = true;
	p->command->from_ns = from;
	p->command->to_ns = INT64_MAX;
	arg_first_time(p, "--from", from);
	if (p->r->tail_max_duration_ns)
		arg_duration(p, "--timeout", p->r->tail_max_duration_ns);
	return 0;
}

static int take_delay(struct params *p)
{
	int64_t n;

	if (read_integer(one(p, "delay_for", "0"), "Atoi", &n, p->e) < 0)
		return -1;
	if (n > TAIL_DELAY_MAX_S)
		return err_set(p->e, ERR_USAGE, "delay_for can't be greater than %d",
			       TAIL_DELAY_MAX_S);
	if (n < 0)
		return err_set(p->e, ERR_USAGE, "delay_for can't be negative");
	if (n > 0)
		arg_duration(p, "--delay-for", n * NS_PER_S);
	return 0;
}

/* 0: none. */
static int take_interval(struct params *p)
{
	int64_t ns;

	if (read_step(one(p, "interval", "0"), &ns, p->e) < 0)
		return -1;
	if (ns < 0)
		return err_set(p->e, ERR_USAGE, "interval must be >= 0");
	if (ns > 0)
		arg_duration(p, "--interval", ns);
	return 0;
}

static int take_target_labels(struct params *p)
{
	struct bytes v = one(p, "targetLabels", NULL);

	return v.n ? arg_text(p, "--target-labels", v) : 0;
}

static int take_aggregate_by(struct params *p)
{
	struct bytes v = one(p, "aggregateBy", "series");

	if (!bytes_is(v, "series") && !bytes_is(v, "labels"))
		return err_set(p->e, ERR_USAGE, "invalid aggregation option");
	return arg_text(p, "--aggregate-by", v);
}

/* --- what stands behind the options --- */

static int take_strict(struct params *p)
{
	arg(p, "--strict");
	return 0;
}

static int check_selector(struct params *p, struct bytes s)
{
	s = bytes_trim(s);
	if (s.n == 0 || s.p[0] != '{')
		return err_set(p->e, ERR_USAGE, "only label matchers are supported");
	return 0;
}

/* Before anything else is looked at. */
static int check_query_selector(struct params *p)
{
	struct bytes v = one(p, "query", NULL);

	return v.n ? check_selector(p, v) : 0;
}

static bool is_match(const struct form_value *v)
{
	return bytes_is(v->name, "match[]") || bytes_is(v->name, "match");
}

static int check_matches(struct params *p)
{
	const struct form *f = p->r->form;

	for (size_t i = 0; i < f->n; i++)
		if (is_match(&f->v[i]) && check_selector(p, f->v[i].value) < 0)
			return -1;
	return 0;
}

static int take_name(struct params *p)
{
	return arg_bytes(p, p->r->name);
}

static int take_query(struct params *p)
{
	return arg_bytes(p, one(p, "query", NULL));
}

/* Of old clients: a filter behind the query, on a line of its own since a comment may end that. */
static int take_old_query(struct params *p)
{
	struct bytes regexp = one(p, "regexp", NULL);
	struct buf b = { 0 };

	if (regexp.n) {
		buf_add_bytes(&b, p->command->query);
		buf_add_str(&b, "\n|~ ");
		quote_add(&b, regexp);
		p->command->query = arena_copy(p->arena, buf_bytes(&b));
		buf_release(&b);
	}
	return arg_bytes(p, p->command->query);
}

static int take_trimmed(struct params *p)
{
	return arg_bytes(p, bytes_trim(one(p, "query", NULL)));
}

static int take_selector(struct params *p)
{
	return one(p, "query", NULL).n ? take_trimmed(p) : 0;
}

static int take_matches(struct params *p)
{
	const struct form *f = p->r->form;

	for (size_t i = 0; i < f->n; i++)
		if (is_match(&f->v[i]) && arg_bytes(p, bytes_trim(f->v[i].value)) < 0)
			return -1;
	return 0;
}

/* With selectors, that is. */
static int take_strict_selector(struct params *p)
{
	return one(p, "query", NULL).n ? take_strict(p) : 0;
}

static int take_strict_matches(struct params *p)
{
	const struct form *f = p->r->form;

	for (size_t i = 0; i < f->n; i++)
		if (is_match(&f->v[i]))
			return take_strict(p);
	return 0;
}

/* --- the table --- */

enum { STEPS_MAX = 10 };

struct endpoint {
	const char *verb; /* of logql */
	enum query_class class;
	param_fn *option[STEPS_MAX];
	param_fn *operand[3];
};

static const struct endpoint endpoints[ENDPOINTS] = {
	[ENDPOINT_QUERY] = { "query",
			     QUERY_SHORT,
			     { take_strict, take_limit, take_direction, take_flags, take_at },
			     { take_query } },
	[ENDPOINT_QUERY_RANGE] = { "query",
				   QUERY_SHORT,
				   { take_strict, take_limit, take_direction, take_flags,
				     take_bounds_1h, take_step, take_interval },
				   { take_query } },
	[ENDPOINT_OLD_QUERY] = { "query",
				 QUERY_SHORT,
				 { take_strict, take_limit, take_direction, take_flags,
				   take_bounds_1h, take_step, take_interval },
				 { take_old_query } },
	[ENDPOINT_LABELS] = { "labels",
			      QUERY_METADATA,
			      { check_query_selector, take_bounds_6h, take_strict_selector },
			      { take_selector } },
	[ENDPOINT_LABEL_VALUES] = { "values",
				    QUERY_METADATA,
				    { check_query_selector, take_bounds_6h, take_strict_selector },
				    { take_name, take_selector } },
	[ENDPOINT_SERIES] = { "series",
			      QUERY_METADATA,
			      { check_matches, take_bounds_6h, take_strict_matches },
			      { take_matches } },
	[ENDPOINT_STATS] = { "stats",
			     QUERY_METADATA,
			     { check_query_selector, take_bounds_6h, take_strict_selector },
			     { take_selector } },
	[ENDPOINT_VOLUME] = { "volume",
			      QUERY_SHORT,
			      { check_query_selector, take_strict, take_bounds_6h,
				take_volume_limit, take_target_labels, take_aggregate_by },
			      { take_query } },
	[ENDPOINT_VOLUME_RANGE] = { "volume",
				    QUERY_SHORT,
				    { check_query_selector, take_strict, take_bounds_6h,
				      take_volume_limit, take_target_labels, take_aggregate_by,
				      take_step_60 },
				    { take_query } },
	[ENDPOINT_PATTERNS] = { "patterns",
				QUERY_SHORT,
				{ take_bounds_6h, take_step, take_strict },
				{ take_trimmed } },
	[ENDPOINT_DETECTED_LABELS] = { "detected-labels",
				       QUERY_METADATA,
				       { check_query_selector, take_bounds_6h,
					 take_strict_selector },
				       { take_selector } },
	[ENDPOINT_DETECTED_FIELDS] = { "detected-fields",
				       QUERY_SHORT,
				       { take_bounds_6h, take_field_limits, take_strict },
				       { take_trimmed } },
	[ENDPOINT_DETECTED_VALUES] = { "detected-values",
				       QUERY_SHORT,
				       { take_bounds_6h, take_field_limits, take_strict },
				       { take_name, take_trimmed } },
	[ENDPOINT_TAIL] = { "tail",
			    QUERY_SHORT,
			    { take_strict, take_limit, take_flags, take_tail_start, take_delay },
			    { take_query } },
	[ENDPOINT_FORMAT_QUERY] = { "fmt", QUERY_METADATA, { take_strict }, { take_query } },
};

static void arg_limits(struct params *p, enum query_endpoint which)
{
	bool is_volume = which == ENDPOINT_VOLUME || which == ENDPOINT_VOLUME_RANGE;
	const struct limits *l = p->r->limits;
	uint64_t series = is_volume ? l->volume_max_series : l->max_query_series;
	const char *refused =
		limits_blocked_kinds(&l->blocked_queries, p->command->query, p->r->tags);

	if (l->max_entries_limit_per_query)
		arg_number(p, "--max-entries", l->max_entries_limit_per_query);
	if (series)
		arg_number(p, "--max-series", series);
	if (l->max_streams_matchers_per_query)
		arg_number(p, "--max-matchers", l->max_streams_matchers_per_query);
	if (l->minimum_labels_number)
		arg_number(p, "--min-matchers", l->minimum_labels_number);
	if (l->required_labels.n)
		arg_names(p, "--need-labels", &l->required_labels);
	if (refused) {
		arg(p, "--refuse");
		arg(p, refused);
	}
	if (l->max_query_bytes_read)
		arg_number(p, "--max-bytes", l->max_query_bytes_read);
	if (l->max_query_length_ns)
		arg_duration(p, "--max-query-length", l->max_query_length_ns);
	if (l->max_query_range_ns)
		arg_duration(p, "--max-query-range", l->max_query_range_ns);
	if (l->max_query_lookback_ns)
		arg_duration(p, "--max-query-lookback", l->max_query_lookback_ns);
}

/* The flusher and requests to delete say when there is something new; only other nodes' changes are
 * seen so much later. */
#define LIST_AGE "10s"

/* What all have that look at data. */
static int arg_sources(struct params *p, enum query_endpoint which)
{
	static const char *const gate[QUERY_GATE_N] = { QUERY_GATE_ARGS };

	p->now = PART_FIRST;
	if (arg_text(p, "-t", p->r->tenant) < 0)
		return -1;
	p->now = PART_REST;
	p->command->gate_at = p->part[PART_REST].n;
	for (int i = 0; i < QUERY_GATE_N; i++)
		arg(p, gate[i]);
	arg(p, "--store");
	arg(p, p->r->store);
	if (p->r->cache) {
		arg(p, "--cache");
		arg(p, p->r->cache);
		arg(p, "--list-age");
		arg(p, LIST_AGE);
		if (p->r->cache_bytes) /* 0: as much as logql takes */
			arg_number(p, "--cache-size", p->r->cache_bytes);
	}
	arg(p, "--wal");
	arg(p, p->r->wal);
	arg_number(p, "--jobs", p->r->jobs);
	arg_limits(p, which);
	return p->r->matchers.n ? arg_text(p, "--match", p->r->matchers) : 0;
}

static int take_all(struct params *p, param_fn *const *step, size_t n)
{
	for (size_t i = 0; i < n && step[i]; i++)
		if (step[i](p) < 0)
			return -1;
	return 0;
}

/* An operand that looks like an option stands behind all that are, and so do all then. */
static bool looks_like_options(const struct args *operands)
{
	for (size_t i = 0; i < operands->n; i++)
		if (operands->v[i][0] == '-')
			return true;
	return false;
}

static void put_together(struct params *p)
{
	bool last = looks_like_options(&p->part[PART_OPERANDS]);
	const enum part order[PARTS] = { PART_FIRST, last ? PART_REST : PART_OPERANDS,
					 last ? PART_OPERANDS : PART_REST };
	struct query_command *c = p->command;
	size_t n = 0;

	c->argv = arena_alloc(p->arena, (PARTS * ARGS_MAX + p->r->form->n) * sizeof(*c->argv));
	for (size_t i = 0; i < PARTS; i++) {
		const struct args *part = &p->part[order[i]];

		if (order[i] == PART_REST && c->gate_at)
			c->gate_at += n;
		if (order[i] == PART_OPERANDS && last)
			c->argv[n++] = "--";
		for (size_t k = 0; k < part->n; k++)
			c->argv[n++] = part->v[k];
	}
	c->argv[n] = NULL;
}

int query_params(const struct query_request *r, enum query_endpoint which, struct arena *a,
		 struct query_command *ret, struct err *e)
{
	const struct endpoint *row = &endpoints[which];
	struct query_command command = { .class = row->class };
	struct params p = { .r = r, .arena = a, .command = &command, .e = e };

	command.query = form_text(r->form, "query");
	for (size_t i = 0; i < PARTS; i++)
		p.part[i].v = arena_alloc(a, (ARGS_MAX + r->form->n) * sizeof(*p.part[i].v));
	p.now = PART_FIRST;
	arg(&p, "logql");
	arg(&p, row->verb);
	p.now = PART_REST;
	arg(&p, "--format");
	arg(&p, "api");
	if (which != ENDPOINT_FORMAT_QUERY && arg_sources(&p, which) < 0)
		return -1;
	if (take_all(&p, row->option, STEPS_MAX) < 0)
		return -1;
	p.now = PART_OPERANDS;
	if (take_all(&p, row->operand, sizeof(row->operand) / sizeof(*row->operand)) < 0)
		return -1;
	put_together(&p);
	*ret = command;
	return 0;
}
