/* Numbers. add and its kin count with whole ones, addf and its kin with decimal ones. */
#include "template/func.h"

#include <math.h>

#include "template/decimal.h"

#define FUNC(NAME) \
	static int NAME(struct template_run *r, const struct value *v, size_t n, struct value *ret)
#define UNUSED_RUN ((void)r, (void)n)

static int whole(int64_t i, struct value *ret)
{
	*ret = value_int(T_INT64, i);
	return 0;
}

static int real(double f, struct value *ret)
{
	*ret = value_float(f);
	return 0;
}

FUNC(f_int)
{
	UNUSED_RUN;
	*ret = value_int(T_INT, value_to_i64(&v[0]));
	return 0;
}

FUNC(f_float64)
{
	UNUSED_RUN;
	return real(value_to_float(&v[0]), ret);
}

/* Overflow wraps, as in Go. */
FUNC(f_add)
{
	uint64_t sum = 0;

	(void)r;
	for (size_t i = 0; i < n; i++)
		sum += (uint64_t)value_to_i64(&v[i]);
	return whole((int64_t)sum, ret);
}

FUNC(f_sub)
{
	UNUSED_RUN;
	return whole((int64_t)((uint64_t)value_to_i64(&v[0]) - (uint64_t)value_to_i64(&v[1])), ret);
}

FUNC(f_mul)
{
	uint64_t product = (uint64_t)value_to_i64(&v[0]);

	(void)r;
	for (size_t i = 1; i < n; i++)
		product *= (uint64_t)value_to_i64(&v[i]);
	return whole((int64_t)product, ret);
}

FUNC(f_div)
{
	int64_t a = value_to_i64(&v[0]), b = value_to_i64(&v[1]);

	(void)n;
	if (b == 0)
		return run_fail(r, "runtime error: integer divide by zero");
	return whole(b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b, ret);
}

FUNC(f_mod)
{
	int64_t a = value_to_i64(&v[0]), b = value_to_i64(&v[1]);

	(void)n;
	if (b == 0)
		return run_fail(r, "runtime error: integer divide by zero");
	return whole(b == -1 ? 0 : a % b, ret);
}

FUNC(f_max)
{
	int64_t a = value_to_i64(&v[0]);

	(void)r;
	for (size_t i = 1; i < n; i++)
		if (value_to_i64(&v[i]) > a)
			a = value_to_i64(&v[i]);
	return whole(a, ret);
}

FUNC(f_min)
{
	int64_t a = value_to_i64(&v[0]);

	(void)r;
	for (size_t i = 1; i < n; i++)
		if (value_to_i64(&v[i]) < a)
			a = value_to_i64(&v[i]);
	return whole(a, ret);
}

/* The extreme one; NaN if any is. */
static double extreme(const struct value *v, size_t n, double sign)
{
	double a = value_to_float(&v[0]);

	for (size_t i = 1; i < n; i++) {
		double b = value_to_float(&v[i]);

		if (isnan(b) || sign * b > sign * a)
			a = b;
		if (isnan(a))
			break;
	}
	return a;
}

FUNC(f_maxf)
{
	(void)r;
	return real(extreme(v, n, 1), ret);
}

FUNC(f_minf)
{
	(void)r;
	return real(extreme(v, n, -1), ret);
}

FUNC(f_ceil)
{
	UNUSED_RUN;
	return real(ceil(value_to_float(&v[0])), ret);
}

FUNC(f_floor)
{
	UNUSED_RUN;
	return real(floor(value_to_float(&v[0])), ret);
}

/* The number, the digits behind the point, and from which fraction on to round up. */
FUNC(f_round)
{
	double on = n > 2 ? v[2].u.f : .5;
	double power = pow(10, (double)v[1].u.i), digit = power * value_to_float(&v[0]);
	double part = digit - trunc(digit);

	(void)r;
	return real((part >= on ? ceil(digit) : floor(digit)) / power, ret);
}

/* --- decimals -------------------------------------------------------------------------- */

static int decimal_arg(struct template_run *r, const struct value *v, struct decimal *ret)
{
	double f = value_to_float(v);

	if (isnan(f) || isinf(f))
		return run_fail(r, "Cannot create a Decimal from %s",
				isnan(f) ? "NaN"
				: f < 0	 ? "-Inf"
					 : "+Inf");
	*ret = decimal_of(&r->mem, f);
	return 0;
}

typedef bool decimal_op(struct arena *mem, const struct decimal *a, const struct decimal *b,
			struct decimal *ret);

static bool decimal_sub(struct arena *mem, const struct decimal *a, const struct decimal *b,
			struct decimal *ret)
{
	struct decimal minus = *b;

	minus.negative = !minus.negative;
	return decimal_add(mem, a, &minus, ret);
}

/* v[0] op v[1] op v[2] ... */
static int decimals(struct template_run *r, const struct value *v, size_t n, decimal_op *op,
		    struct value *ret)
{
	struct decimal a = { 0 }, b;

	if (n && decimal_arg(r, &v[0], &a) < 0)
		return -1;
	for (size_t i = 1; i < n; i++) {
		if (decimal_arg(r, &v[i], &b) < 0)
			return -1;
		if (op == decimal_div && b.n == 0)
			return run_fail(r, "decimal division by 0");
		if (!op(&r->mem, &a, &b, &a))
			return run_fail(r, "a number of more than %d digits", DECIMAL_DIGITS_MAX);
	}
	return real(decimal_to_float(&a), ret);
}

FUNC(f_addf)
{
	return decimals(r, v, n, decimal_add, ret);
}

FUNC(f_subf)
{
	return decimals(r, v, n, decimal_sub, ret);
}

FUNC(f_mulf)
{
	return decimals(r, v, n, decimal_mul, ret);
}

FUNC(f_divf)
{
	return decimals(r, v, n, decimal_div, ret);
}

#define ANY                          \
	{                            \
		PARAM_ANY, PARAM_ANY \
	}

const struct func funcs_math[] = {
	{ .name = "int", .call = f_int, .n = 1, .params = ANY },
	{ .name = "float64", .call = f_float64, .n = 1, .params = ANY },
	{ .name = "add", .call = f_add, .n = 1, .params = ANY, .is_variadic = true },
	{ .name = "sub", .call = f_sub, .n = 2, .params = ANY },
	{ .name = "mul", .call = f_mul, .n = 2, .params = ANY, .is_variadic = true },
	{ .name = "div", .call = f_div, .n = 2, .params = ANY },
	{ .name = "mod", .call = f_mod, .n = 2, .params = ANY },
	{ .name = "max", .call = f_max, .n = 2, .params = ANY, .is_variadic = true },
	{ .name = "min", .call = f_min, .n = 2, .params = ANY, .is_variadic = true },
	{ .name = "maxf", .call = f_maxf, .n = 2, .params = ANY, .is_variadic = true },
	{ .name = "minf", .call = f_minf, .n = 2, .params = ANY, .is_variadic = true },
	{ .name = "ceil", .call = f_ceil, .n = 1, .params = ANY },
	{ .name = "floor", .call = f_floor, .n = 1, .params = ANY },
	{ .name = "round",
	  .call = f_round,
	  .n = 3,
	  .params = { PARAM_ANY, PARAM_INT, PARAM_FLOAT },
	  .is_variadic = true },
	{ .name = "addf", .call = f_addf, .n = 1, .params = ANY, .is_variadic = true },
	{ .name = "subf", .call = f_subf, .n = 2, .params = ANY, .is_variadic = true },
	{ .name = "mulf", .call = f_mulf, .n = 2, .params = ANY, .is_variadic = true },
	{ .name = "divf", .call = f_divf, .n = 2, .params = ANY, .is_variadic = true },
	{ 0 },
};
