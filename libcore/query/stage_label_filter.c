/* | status >= 500 and (method = "GET" or dur > 1s): label filters of all types. */
#include "query/convert.h"
#include "query/ip.h"
#include "query/stage.h"

static const char err_filter[] = "LabelFilterErr";

struct filter {
	const struct logql_filter *tree;
	uint32_t name;
	struct matcher match; /* MATCH */
	struct filter *left, *right;
};

int filter_bind(struct pipeline *p, const struct logql_filter *tree, struct filter **ret, struct err *e)
{
	struct filter *f = arena_zalloc(&p->mem, sizeof(*f));

	*ret = f;
	f->tree = tree;
	switch (tree->kind) {
	case LOGQL_FILTER_AND:
	case LOGQL_FILTER_OR:
		if (filter_bind(p, tree->both.left, &f->left, e) < 0)
			return -1;
		return filter_bind(p, tree->both.right, &f->right, e);
	case LOGQL_FILTER_MATCH:
		f->name = names_id(&p->names, tree->match.name);
		stage_reads(p, f->name);
		if (matcher_init(&f->match, tree->match.op, tree->match.name, tree->match.value, e) < 0)
			return err_wrap(e, "%u:%u", tree->pos.line, tree->pos.col);
		return 0;
	default:
		f->name = names_id(&p->names, tree->cmp.name);
		stage_reads(p, f->name);
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

static bool fail(struct block *b, uint32_t i, const char *what, struct bytes value)
{
	if (block_error(b, i).n == 0) {
		buf_reset(&b->scratch);
		buf_addf(&b->scratch, "%s \"%.*s\"", what, BYTES_ARG(value));
		block_set_error(b, i, err_filter, arena_copy(&b->mem, buf_bytes(&b->scratch)));
	}
	return true; /* the line stays, with the error */
}

static bool eval_cmp(const struct filter *f, struct block *b, uint32_t i)
{
	const struct logql_filter *t = f->tree;
	struct bytes text;
	double number;
	int64_t ns;
	uint64_t size;

	if (t->kind == LOGQL_FILTER_IP && block_error(b, i).n)
		return true;
	if (!block_get(b, i, f->name, &text))
		return false;
	switch (t->kind) {
	case LOGQL_FILTER_NUMBER:
		if (!convert_number(text, &number))
			return fail(b, i, "strconv.ParseFloat: parsing", text);
		return holds_double(t->cmp.op, number, t->cmp.number);
	case LOGQL_FILTER_DURATION:
		if (!convert_duration(text, &ns))
			return fail(b, i, "time: invalid duration", text);
		return holds(t->cmp.op, (ns > t->cmp.duration_ns) - (ns < t->cmp.duration_ns));
	case LOGQL_FILTER_BYTES:
		if (!convert_bytes(text, &size))
			return fail(b, i, "unhandled size name:", text);
		return holds(t->cmp.op, (size > t->cmp.bytes) - (size < t->cmp.bytes));
	default:
		return ip_in_text(t->cmp.ip, text) == (t->cmp.op == LOGQL_EQ);
	}
}

bool filter_eval(const struct filter *f, struct block *b, uint32_t i)
{
	struct bytes text;
	bool left;

	switch (f->tree->kind) {
	case LOGQL_FILTER_MATCH:
		if (f->name == NAME_ERROR)
			text = block_error(b, i);
		else
			block_get(b, i, f->name, &text);
		return matcher_match_value(&f->match, text);
	case LOGQL_FILTER_AND:
		/* Both sides are asked, since both may set the error label. */
		left = filter_eval(f->left, b, i);
		return filter_eval(f->right, b, i) && left;
	case LOGQL_FILTER_OR:
		return filter_eval(f->left, b, i) || filter_eval(f->right, b, i);
	default:
		return eval_cmp(f, b, i);
	}
}

static int apply(const struct stage *s, struct block *b, struct err *e)
{
	uint32_t *sel;
	size_t n = 0;

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
