#include "cost/ask_iam_check.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/num.h"
#include "cli/output.h"
#include "cost/iam_needs.h"
#include "cost/inputs.h"
#include "json/json.h"
#include "report/table.h"

enum { PURPOSES_DEFAULT = 1 << IAM_FOR_READ | 1 << IAM_FOR_WRITE | 1 << IAM_FOR_RETENTION };

/* ---- options ---- */

/* "logs", "s3://logs/prod?region=eu-1", "arn:aws-cn:s3:::logs". */
static int take_bucket(void *at, const char *value, struct err *e)
{
	struct cost_iam_opts *o = at;
	struct bytes rest = bytes_str(value), part;

	if (bytes_starts(rest, BYTES_LIT("s3://"))) {
		part = bytes_sub(rest, 5, rest.n);
		bytes_split(&part, '?', &rest);
		bytes_split(&rest, '/', &o->bucket);
		while (rest.n && rest.p[rest.n - 1] == '/')
			rest.n--;
		if (rest.n)
			o->prefix = rest;
	} else if (bytes_starts(rest, BYTES_LIT("arn:"))) {
		for (int i = 0; i < 5 && bytes_split(&rest, ':', &part); i++)
			if (i == 1)
				o->partition = part;
		o->bucket = rest;
	} else {
		o->bucket = rest;
	}
	if (o->bucket.n == 0 || memchr(o->bucket.p, '/', o->bucket.n) ||
	    memchr(o->bucket.p, ':', o->bucket.n))
		return err_set(e, ERR_USAGE,
			       "expected a bucket, as logs, s3://logs/prod or "
			       "arn:aws:s3:::logs");
	return 0;
}

static int take_prefix(void *at, const char *value, struct err *e)
{
	struct bytes *to = at, b = bytes_str(value);

	(void)e;
	while (b.n && b.p[b.n - 1] == '/')
		b.n--;
	*to = b;
	return 0;
}

static int take_purposes(void *at, const char *value, struct err *e)
{
	struct bytes rest = bytes_str(value), one;
	unsigned *to = at;

	while (bytes_split(&rest, ',', &one)) {
		struct buf text = { 0 };
		int i, rc;

		buf_add_bytes(&text, one);
		rc = cli_read_word(buf_str(&text), iam_purpose_names, &i, e);
		buf_release(&text);
		if (rc < 0)
			return -1;
		*to |= 1U << i;
	}
	return 0;
}

const struct cli_taken cost_iam_options[] = {
	COST_BASE_OPTIONS("text|jsonl|csv", cost_take_table_format),
	{ { 0, "bucket", "NAME",
	    "the bucket, or the store's URL; else the one that the policies name and grant most "
	    "on" },
	  take_bucket,
	  0 },
	{ { 0, "prefix", "PREFIX", "what lokid's objects in the bucket begin with" },
	  take_prefix,
	  offsetof(struct cost_iam_opts, prefix) },
	{ { 0, "for", "WHAT,...",
	    "read, write, retention, uploads, lifecycle (read,write,retention)" },
	  take_purposes,
	  offsetof(struct cost_iam_opts, purposes) },
	{ { 0 }, NULL, 0 },
};

/* ---- which bucket ---- */

struct asked {
	const struct cost_iam_opts *o;
	struct iam p;
	struct arena mem;
	struct iam_bucket bucket;
	struct bytes prefix; /* with a '/' at its end, or empty */
	const struct iam_finding *v;
	size_t n;
};

/* A partition that was not given is that of which the policies name the bucket. */
static struct bytes partition_of(const struct asked *x, const struct iam_bucket *v, size_t n)
{
	if (x->o->partition.n)
		return x->o->partition;
	for (size_t i = 0; i < n; i++)
		if (bytes_eq(v[i].name, x->o->bucket))
			return v[i].partition;
	return BYTES_LIT("aws");
}

static void find_on(struct asked *x, struct iam_bucket bucket)
{
	unsigned purposes = x->o->purposes ? x->o->purposes : PURPOSES_DEFAULT;
	size_t n, was = x->v ? iam_count_missing(x->v, x->n) : SIZE_MAX;
	const struct iam_finding *v = iam_find(&x->p, &bucket, x->prefix, purposes, &x->mem, &n);

	if (iam_count_missing(v, n) >= was)
		return;
	x->v = v;
	x->n = n;
	x->bucket = bucket;
}

static int find(struct asked *x, struct err *e)
{
	size_t n;
	struct iam_bucket *v = iam_buckets(&x->p, x->o->bucket, &x->mem, &n);
	int rc = 0;

	if (!x->o->bucket.n && n > IAM_BUCKETS_MAX)
		rc = err_set(e, ERR_LIMIT,
			     "the policies name more than %d buckets: name one with --bucket",
			     IAM_BUCKETS_MAX);
	else if (x->o->bucket.n)
		find_on(x, (struct iam_bucket){ .partition = partition_of(x, v, n),
						.name = x->o->bucket });
	else
		for (size_t i = 0; i < n; i++)
			find_on(x, v[i]);
	if (rc == 0 && !x->v)
		rc = err_set(e, ERR_USAGE, "no resource is a bucket: name it with --bucket");
	free(v);
	return rc;
}

/* ---- the answer ---- */

static void add_statement(struct buf *b, const struct iam_statement *s)
{
	if (s->sid.n)
		buf_addf(b, "statement '%.*s'", BYTES_ARG(s->sid));
	else
		buf_addf(b, "statement %u", s->number);
	buf_addf(b, " (%s:%u)", s->file, s->line);
}

static void add_condition(struct buf *b, const struct iam_statement *s)
{
	buf_addf(b, ": as %s is fulfilled or not", s->depends_on ? s->depends_on : "its variable");
}

static const char *state_name(enum iam_state s)
{
	static const char *const names[] = {
		[IAM_GRANTED] = "granted", [IAM_GRANTED_UNLESS] = "granted, perhaps denied",
		[IAM_PERHAPS] = "perhaps", [IAM_MISSING] = "missing",
		[IAM_DENIED] = "denied",
	};

	return names[s];
}

/* What is said of an answer is what is worst in it. */
static enum iam_state worst(const struct iam_answer *a)
{
	enum iam_state s = IAM_STATES - 1;

	while (s > IAM_GRANTED && !a->seen[s])
		s--;
	return s;
}

static const char *verdict(const struct iam_finding *f)
{
	if (f->answer.too_intricate && iam_count_missing(f, 1) &&
	    worst(&f->answer) <= IAM_GRANTED_UNLESS)
		return "not known";
	return state_name(worst(&f->answer));
}

static bool is_granted_somewhere(const struct iam_finding *f)
{
	return f->answer.seen[IAM_GRANTED] || f->answer.seen[IAM_GRANTED_UNLESS];
}

/* Whether listings are granted of some names, and not of others. */
static bool is_partly_listed(const struct iam_finding *f, enum iam_state s)
{
	return f->need->reach == IAM_LISTED && s > IAM_GRANTED_UNLESS && is_granted_somewhere(f);
}

/* Why it is not simply granted: "denied on 'arn:...' by statement ..." */
static void add_why(struct buf *b, const struct iam_finding *f)
{
	enum iam_state s = worst(&f->answer);
	const struct iam_statement *by = f->answer.of[s].by;
	bool some = is_granted_somewhere(f);
	size_t was = b->n;

	if (s == IAM_GRANTED) {
		if (f->answer.too_intricate)
			buf_add_str(b, "the patterns lead to too many cases to see them all");
		return;
	}
	if (f->need->reach == IAM_ALL_BELOW)
		buf_addf(b, "%son '%.*s'",
			 some && s > IAM_GRANTED_UNLESS ? "granted on others, not " : "",
			 BYTES_ARG(f->answer.of[s].resource));
	else if (is_partly_listed(f, s))
		buf_addf(b, "granted for others, not for names that begin with '%.*s'",
			 BYTES_ARG(f->answer.of[s].resource));
	if (b->n > was)
		buf_add_str(b, s == IAM_MISSING ? ": no statement allows it" : " ");
	else if (s == IAM_MISSING)
		buf_add_str(b, "no statement allows it");
	if (!by)
		return;
	buf_add_str(b, s == IAM_PERHAPS		 ? "only by "
		       : s == IAM_GRANTED_UNLESS ? "denied perhaps by "
						 : "denied by ");
	add_statement(b, by);
	if (s != IAM_DENIED)
		add_condition(b, by);
}

static void add_resource(struct buf *b, const struct iam_finding *f)
{
	buf_addf(b, "%.*s%s", BYTES_ARG(f->resource), f->need->reach == IAM_ALL_BELOW ? "*" : "");
}

static void print_table(const struct asked *x, enum cost_format format, struct buf *out)
{
	struct table t = { 0 };

	table_column(&t, "action", TABLE_LEFT);
	table_column(&t, "resource", TABLE_LEFT);
	table_column(&t, "for", TABLE_LEFT);
	table_column(&t, "required", TABLE_LEFT);
	table_column(&t, "state", TABLE_LEFT);
	table_column(&t, "why", TABLE_LEFT);
	for (size_t i = 0; i < x->n; i++) {
		const struct iam_finding *f = &x->v[i];
		struct buf resource = { 0 }, why = { 0 };

		add_resource(&resource, f);
		add_why(&why, f);
		table_addf(&t, "%s", f->need->action);
		table_add(&t, buf_bytes(&resource));
		table_addf(&t, "%s", iam_purpose_names[f->need->purpose]);
		table_addf(&t, "%s", f->required ? "yes" : "no");
		table_addf(&t, "%s", verdict(f));
		table_add(&t, buf_bytes(&why));
		buf_release(&resource);
		buf_release(&why);
	}
	if (format == COST_CSV)
		table_csv(&t, out);
	else
		table_text(&t, out);
	table_release(&t);
}

static void add_text_member(struct buf *b, const char *name, struct bytes text)
{
	buf_addf(b, ",\"%s\":", name);
	json_add_quoted(b, text);
}

static void print_lines(const struct asked *x, struct buf *out)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct iam_finding *f = &x->v[i];
		enum iam_state s = worst(&f->answer);
		const struct iam_statement *by = f->answer.of[s].by;
		struct buf resource = { 0 };

		add_resource(&resource, f);
		buf_addf(out, "{\"action\":\"%s\"", f->need->action);
		add_text_member(out, "resource", buf_bytes(&resource));
		add_text_member(out, "for", bytes_str(iam_purpose_names[f->need->purpose]));
		buf_addf(out, ",\"required\":%s,\"granted\":%s", f->required ? "true" : "false",
			 iam_is_granted(&f->answer) ? "true" : "false");
		add_text_member(out, "state", bytes_str(verdict(f)));
		if (s != IAM_GRANTED)
			add_text_member(out, "on",
					f->need->reach == IAM_LISTED ? f->resource
								     : f->answer.of[s].resource);
		if (is_partly_listed(f, s))
			add_text_member(out, "listing", f->answer.of[s].resource);
		if (by) {
			add_text_member(out, "file", bytes_str(by->file));
			buf_addf(out, ",\"line\":%u,\"statement\":%u", by->line, by->number);
		}
		if (by && by->sid.n)
			add_text_member(out, "sid", by->sid);
		buf_add_str(out, "}\n");
		buf_release(&resource);
	}
}

/* What may be granted is not said to be missing without its condition. */
static void add_missing(struct buf *out, const struct iam_finding *f)
{
	bool perhaps = worst(&f->answer) == IAM_PERHAPS;

	buf_addf(out, "missing%s: %s on ", perhaps ? ", perhaps" : "", f->need->action);
	add_resource(out, f);
	if (perhaps) {
		buf_add_str(out, " is granted only by ");
		add_statement(out, f->answer.of[IAM_PERHAPS].by);
		add_condition(out, f->answer.of[IAM_PERHAPS].by);
	}
	buf_add_char(out, '\n');
}

/* Below the table: what is missing, each by its name, or that nothing is. */
static void print_sum(const struct asked *x, struct buf *out)
{
	size_t missing = iam_count_missing(x->v, x->n);

	buf_addf(out, "\nbucket '%.*s'%s: ", BYTES_ARG(x->bucket.name),
		 x->bucket.stand_in ? " (one that the policy's patterns name)" : "");
	if (missing == 0) {
		buf_add_str(out, "all that lokid needs is granted\n");
		return;
	}
	buf_addf(out, "%zu of what lokid needs %s not granted\n", missing,
		 missing == 1 ? "is" : "are");
	for (size_t i = 0; i < x->n; i++) {
		if (!x->v[i].required || iam_is_granted(&x->v[i].answer))
			continue;
		add_missing(out, &x->v[i]);
	}
}

/* What counts as granted, and may not be. */
static void warn(const struct asked *x)
{
	const struct bytes name = x->bucket.name;

	if (memmem(name.p, name.n, "${", 2))
		cli_warn(
			x->o->base.cli,
			"bucket '%.*s': a template's variable, which was not filled in, stands for "
			"it; AWS knows no such bucket",
			BYTES_ARG(name));
	for (size_t i = 0; i < x->n; i++) {
		const struct iam_finding *f = &x->v[i];
		struct buf why = { 0 };

		if (f->required && iam_is_granted(&f->answer) &&
		    f->answer.seen[IAM_GRANTED_UNLESS]) {
			add_why(&why, f);
			cli_warn(x->o->base.cli, "%s: %s", f->need->action, buf_str(&why));
		}
		buf_release(&why);
	}
}

static int answer(struct asked *x, struct err *e)
{
	enum cost_format format = x->o->base.format;
	struct buf out = { 0 };
	int rc;

	if (format == COST_JSONL)
		print_lines(x, &out);
	else
		print_table(x, format, &out);
	if (format == COST_TEXT)
		print_sum(x, &out);
	rc = cli_print(buf_bytes(&out), e);
	buf_release(&out);
	warn(x);
	if (rc == 0 && iam_count_missing(x->v, x->n) > 0)
		return err_set(e, ERR_NO, "not all that lokid needs is granted");
	return rc;
}

static int add_policy(struct bytes text, const char *name, void *data, struct err *e)
{
	struct asked *x = data;

	return iam_add(&x->p, text, name, e);
}

/* "*", or an ARN's six fields: AWS takes nothing else, and nothing else names an object. */
static bool is_resource(struct bytes text)
{
	size_t colons = 0;

	for (size_t i = 0; i < text.n; i++)
		colons += text.p[i] == ':';
	return bytes_is(text, "*") || (colons >= 5 && bytes_starts(text, BYTES_LIT("arn:")));
}

static int check_resources(const struct iam *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->v[i].resource.n; k++) {
			struct bytes text = p->v[i].resource.v[k].text;

			if (!is_resource(text))
				return err_set(e, ERR_CORRUPT,
					       "%s:%u: statement %u: expected as a resource * or "
					       "an ARN as arn:aws:s3:::logs/*, found '%.*s'",
					       p->v[i].file, p->v[i].line, p->v[i].number,
					       BYTES_ARG(bytes_sub(text, 0, 80)));
		}
	return 0;
}

int cost_ask_iam_check(void *opts, char **operand, size_t n, struct err *e)
{
	struct asked x = { .o = opts };
	struct buf prefix = { 0 };
	int rc;

	if (x.o->prefix.n)
		buf_addf(&prefix, "%.*s/", BYTES_ARG(x.o->prefix));
	x.prefix = buf_bytes(&prefix);
	rc = cost_each_text(operand, n, &x.mem, add_policy, &x, e);
	if (rc == 0)
		rc = check_resources(&x.p, e);
	if (rc == 0)
		rc = find(&x, e);
	if (rc == 0)
		rc = answer(&x, e);
	buf_release(&prefix);
	iam_release(&x.p);
	arena_release(&x.mem);
	return rc;
}
