/* What Go's templates bring along: comparing, indexing, printing, escaping. */
#include "template/func.h"

#include "base/html.h"
#include "base/unicode.h"
#include "base/utf8.h"
#include "template/escape.h"
#include "template/print.h"

/* --- truth ----------------------------------------------------------------------------- */

static int f_not(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	(void)r;
	(void)n;
	*ret = value_bool(!value_is_true(&v[0]));
	return 0;
}

/* Kinds that can be compared with one another. */
enum basic { B_NONE, B_BOOL, B_INT, B_UINT, B_FLOAT, B_COMPLEX, B_STRING };

static enum basic basic_of(const struct value *v)
{
	switch (v->type) {
	case T_BOOL:
		return B_BOOL;
	case T_UINT8:
		return B_UINT;
	case T_FLOAT:
		return B_FLOAT;
	case T_COMPLEX:
		return B_COMPLEX;
	case T_STRING:
		return B_STRING;
	default:
		return value_is_whole(v) ? B_INT : B_NONE;
	}
}

static bool is_int(enum basic b)
{
	return b == B_INT || b == B_UINT;
}

static bool same_moment(const struct time_at *a, const struct time_at *b)
{
	return a->s == b->s && a->ns == b->ns && a->zone == b->zone && a->is_fixed == b->is_fixed;
}

/* Values of the same basic kind. */
static bool same_basic(enum basic kind, const struct value *a, const struct value *b)
{
	switch (kind) {
	case B_BOOL:
		return a->u.b == b->u.b;
	case B_FLOAT:
		return a->u.f == b->u.f;
	case B_COMPLEX:
		return a->u.complex.re == b->u.complex.re && a->u.complex.im == b->u.complex.im;
	case B_STRING:
		return bytes_eq(a->u.s, b->u.s);
	default:
		return a->u.i == b->u.i;
	}
}

static int equal(struct template_run *r, const struct value *a, const struct value *b, bool *ret)
{
	enum basic ka = basic_of(a), kb = basic_of(b);

	*ret = false;
	if (ka != kb && !(is_int(ka) && is_int(kb))) {
		if (!value_is_none(a) && !value_is_none(b))
			return run_fail(r, "incompatible types for comparison");
		return 0;
	}
	if (ka != B_NONE) {
		*ret = same_basic(is_int(ka) ? B_INT : ka, a, b);
		return 0;
	}
	if (value_is_none(a) || value_is_none(b)) {
		*ret = value_is_none(a) && value_is_none(b);
		return 0;
	}
	if (a->type == T_TIME && b->type == T_TIME) {
		*ret = same_moment(&a->u.t, &b->u.t);
		return 0;
	}
	if (b->type == T_TIME)
		return run_fail(r, "non-comparable types %s, %s", value_type_name(a),
				value_type_name(b));
	run_fail(r, "non-comparable type ");
	print_plain(r, &r->message, b);
	buf_addf(&r->message, ": %s", value_type_name(b));
	return -1;
}

static int f_eq(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	bool same = false;

	if (n < 2)
		return run_fail(r, "missing argument for comparison");
	for (size_t i = 1; i < n && !same; i++)
		if (equal(r, &v[0], &v[i], &same) < 0)
			return -1;
	*ret = value_bool(same);
	return 0;
}

static int f_ne(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	bool same;

	(void)n;
	if (equal(r, &v[0], &v[1], &same) < 0)
		return -1;
	*ret = value_bool(!same);
	return 0;
}

static int less(struct template_run *r, const struct value *a, const struct value *b, bool *ret)
{
	enum basic ka = basic_of(a), kb = basic_of(b);

	if (ka == B_NONE || kb == B_NONE)
		return run_fail(r, "invalid type for comparison");
	if (ka != kb && !(is_int(ka) && is_int(kb)))
		return run_fail(r, "incompatible types for comparison");
	switch (ka) {
	case B_INT:
	case B_UINT:
		*ret = a->u.i < b->u.i;
		return 0;
	case B_FLOAT:
		*ret = a->u.f < b->u.f;
		return 0;
	case B_STRING:
		*ret = bytes_cmp(a->u.s, b->u.s) < 0;
		return 0;
	default:
		return run_fail(r, "invalid type for comparison");
	}
}

static int f_lt(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	bool yes = false;

	(void)n;
	if (less(r, &v[0], &v[1], &yes) < 0)
		return -1;
	*ret = value_bool(yes);
	return 0;
}

static int f_ge(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	if (f_lt(r, v, n, ret) < 0)
		return -1;
	ret->u.b = !ret->u.b;
	return 0;
}

/* Less or equal, so that nothing is so of NaN. */
static int f_le(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	bool yes = false;

	if (f_lt(r, v, n, ret) < 0)
		return -1;
	if (!ret->u.b) {
		if (equal(r, &v[0], &v[1], &yes) < 0)
			return -1;
		ret->u.b = yes;
	}
	return 0;
}

static int f_gt(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	if (f_le(r, v, n, ret) < 0)
		return -1;
	ret->u.b = !ret->u.b;
	return 0;
}

/* --- elements -------------------------------------------------------------------------- */

static int len_of(const struct value *v, size_t *ret)
{
	switch (v->type) {
	case T_STRING:
		*ret = v->u.s.n;
		return 0;
	case T_LIST:
		*ret = v->u.list.n;
		return 0;
	case T_MAP:
		*ret = v->u.dict.n;
		return 0;
	default:
		return -1;
	}
}

static int f_len(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	struct value plain = run_plain(r, &v[0]);
	size_t len;

	(void)n;
	if (v->type == T_NIL)
		return run_fail(r, "len of nil pointer");
	if (v->type == T_NONE)
		return run_fail(r, "reflect: call of reflect.Value.Type on zero Value");
	if (len_of(&plain, &len) < 0)
		return run_fail(r, "len of type %s", value_type_name(&plain));
	*ret = value_int(T_INT, (int64_t)len);
	return 0;
}

static int index_arg(struct template_run *r, const struct value *v, size_t len, size_t *ret)
{
	if (value_is_none(v))
		return run_fail(r, "cannot index slice/array with nil");
	if (!value_is_whole(v))
		return run_fail(r, "cannot index slice/array with type %s", value_type_name(v));
	if (v->u.i < 0 || (uint64_t)v->u.i > len)
		return run_fail(r, "index out of range: %lld", (long long)v->u.i);
	*ret = (size_t)v->u.i;
	return 0;
}

static int index_one(struct template_run *r, struct value *item, const struct value *key)
{
	const struct value *elem;
	size_t i, len;
	bool is_string;

	if (item->type == T_NIL)
		return run_fail(r, "index of nil pointer");
	if (item->type == T_LABELS || item->type == T_MAP) {
		struct value plain = run_plain(r, item);

		if (value_is_none(key))
			return run_fail(r, "value is nil; should be of type string");
		if (key->type != T_STRING)
			return run_fail(r,
					"value has type %s; "
					"should be string",
					value_type_name(key));
		elem = dict_find(&plain.u.dict, key->u.s);
		if (elem)
			*item = *elem;
		else
			*item = item->type == T_MAP ? value_nil() : value_string(BYTES_LIT(""));
		return 0;
	}
	if (len_of(item, &len) < 0)
		return run_fail(r, "can't index item of type %s", value_type_name(item));
	if (index_arg(r, key, len, &i) < 0)
		return -1;
	is_string = item->type == T_STRING;
	if (i == len)
		return run_fail(r, "reflect: %s index out of range",
				is_string ? "string" : "slice");
	*item = is_string ? value_int(T_UINT8, (unsigned char)item->u.s.p[i]) : item->u.list.v[i];
	return 0;
}

static int f_index(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	struct value item = v[0];

	if (value_is_none(&item))
		return run_fail(r, "index of untyped nil");
	for (size_t i = 1; i < n; i++)
		if (index_one(r, &item, &v[i]) < 0)
			return -1;
	*ret = item;
	return 0;
}

static int f_slice(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	bool is_string = v[0].type == T_STRING;
	size_t at[3] = { 0 }, len;

	if (value_is_none(&v[0]))
		return run_fail(r, "slice of untyped nil");
	if (n > 4)
		return run_fail(r, "too many slice indexes: %zu", n - 1);
	if (is_string && n == 4)
		return run_fail(r, "cannot 3-index slice a string");
	if (!is_string && v[0].type != T_LIST)
		return run_fail(r, "can't slice item of type %s", value_type_name(&v[0]));
	len = is_string ? v[0].u.s.n : v[0].u.list.n;
	at[1] = len;
	for (size_t i = 1; i < n; i++)
		if (index_arg(r, &v[i], len, &at[i - 1]) < 0)
			return -1;
	if (at[0] > at[1] || (n == 4 && at[1] > at[2]))
		return run_fail(r, "invalid slice index: %zu > %zu", at[0] > at[1] ? at[0] : at[1],
				at[0] > at[1] ? at[1] : at[2]);
	*ret = v[0];
	ret->is_boxed = false;
	if (is_string)
		ret->u.s = bytes_sub(v[0].u.s, at[0], at[1] - at[0]);
	else
		ret->u.list = (struct list){ v[0].u.list.v + at[0], at[1] - at[0] };
	return 0;
}

static int f_call(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	(void)n;
	(void)ret;
	if (value_is_none(&v[0]))
		return run_fail(r, "call of nil");
	return run_fail(r, "non-function of type %s", value_type_name(&v[0]));
}

/* --- text ------------------------------------------------------------------------------ */

static int done(struct template_run *r, struct value *ret)
{
	if (run_check_size(r, r->scratch.n) < 0)
		return -1;
	*ret = run_take_scratch(r);
	return 0;
}

static int f_print(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	print_all(r, &r->scratch, v, n);
	return done(r, ret);
}

static int f_println(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add_char(&r->scratch, ' ');
		print_plain(r, &r->scratch, &v[i]);
	}
	buf_add_char(&r->scratch, '\n');
	return done(r, ret);
}

static int f_printf(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	if (print_format(r, &r->scratch, v[0].u.s, v + 1, n - 1) < 0)
		return -1;
	return done(r, ret);
}

/* All arguments as one text. nil is the text <no value> here, as in an action. */
static struct bytes joined(struct template_run *r, const struct value *v, size_t n)
{
	struct value *w;
	struct bytes text;

	if (n == 1 && v[0].type == T_STRING)
		return v[0].u.s;
	w = arena_alloc(&r->mem, (n + 1) * sizeof(*w));
	for (size_t i = 0; i < n; i++)
		w[i] = value_is_none(&v[i]) ? value_string(BYTES_LIT("<no value>")) : v[i];
	print_all(r, &r->scratch, w, n);
	text = run_take_scratch(r).u.s;
	buf_reset(&r->scratch);
	return text;
}

static int f_html(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	html_add(&r->scratch, joined(r, v, n));
	return done(r, ret);
}

static int f_js(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	escape_js(&r->scratch, joined(r, v, n));
	return done(r, ret);
}

static int f_urlquery(struct template_run *r, const struct value *v, size_t n, struct value *ret)
{
	escape_url(&r->scratch, joined(r, v, n));
	return done(r, ret);
}

#define VALUES                           \
	{                                \
		PARAM_VALUE, PARAM_VALUE \
	}
#define ANYTHING          \
	{                 \
		PARAM_ANY \
	}

const struct func funcs_language[] = {
	{ .name = "and", .kind = FUNC_AND, .n = 2, .params = VALUES, .is_variadic = true },
	{ .name = "or", .kind = FUNC_OR, .n = 2, .params = VALUES, .is_variadic = true },
	{ .name = "not", .call = f_not, .n = 1, .params = VALUES },
	{ .name = "eq", .call = f_eq, .n = 2, .params = VALUES, .is_variadic = true },
	{ .name = "ne", .call = f_ne, .n = 2, .params = VALUES },
	{ .name = "lt", .call = f_lt, .n = 2, .params = VALUES },
	{ .name = "le", .call = f_le, .n = 2, .params = VALUES },
	{ .name = "gt", .call = f_gt, .n = 2, .params = VALUES },
	{ .name = "ge", .call = f_ge, .n = 2, .params = VALUES },
	{ .name = "len", .call = f_len, .n = 1, .params = VALUES },
	{ .name = "index", .call = f_index, .n = 2, .params = VALUES, .is_variadic = true },
	{ .name = "slice", .call = f_slice, .n = 2, .params = VALUES, .is_variadic = true },
	{ .name = "call", .call = f_call, .n = 2, .params = VALUES, .is_variadic = true },
	{ .name = "print", .call = f_print, .n = 1, .params = ANYTHING, .is_variadic = true },
	{ .name = "println", .call = f_println, .n = 1, .params = ANYTHING, .is_variadic = true },
	{ .name = "printf",
	  .call = f_printf,
	  .n = 2,
	  .params = { PARAM_STRING, PARAM_ANY },
	  .is_variadic = true },
	{ .name = "html", .call = f_html, .n = 1, .params = ANYTHING, .is_variadic = true },
	{ .name = "js", .call = f_js, .n = 1, .params = ANYTHING, .is_variadic = true },
	{ .name = "urlquery", .call = f_urlquery, .n = 1, .params = ANYTHING, .is_variadic = true },
	{ 0 },
};
