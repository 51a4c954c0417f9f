/*
 * The functions of templates, and how to add one: write it in the funcs_*.c of its topic, declare
 * it there in that file's table, describe it in logql(7), and test it in tests/unit/template.c.
 */
#ifndef TEMPLATE_FUNC_H
#define TEMPLATE_FUNC_H

#include "template/run.h"

/* What a parameter takes. */
enum param {
	PARAM_STRING,
	PARAM_INT,
	PARAM_FLOAT,
	PARAM_TIME,
	PARAM_ANY,   /* interface {} */
	PARAM_VALUE, /* the same, and nothing at all stays nothing */
};

enum func_kind {
	FUNC_PLAIN,
	FUNC_AND, /* these two evaluate no more arguments than they need */
	FUNC_OR,
};

/*
 * Arguments are already of the parameters' types. 0, with *ret set; or -1, with the message set by
 * run_fail: what Go's function would say.
 */
typedef int func_fn(struct template_run *r, const struct value *v, size_t n, struct value *ret);

enum { FUNC_PARAMS_MAX = 4 };

struct func {
	const char *name;
	func_fn *call;
	size_t n; /* of parameters; the last one counts when it is variadic */
	enum param params[FUNC_PARAMS_MAX];
	bool is_variadic;
	bool takes_pattern; /* the first parameter is a regular expression */
	enum func_kind kind;
};

/* NULL when there is none. */
const struct func *func_find(struct bytes name);

bool func_takes_pattern(const struct func *f);

/* One table a topic; each ends with a name that is NULL. */
extern const struct func funcs_language[], funcs_string[], funcs_math[], funcs_time[];

#endif
