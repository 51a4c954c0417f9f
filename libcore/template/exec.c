/*
 * Walks the tree. Messages name the node that was looked at last (r->at), as Go's do; so r->at is
 * set in the same places.
 */
#include "template/run.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/mem.h"
#include "regex/regex.h"
#include "template/call.h"
#include "template/number.h"
#include "template/print.h"

enum { NESTING_MAX = 500, KEEP_MAX = 1 << 20 };

enum walked { WALK_ERROR = -1, WALK_ON, WALK_BREAK, WALK_CONTINUE };

/* --- messages and limits --------------------------------------------------------------- */

/* "template: line:1:2: executing "line" at <bytes .size>: " */
static void add_place(struct template_run *r)
{
	struct bytes before = bytes_sub(r->tmpl->text, 0, r->at->pos);
	struct bytes name = r->tmpl->name, exec = r->def->name;
	size_t line = 1, begin = 0;

	for (size_t i = 0; i < before.n; i++) {
		if (before.p[i] == '\n') {
			line++;
			begin = i + 1;
		}
	}
	buf_addf(&r->message, "template: %.*s:%zu:%zu: executing \"%.*s\" at <", BYTES_ARG(name),
		 line, before.n - begin, BYTES_ARG(exec));
	node_print(&r->message, r->at);
	buf_add_str(&r->message, ">: ");
	if (r->calling)
		buf_addf(&r->message, "error calling %s: ", r->calling);
}

int(run_fail)(struct template_run *r, const char *fmt, ...)
{
	va_list va;

	buf_reset(&r->message);
	add_place(r);
	va_start(va, fmt);
	buf_addv(&r->message, fmt, va);
	va_end(va);
	return -1;
}

int run_fail_bytes(struct template_run *r, const char *before, struct bytes text, const char *after)
{
	run_fail(r, "%s", before);
	buf_add_bytes(&r->message, text);
	buf_add_str(&r->message, after);
	return -1;
}

int run_check_size(struct template_run *r, size_t n)
{
	if (n > TEMPLATE_OUTPUT_MAX)
		return run_fail(r, "longer than %d bytes", TEMPLATE_OUTPUT_MAX);
	return 0;
}

static int step(struct template_run *r)
{
	if (++r->steps > TEMPLATE_STEPS_MAX)
		return run_fail(r, "more than %d steps", TEMPLATE_STEPS_MAX);
	if (r->mem.total > TEMPLATE_MEMORY_MAX)
		return run_fail(r, "values of more than %d bytes", TEMPLATE_MEMORY_MAX);
	return run_check_size(r, r->out.n);
}

struct value run_take_scratch(struct template_run *r)
{
	return value_string(arena_copy(&r->mem, buf_bytes(&r->scratch)));
}

/* --- labels ---------------------------------------------------------------------------- */

static int cmp_pairs(const void *a, const void *b)
{
	return bytes_cmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

/* The labels of the entry as a list sorted by name. */
static struct dict labels_of(struct template_run *r)
{
	struct template_label *labels = NULL;
	size_t n = r->entry->labels(r->entry->ctx, &r->mem, &labels);
	struct pair *v = arena_alloc(&r->mem, (n + 1) * sizeof(*v));
	struct value *values = arena_alloc(&r->mem, (n + 1) * sizeof(*values));

	for (size_t i = 0; i < n; i++) {
		values[i] = value_string(labels[i].value);
		v[i] = (struct pair){ labels[i].name, &values[i] };
	}
	qsort(v, n, sizeof(*v), cmp_pairs);
	return (struct dict){ v, n };
}

struct value run_plain(struct template_run *r, const struct value *v)
{
	struct value map = { .type = T_MAP };

	if (v->type != T_LABELS)
		return *v;
	map.u.dict = labels_of(r);
	return map;
}

/* --- variables ------------------------------------------------------------------------- */

static void push_var(struct template_run *r, struct bytes name, struct value v)
{
	mem_grow(&r->vars, &r->cap_vars, r->n_vars + 1, sizeof(*r->vars));
	r->vars[r->n_vars++] = (struct variable){ name, v };
}

static struct variable *find_var(struct template_run *r, struct bytes name)
{
	for (size_t i = r->n_vars; i-- > r->vars_base;)
		if (bytes_eq(r->vars[i].name, name))
			return &r->vars[i];
	return NULL;
}

static int set_var(struct template_run *r, struct bytes name, struct value v)
{
	struct variable *var = find_var(r, name);

	if (!var)
		return run_fail_bytes(r, "undefined variable: ", name, "");
	var->value = v;
	return 0;
}

/* --- evaluating ------------------------------------------------------------------------ */

static int no_args(struct template_run *r, const struct node *word, size_t n,
		   const struct value *final)
{
	if (n <= 1 && !final)
		return 0;
	run_fail(r, "can't give argument to non-function ");
	node_print(&r->message, word);
	return -1;
}

static int eval_command(struct template_run *r, const struct value *dot, const struct node *cmd,
			const struct value *final, struct value *ret)
{
	const struct node *word = cmd->nodes.first;

	switch (word->kind) {
	case NODE_FIELD:
	case NODE_VARIABLE:
	case NODE_CHAIN:
		return eval_fields(r, dot, word, cmd, final, ret);
	case NODE_IDENT:
		r->at = word;
		return eval_call(r, dot, word->u.func, NULL, cmd, word->next, cmd->nodes.n - 1,
				 final, ret);
	case NODE_PIPE:
		if (no_args(r, word, cmd->nodes.n, final) < 0)
			return -1;
		return eval_pipe(r, dot, word, ret);
	default:
		break;
	}
	r->at = word;
	if (no_args(r, word, cmd->nodes.n, final) < 0)
		return -1;
	if (word->kind == NODE_NIL)
		return run_fail(r, "nil is not a command");
	return eval_literal(r, dot, word, ret);
}

static int eval_pipe_in(struct template_run *r, const struct value *dot, const struct node *pipe,
			struct value *ret)
{
	struct value v = value_none(), before;
	bool first = true;

	r->at = pipe;
	for (const struct node *cmd = pipe->nodes.first; cmd; cmd = cmd->next, first = false) {
		if (step(r) < 0)
			return -1;
		before = v;
		if (eval_command(r, dot, cmd, first ? NULL : &before, &v) < 0)
			return -1;
		v.is_boxed = false;
		if (v.type == T_NIL)
			v = value_none();
	}
	for (size_t i = 0; i < pipe->u.set.n; i++) {
		struct bytes name = pipe->u.set.v[i]->u.fields.v[0].name;

		if (!pipe->u.set.is_assign)
			push_var(r, name, v);
		else if (set_var(r, name, v) < 0)
			return -1;
	}
	*ret = v;
	return 0;
}

int eval_pipe(struct template_run *r, const struct value *dot, const struct node *pipe,
	      struct value *ret)
{
	int done;

	if (++r->nesting > NESTING_MAX)
		return run_fail(r, "nested too deep");
	done = eval_pipe_in(r, dot, pipe, ret);
	r->nesting--;
	return done;
}

int eval_variable(struct template_run *r, const struct node *word, struct value *ret)
{
	const struct variable *var = find_var(r, word->u.fields.v[0].name);

	if (!var)
		return run_fail_bytes(r, "undefined variable: ", word->u.fields.v[0].name, "");
	*ret = var->value;
	return 0;
}

/* --- walking --------------------------------------------------------------------------- */

static enum walked walk(struct template_run *r, const struct value *dot, const struct node *n);

/* {{.name}} of the labels, the most frequent action by far. */
static bool print_label(struct template_run *r, const struct value *dot, const struct node *pipe)
{
	const struct node *cmd = pipe->nodes.first, *word = cmd->nodes.first;

	if (dot->type != T_LABELS || pipe->u.set.n || cmd->next || cmd->nodes.n > 1 ||
	    word->kind != NODE_FIELD || word->u.fields.n > 1)
		return false;
	buf_add_bytes(&r->out, r->entry->label(r->entry->ctx, word->u.fields.v[0].number));
	return true;
}

static enum walked walk_action(struct template_run *r, const struct value *dot,
			       const struct node *n)
{
	const struct node *pipe = n->u.branch.pipe;
	struct value v;

	if (print_label(r, dot, pipe))
		return WALK_ON;
	if (eval_pipe(r, dot, pipe, &v) < 0)
		return WALK_ERROR;
	if (pipe->u.set.n)
		return WALK_ON;
	r->at = n;
	if (v.type == T_NONE)
		buf_add_str(&r->out, "<no value>");
	else
		print_plain(r, &r->out, &v);
	return WALK_ON;
}

static enum walked walk_if(struct template_run *r, const struct value *dot, const struct node *n)
{
	size_t vars = r->n_vars;
	enum walked w = WALK_ON;
	struct value v;

	if (eval_pipe(r, dot, n->u.branch.pipe, &v) < 0)
		return WALK_ERROR;
	if (value_is_true(&v))
		w = walk(r, n->kind == NODE_WITH ? &v : dot, n->u.branch.body);
	else if (n->u.branch.otherwise)
		w = walk(r, dot, n->u.branch.otherwise);
	r->n_vars = vars;
	return w;
}

static enum walked iterate(struct template_run *r, const struct node *n, const struct value *index,
			   const struct value *elem)
{
	const struct node *pipe = n->u.branch.pipe;
	size_t mark = r->n_vars, n_set = pipe->u.set.n;
	enum walked w;

	if (step(r) < 0)
		return WALK_ERROR;
	if (n_set && pipe->u.set.is_assign) {
		if (set_var(r, pipe->u.set.v[0]->u.fields.v[0].name, n_set > 1 ? *index : *elem) <
		    0)
			return WALK_ERROR;
		if (n_set > 1 && set_var(r, pipe->u.set.v[1]->u.fields.v[0].name, *elem) < 0)
			return WALK_ERROR;
	} else if (n_set) {
		r->vars[mark - 1].value = *elem;
		if (n_set > 1)
			r->vars[mark - 2].value = *index;
	}
	w = walk(r, elem, n->u.branch.body);
	r->n_vars = mark;
	return w == WALK_CONTINUE ? WALK_ON : w;
}

static enum walked range_list(struct template_run *r, const struct node *n, const struct list *l)
{
	enum walked w = WALK_ON;

	for (size_t i = 0; i < l->n && w == WALK_ON; i++) {
		struct value index = value_int(T_INT, (int64_t)i);

		w = iterate(r, n, &index, &l->v[i]);
	}
	return w;
}

static enum walked range_map(struct template_run *r, const struct node *n, const struct dict *d)
{
	enum walked w = WALK_ON;

	for (size_t i = 0; i < d->n && w == WALK_ON; i++) {
		struct value key = value_string(d->v[i].key);

		w = iterate(r, n, &key, d->v[i].value);
	}
	return w;
}

static enum walked range_number(struct template_run *r, const struct node *n,
				const struct value *count)
{
	enum walked w = WALK_ON;
	struct value none = value_none(), i = *count;

	if (n->u.branch.pipe->u.set.n > 1) {
		run_fail(r, "can't use %lld to iterate over more than one variable",
			 (long long)count->u.i);
		return WALK_ERROR;
	}
	for (i.u.i = 0; i.u.i < count->u.i && w == WALK_ON; i.u.i++)
		w = iterate(r, n, &none, &i);
	return w;
}

static enum walked walk_range(struct template_run *r, const struct value *dot, const struct node *n)
{
	size_t vars = r->n_vars;
	enum walked w = WALK_ON;
	bool any;
	struct value v;

	r->at = n;
	if (eval_pipe(r, dot, n->u.branch.pipe, &v) < 0)
		return WALK_ERROR;
	v = run_plain(r, &v);
	if (v.type == T_LIST) {
		any = v.u.list.n > 0;
		w = range_list(r, n, &v.u.list);
	} else if (v.type == T_MAP) {
		any = v.u.dict.n > 0;
		w = range_map(r, n, &v.u.dict);
	} else if (value_is_whole(&v)) {
		any = v.u.i > 0;
		w = range_number(r, n, &v);
	} else if (v.type == T_NONE) {
		any = false;
	} else {
		run_fail(r, "range can't iterate over ");
		print_plain(r, &r->message, &v);
		return WALK_ERROR;
	}
	if (!any && w == WALK_ON && n->u.branch.otherwise)
		w = walk(r, dot, n->u.branch.otherwise);
	else if (w == WALK_BREAK)
		w = WALK_ON;
	r->n_vars = vars;
	return w;
}

static enum walked walk_template(struct template_run *r, const struct value *dot,
				 const struct node *n)
{
	const struct definition *def = template_find(r->tmpl, n->text), *outer = r->def;
	size_t base = r->vars_base, n_vars;
	struct value v = value_none();
	enum walked w;

	r->at = n;
	if (!def) {
		run_fail_bytes(r, "template \"", n->text, "\" not defined");
		return WALK_ERROR;
	}
	if (r->depth >= TEMPLATE_DEPTH_MAX) {
		run_fail(r, "exceeded maximum template depth (%d)", TEMPLATE_DEPTH_MAX);
		return WALK_ERROR;
	}
	if (n->u.branch.pipe && eval_pipe(r, dot, n->u.branch.pipe, &v) < 0)
		return WALK_ERROR;
	n_vars = r->vars_base = r->n_vars;
	r->depth++;
	r->def = def;
	push_var(r, BYTES_LIT("$"), v);
	w = walk(r, &v, def->root);
	r->n_vars = n_vars;
	r->vars_base = base;
	r->depth--;
	r->def = outer;
	return w;
}

static enum walked walk_one(struct template_run *r, const struct value *dot, const struct node *n)
{
	enum walked w = WALK_ON;

	r->at = n;
	switch (n->kind) {
	case NODE_TEXT:
		buf_add_bytes(&r->out, n->text);
		return WALK_ON;
	case NODE_ACTION:
		return walk_action(r, dot, n);
	case NODE_LIST:
		for (const struct node *c = n->nodes.first; c && w == WALK_ON; c = c->next)
			w = walk(r, dot, c);
		return w;
	case NODE_IF:
	case NODE_WITH:
		return walk_if(r, dot, n);
	case NODE_RANGE:
		return walk_range(r, dot, n);
	case NODE_TEMPLATE:
		return walk_template(r, dot, n);
	case NODE_BREAK:
		return WALK_BREAK;
	case NODE_CONTINUE:
		return WALK_CONTINUE;
	default:
		run_fail(r, "unknown node");
		return WALK_ERROR;
	}
}

static enum walked walk(struct template_run *r, const struct value *dot, const struct node *n)
{
	enum walked w;

	if (step(r) < 0)
		return WALK_ERROR;
	if (++r->nesting > NESTING_MAX) {
		run_fail(r, "nested too deep");
		return WALK_ERROR;
	}
	w = walk_one(r, dot, n);
	r->nesting--;
	return w;
}

/* --- from outside ---------------------------------------------------------------------- */

struct template_run *template_run_new(void)
{
	return mem_alloc(sizeof(struct template_run));
}

void template_run_free(struct template_run *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < RUN_REGEXES; i++)
		regex_free(r->regexes[i]);
	for (size_t i = 0; i < r->n_zones; i++)
		time_zone_free(r->zones[i]);
	free(r->zones);
	arena_release(&r->mem);
	buf_release(&r->out);
	buf_release(&r->message);
	buf_release(&r->scratch);
	buf_release(&r->digits);
	buf_release(&r->piece);
	free(r->vars);
	free(r);
}

int template_execute(const struct template *t, struct template_run *r,
		     const struct template_entry *entry, struct bytes *ret)
{
	struct value dot = { .type = T_LABELS };
	enum walked w;

	if (r->mem.total > KEEP_MAX)
		arena_release(&r->mem);
	else
		arena_reset(&r->mem);
	buf_reset(&r->out);
	r->tmpl = t;
	r->entry = entry;
	r->def = template_find(t, t->name);
	r->steps = r->depth = r->nesting = 0;
	r->n_vars = r->vars_base = 0;
	r->calling = NULL;
	push_var(r, BYTES_LIT("$"), dot);
	w = walk(r, &dot, r->def->root);
	if (w != WALK_ERROR) {
		r->at = r->def->root;
		w = run_check_size(r, r->out.n) < 0 ? WALK_ERROR : WALK_ON;
	}
	*ret = buf_bytes(w == WALK_ERROR ? &r->message : &r->out);
	return w == WALK_ERROR ? -1 : 0;
}
