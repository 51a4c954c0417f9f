/* | status >= 500 and (method = "GET" or dur > 1s): label filters of all types. */
#include <math.h>

#include "base/convert.h"
#include "base/find.h"
#include "bloom/ask.h"
#include "labels/value_error.h"
#include "lines/ip.h"
#include "query/stage.h"
#include "regex/regex.h"

static const char err_filter[] = "LabelFilterErr";

enum { TEXTS_MAX = 64 };

/* One alternative of a regex that is simple enough to be compared as text. */
struct text_alt {
	struct find find;
	bool anywhere; /* in the value; else it is the whole value */
};

struct filter {
	const struct logql_filter *tree;
	uint32_t name;
	struct matcher match; /* MATCH */
	struct text_alt *alt; /* of a simple regex; NULL: match.re decides */
	size_t n_alts;
	uint64_t bytes; /* BYTES */
	struct filter *left, *right;
};

/* Loki passes queries on as text, where a size is rounded to two digits (5KiB is 5.1kB), and
 * compares with that. */
static uint64_t as_loki_prints(uint64_t n)
{
	double unit = 1, v;

	if (n < 10)
		return n;
	while ((double)n / unit >= 1000 && unit < 1e18)
		unit *= 1000;
	v = floor((double)n / unit * 10 + 0.5) / 10;
	if (v >= 10)
		v = nearbyint(v);
	return (uint64_t)(v * unit + 0.5);
}

/*
 * Loki compares alternatives of the forms text, text.*, .*text and .*text.* as text, and the last
 * three all mean "somewhere in the value" there, whatever the anchors say. Streams' matchers do not
 * do this.
 */
static void bind_texts(struct pipeline *p, struct filter *f)
{
	struct regex_text text[TEXTS_MAX];
	bool fold;

	f->n_alts = regex_texts(f->match.re, text, TEXTS_MAX, &fold);
	if (f->n_alts == 0)
		return;
	f->alt = arena_alloc(&p->mem, f->n_alts * sizeof(*f->alt));
	for (size_t i = 0; i < f->n_alts; i++) {
		f->alt[i].anywhere = text[i].around;
		if (fold)
			find_init_fold(&f->alt[i].find, text[i].text);
		else
			find_init(&f->alt[i].find, text[i].text);
	}
}

static bool fits_text(const struct filter *f, struct bytes value)
{
	for (size_t i = 0; i < f->n_alts; i++) {
		const struct text_alt *a = &f->alt[i];

		if ((a->anywhere || value.n == a->find.needle.n) &&
		    find_next(&a->find, value, 0) != FIND_NONE)
			return true;
	}
	return false;
}

static int bind_match(struct pipeline *p, struct filter *f, struct err *e)
{
	const struct logql_matcher *t = &f->tree->match;

	f->name = names_id(&p->names, t->name);
	stage_reads(p, f->name);
	f->match = (struct matcher){ t->op, t->name, t->value, NULL };
	if (t->op != MATCH_RE && t->op != MATCH_NRE)
		return 0;
	/* Other than in matchers of streams, a dot is no newline. */
	f->match.re = regex_new(t->value, REGEX_WHOLE | t->how, e);
	if (!f->match.re)
		return err_wrap(e, "line %u, col %u", f->tree->pos.line, f->tree->pos.col);
	bind_texts(p, f);
	return 0;
}

int filter_bind(struct pipeline *p, const struct logql_filter *tree, struct filter **ret,
		struct err *e)
{
	struct filter *f = arena_zalloc(&p->mem, sizeof(*f));

	f->tree = tree;
	*ret = f; /* also when it fails: to be released */
	switch (tree->kind) {
	case LOGQL_FILTER_AND:
	case LOGQL_FILTER_OR:
		if (filter_bind(p, tree->both.left, &f->left, e) < 0)
			return -1;
		return filter_bind(p, tree->both.right, &f->right, e);
	case LOGQL_FILTER_MATCH:
		return bind_match(p, f, e);
	default:
		f->name = names_id(&p->names, tree->cmp.name);
		stage_reads(p, f->name);
		if (tree->kind == LOGQL_FILTER_BYTES)
			f->bytes = as_loki_prints(tree->cmp.bytes);
		return 0;
	}
}

void filter_release(struct filter *f)
{
	if (!f)
		return;
	filter_release(f->left);
	filter_release(f->right);
	if (f->tree->kind == LOGQL_FILTER_MATCH)
		matcher_release(&f->match);
}

bool filter_one_name(const struct filter *f, uint32_t *ret)
{
	*ret = f->name;
	return f->tree->kind != LOGQL_FILTER_AND && f->tree->kind != LOGQL_FILTER_OR;
}

static bool holds(enum logql_op op, int cmp)
{
	switch (op) {
	case LOGQL_EQ:
		return cmp == 0;
	case LOGQL_NE:
		return cmp != 0;
	case LOGQL_GT:
		return cmp > 0;
	case LOGQL_GE:
		return cmp >= 0;
	case LOGQL_LT:
		return cmp < 0;
	default:
		return cmp <= 0;
	}
}

static bool holds_double(enum logql_op op, double a, double b)
{
	if (a != a || b != b) /* NaN is unequal to all, and nothing else */
		return op == LOGQL_NE;
	return holds(op, (a > b) - (a < b));
}

static void set_error(const struct filter *f, struct block *b, uint32_t i, struct bytes value)
{
	if (block_error(b, i).n)
		return;
	buf_reset(&b->scratch);
	if (f->tree->kind == LOGQL_FILTER_NUMBER)
		value_error_number(&b->scratch, value);
	else if (f->tree->kind == LOGQL_FILTER_DURATION)
		value_error_duration(&b->scratch, value);
	else
		value_error_bytes(&b->scratch, value);
	block_set_error(b, i, err_filter, arena_copy(&b->mem, buf_bytes(&b->scratch)));
}

static enum filter_says says(bool yes)
{
	return yes ? FILTER_YES : FILTER_NO;
}

static enum filter_says ask_cmp(const struct filter *f, struct bytes text)
{
	const struct logql_filter *t = f->tree;
	double number;
	int64_t ns;
	uint64_t size;

	switch (t->kind) {
	case LOGQL_FILTER_NUMBER:
		if (!convert_number(text, &number))
			return FILTER_ERROR;
		return says(holds_double(t->cmp.op, number, t->cmp.number));
	case LOGQL_FILTER_DURATION:
		if (!convert_duration(text, &ns))
			return FILTER_ERROR;
		return says(
			holds(t->cmp.op, (ns > t->cmp.duration_ns) - (ns < t->cmp.duration_ns)));
	case LOGQL_FILTER_BYTES:
		if (!convert_bytes(text, &size))
			return FILTER_ERROR;
		return says(holds(t->cmp.op, (size > f->bytes) - (size < f->bytes)));
	default:
		return says(ip_in_text(t->cmp.ip, text) == (t->cmp.op == LOGQL_EQ));
	}
}

bool filter_looks_at_errors(const struct filter *f)
{
	return f->tree->kind == LOGQL_FILTER_IP;
}

enum filter_says filter_ask(const struct filter *f, struct bytes value, struct err *gave_up)
{
	if (f->tree->kind != LOGQL_FILTER_MATCH)
		return ask_cmp(f, value);
	if (f->alt)
		return says(fits_text(f, value) == (f->match.op == MATCH_RE));
	if (f->match.re) /* a match that is given up ends the query */
		return says(regex_match(f->match.re, value, NULL, gave_up) ==
			    (f->match.op == MATCH_RE));
	return says(matcher_match_value(&f->match, value));
}

bool filter_keeps_without(const struct filter *f, struct err *gave_up)
{
	return f->tree->kind == LOGQL_FILTER_MATCH &&
	       filter_ask(f, (struct bytes){ 0 }, gave_up) == FILTER_YES;
}

/* False: the entry has none, and is out. */
static bool value_of(const struct filter *f, const struct block *b, uint32_t i, struct bytes *ret)
{
	bool match = f->tree->kind == LOGQL_FILTER_MATCH;

	/* The details cannot be asked for: they read as empty. */
	if (match && (f->name == NAME_ERROR || f->name == NAME_ERROR_DETAILS)) {
		*ret = f->name == NAME_ERROR ? block_error(b, i) : (struct bytes){ 0 };
		return true;
	}
	return block_get(b, i, f->name, ret) || match;
}

static bool eval_one(const struct filter *f, struct block *b, uint32_t i)
{
	struct bytes value;

	if (f->tree->kind == LOGQL_FILTER_IP && block_error(b, i).n)
		return true;
	if (!value_of(f, b, i, &value))
		return false;
	switch (filter_ask(f, value, &b->gave_up)) {
	case FILTER_ERROR:
		set_error(f, b, i, value);
		return true; /* the line stays, with the error */
	case FILTER_YES:
		return true;
	default:
		return false;
	}
}

bool filter_eval(const struct filter *f, struct block *b, uint32_t i)
{
	bool left;

	switch (f->tree->kind) {
	case LOGQL_FILTER_AND:
		/* Both sides are asked, since both may set the error label. */
		left = filter_eval(f->left, b, i);
		return filter_eval(f->right, b, i) && left;
	case LOGQL_FILTER_OR:
		return filter_eval(f->left, b, i) || filter_eval(f->right, b, i);
	default:
		return eval_one(f, b, i);
	}
}

/* ---- what blocks must hold ---- */

static void need_regex(const struct filter *f, struct bloom_ask *ask)
{
	struct bytes text[REGEX_NEEDED_MAX];
	bool fold;
	size_t n = regex_needed(f->match.re, text, &fold);

	if (n == 0)
		bloom_ask_anything(ask);
	for (size_t i = 0; i < n; i++)
		bloom_ask_value(ask, text[i], fold ? GRAM_CASE_FOLD : GRAM_CASE_AS_IS);
}

/* One more way to meet the clause begun last. */
static void need_any(const struct filter *f, struct bloom_ask *ask, stage_name_fn *name, void *data)
{
	const struct logql_matcher *m = &f->tree->match;

	if (f->tree->kind == LOGQL_FILTER_OR) {
		need_any(f->left, ask, name, data);
		need_any(f->right, ask, name, data);
		return;
	}
	if (f->tree->kind != LOGQL_FILTER_MATCH || bytes_starts(m->name, BYTES_LIT("__"))) {
		bloom_ask_anything(ask); /* made by the query */
		return;
	}
	name(data, m->name);
	if (m->op == MATCH_EQ)
		bloom_ask_value(ask, m->value, GRAM_CASE_AS_IS);
	else if (m->op == MATCH_RE && f->n_alts == 0)
		need_regex(f, ask);
	else if (m->op == MATCH_RE)
		for (size_t i = 0; i < f->n_alts; i++)
			bloom_ask_value(ask, f->alt[i].find.needle,
					f->alt[i].find.fold ? GRAM_CASE_FOLD : GRAM_CASE_AS_IS);
	else
		bloom_ask_anything(ask);
}

/* What a value holds that matches. Of ASCII: Unicode's letters may stand escaped in JSON, which no
 * filter knows. */
static void need_required(const struct regex *re, struct bloom_ask *ask)
{
	struct regex_required text[REGEX_REQUIRED_MAX];
	size_t n = regex_required(re, REGEX_LETTERS_OF_ASCII, text);

	for (size_t i = 0; i < n; i++) {
		bloom_ask_clause(ask);
		bloom_ask_value(ask, text[i].text, text[i].fold ? GRAM_CASE_FOLD : GRAM_CASE_AS_IS);
	}
}

static void need_all(const struct filter *f, struct bloom_ask *ask, stage_name_fn *name, void *data)
{
	if (f->tree->kind == LOGQL_FILTER_AND) {
		need_all(f->left, ask, name, data);
		need_all(f->right, ask, name, data);
		return;
	}
	bloom_ask_clause(ask);
	need_any(f, ask, name, data);
	if (f->tree->kind == LOGQL_FILTER_MATCH && f->tree->match.op == MATCH_RE &&
	    f->n_alts == 0 && !bytes_starts(f->tree->match.name, BYTES_LIT("__")))
		need_required(f->match.re, ask);
}

void stage_label_filter_needs(const struct stage *s, struct bloom_ask *ask, stage_name_fn *name,
			      void *data)
{
	need_all(s->state, ask, name, data);
}

static int apply(const struct stage *s, struct block *b, struct err *e)
{
	size_t at = (size_t)(s - s->pipeline->stage), n = 0;
	uint32_t *sel;

	if (at < 64 && b->settled >> at & 1)
		return 0;
	if (block_need_labels(b, e) < 0)
		return -1;
	sel = block_sel_list(b);
	for (size_t k = 0; k < b->n_sel; k++)
		if (filter_eval(s->state, b, sel[k]))
			sel[n++] = sel[k];
	b->n_sel = n;
	return 0;
}

static int bind(struct pipeline *p, struct stage *s, const struct logql_stage *tree, struct err *e)
{
	struct filter *f = NULL;
	int r = filter_bind(p, tree->filter, &f, e);

	s->state = f;
	return r;
}

static void release(struct stage *s)
{
	filter_release(s->state);
}

const struct stage_ops stage_label_filter = { .bind = bind, .apply = apply, .release = release };
