#include "template/call.h"

#include "template/methods.h"
#include "template/number.h"
#include "template/print.h"

static const char *param_name(enum param p)
{
	static const char *const names[] = {
		[PARAM_STRING] = "string",    [PARAM_INT] = "int",
		[PARAM_FLOAT] = "float64",    [PARAM_TIME] = "time.Time",
		[PARAM_ANY] = "interface {}", [PARAM_VALUE] = "reflect.Value"
	};

	return names[p];
}

int eval_literal(struct template_run *r, const struct value *dot, const struct node *word,
		 struct value *ret)
{
	const struct number *n = &word->u.number;

	switch (word->kind) {
	case NODE_DOT:
		*ret = *dot;
		return 0;
	case NODE_BOOL:
		*ret = value_bool(word->u.boolean);
		return 0;
	case NODE_STRING:
		*ret = value_string(word->u.string);
		return 0;
	case NODE_NUMBER:
		break;
	default:
		return run_fail(r, "can't evaluate this command");
	}
	if (n->is_complex) {
		*ret = (struct value){ .type = T_COMPLEX, .u.complex = { n->f, n->imaginary } };
	} else if (n->is_float && !number_looks_whole(word->text)) {
		*ret = value_float(n->f);
	} else if (n->is_int) {
		*ret = value_int(T_INT, n->i);
	} else {
		r->at = word;
		return run_fail_bytes(r, "", word->text, " overflows int");
	}
	return 0;
}

/* A value as what a parameter takes. */
static int validate(struct template_run *r, struct value *v, enum param p)
{
	static const enum type types[] = { [PARAM_STRING] = T_STRING,
					   [PARAM_INT] = T_INT,
					   [PARAM_FLOAT] = T_FLOAT,
					   [PARAM_TIME] = T_TIME };

	if (p == PARAM_VALUE)
		return 0;
	if (p == PARAM_ANY) {
		if (v->type == T_NONE)
			*v = value_nil();
		return 0;
	}
	if (v->type == T_NONE)
		return run_fail(r, "invalid value; expected %s", param_name(p));
	if (v->type == types[p])
		return 0;
	return run_fail(r, "wrong type for value; expected %s; got %s", param_name(p),
			value_type_name(v));
}

/* A literal where a type is asked for: an int is good for a float64. */
static int literal_arg(struct template_run *r, const struct node *word, enum param p,
		       struct value *ret)
{
	const struct number *n = &word->u.number;
	bool is_number = word->kind == NODE_NUMBER;

	switch (p) {
	case PARAM_STRING:
		if (word->kind == NODE_STRING)
			return eval_literal(r, NULL, word, ret);
		run_fail(r, "expected string; found ");
		break;
	case PARAM_INT:
		*ret = value_int(T_INT, n->i);
		if (is_number && n->is_int)
			return 0;
		run_fail(r, "expected integer; found ");
		break;
	case PARAM_FLOAT:
		*ret = value_float(n->f);
		if (is_number && n->is_float)
			return 0;
		run_fail(r, "expected float; found ");
		break;
	case PARAM_TIME:
		run_fail(r, "can't handle ");
		node_print(&r->message, word);
		buf_add_str(&r->message, " for arg of type time.Time");
		return -1;
	default:
		return eval_literal(r, NULL, word, ret);
	}
	node_print(&r->message, word);
	return -1;
}

/* A word whose value is not yet checked against a type. */
static int eval_word(struct template_run *r, const struct value *dot, const struct node *word,
		     struct value *ret)
{
	switch (word->kind) {
	case NODE_DOT:
		*ret = *dot;
		return 0;
	case NODE_FIELD:
	case NODE_VARIABLE:
	case NODE_CHAIN:
		return eval_fields(r, dot, word, NULL, NULL, ret);
	case NODE_PIPE:
		return eval_pipe(r, dot, word, ret);
	default: /* NODE_IDENT */
		r->at = word;
		return eval_call(r, dot, word->u.func, NULL, word, NULL, 0, NULL, ret);
	}
}

static int eval_arg(struct template_run *r, const struct value *dot, enum param p,
		    const struct node *word, struct value *ret)
{
	r->at = word;
	switch (word->kind) {
	case NODE_NIL:
		if (p != PARAM_ANY && p != PARAM_VALUE)
			return run_fail(r, "cannot assign nil to %s", param_name(p));
		*ret = p == PARAM_ANY ? value_nil() : value_none();
		return 0;
	case NODE_BOOL:
	case NODE_NUMBER:
	case NODE_STRING:
		return literal_arg(r, word, p, ret);
	default:
		if (eval_word(r, dot, word, ret) < 0)
			return -1;
		return validate(r, ret, p);
	}
}

/* --- fields ---------------------------------------------------------------------------- */

static int no_field(struct template_run *r, struct bytes name, const struct value *v)
{
	const char *type = v->is_boxed ? "interface {}" : value_type_name(v);

	run_fail_bytes(r, "can't evaluate field ", name, " in type ");
	buf_add_str(&r->message, type);
	return -1;
}

static int eval_field(struct template_run *r, const struct value *dot, const struct field *f,
		      const struct node *node, const struct node *cmd, const struct value *final,
		      const struct value *of, struct value *ret)
{
	bool has_args = cmd && (cmd->nodes.n > 1 || final);
	const struct func *method = method_find(of, f->name);
	const struct value *elem;

	if (of->type == T_NONE) {
		*ret = value_none();
		return 0;
	}
	if (of->type == T_NIL)
		return run_fail_bytes(r, "nil pointer evaluating interface {}.", f->name, "");
	if (method)
		return eval_call(r, dot, method, of, node, cmd ? cmd->nodes.first->next : NULL,
				 cmd ? cmd->nodes.n - 1 : 0, final, ret);
	if (of->type != T_LABELS && of->type != T_MAP)
		return no_field(r, f->name, of);
	if (has_args)
		return run_fail_bytes(r, "", f->name, " is not a method but has arguments");
	if (of->type == T_LABELS) {
		*ret = value_string(r->entry->label(r->entry->ctx, f->number));
		return 0;
	}
	elem = dict_find(&of->u.dict, f->name);
	*ret = elem ? *elem : value_nil();
	return 0;
}

int eval_fields(struct template_run *r, const struct value *dot, const struct node *word,
		const struct node *cmd, const struct value *final, struct value *ret)
{
	size_t i = 0, n = word->u.fields.n;
	struct value of = *dot, got;

	r->at = word;
	if (word->kind == NODE_VARIABLE) {
		if (eval_variable(r, word, &of) < 0)
			return -1;
		i = 1;
		if (n == 1 && cmd && (cmd->nodes.n > 1 || final)) {
			run_fail(r, "can't give argument to non-function ");
			node_print(&r->message, word);
			return -1;
		}
	} else if (word->kind == NODE_CHAIN) {
		r->at = word->u.fields.of;
		if (word->u.fields.of->kind == NODE_NIL) {
			r->at = word;
			run_fail(r, "indirection through explicit nil in ");
			node_print(&r->message, word);
			return -1;
		}
		if (eval_word(r, dot, word->u.fields.of, &of) < 0)
			return -1;
	}
	for (; i < n; i++) {
		bool last = i + 1 == n;

		if (eval_field(r, dot, &word->u.fields.v[i], word, last ? cmd : NULL,
			       last ? final : NULL, &of, &got) < 0)
			return -1;
		of = got;
	}
	*ret = of;
	return 0;
}

/* --- calls ----------------------------------------------------------------------------- */

/* and, or: the first argument that decides, or the last. */
static int eval_and_or(struct template_run *r, const struct value *dot, const struct func *f,
		       const struct node *arg, size_t n, const struct value *final,
		       struct value *ret)
{
	for (size_t i = 0; i < n; i++, arg = arg->next) {
		if (eval_arg(r, dot, PARAM_VALUE, arg, ret) < 0)
			return -1;
		if (value_is_true(ret) == (f->kind == FUNC_OR))
			return 0;
	}
	if (final)
		*ret = *final;
	return 0;
}

static int check_count(struct template_run *r, const struct func *f, size_t n_params, size_t n,
		       size_t total)
{
	if (f->is_variadic && total < n_params - 1)
		return run_fail(r, "wrong number of args for %s: want at least %zu got %zu",
				f->name, n_params - 1, n);
	if (!f->is_variadic && total != n_params)
		return run_fail(r, "wrong number of args for %s: want %zu got %zu", f->name,
				n_params, total);
	return 0;
}

int eval_call(struct template_run *r, const struct value *dot, const struct func *f,
	      const struct value *receiver, const struct node *node, const struct node *arg,
	      size_t n, const struct value *final, struct value *ret)
{
	const enum param *params = f->params + (receiver ? 1 : 0);
	size_t n_params = f->n - (receiver ? 1 : 0), total = n + (final ? 1 : 0);
	const struct node *before;
	struct regex *pattern = NULL;
	struct value *v, *args;

	if (check_count(r, f, n_params, n, total) < 0)
		return -1;
	if (f->kind != FUNC_PLAIN)
		return eval_and_or(r, dot, f, arg, n, final, ret);
	args = v = arena_alloc(&r->mem, (total + 1) * sizeof(*v));
	if (receiver)
		*v++ = *receiver;
	for (size_t i = 0; i < total; i++) {
		enum param p = params[i < n_params ? i : n_params - 1];

		if (i < n) {
			if (eval_arg(r, dot, p, arg, &v[i]) < 0)
				return -1;
			if (i == 0 && f->takes_pattern)
				pattern = arg->regex;
			arg = arg->next;
			continue;
		}
		v[i] = *final;
		if (validate(r, &v[i], p) < 0)
			return -1;
	}
	before = r->at;
	r->at = node;
	r->pattern = pattern;
	r->calling = f->name;
	buf_reset(&r->scratch);
	if (f->call(r, args, total + (receiver ? 1 : 0), ret) < 0)
		return -1;
	r->calling = NULL;
	r->at = before;
	return 0;
}
