#include "template/value.h"

#include <math.h>

#include "template/literal.h"

const char *value_type_name(const struct value *v)
{
	static const char *const names[N_TYPES] = { [T_NONE] = "<nil>",
						    [T_NIL] = "interface {}",
						    [T_BOOL] = "bool",
						    [T_INT] = "int",
						    [T_INT64] = "int64",
						    [T_UINT8] = "uint8",
						    [T_FLOAT] = "float64",
						    [T_COMPLEX] = "complex128",
						    [T_STRING] = "string",
						    [T_LIST] = "[]interface {}",
						    [T_MAP] = "map[string]interface {}",
						    [T_LABELS] = "map[string]string",
						    [T_TIME] = "time.Time",
						    [T_MONTH] = "time.Month",
						    [T_WEEKDAY] = "time.Weekday",
						    [T_DURATION] = "time.Duration" };

	return names[v->type];
}

bool value_is_true(const struct value *v)
{
	switch (v->type) {
	case T_NONE:
	case T_NIL:
		return false;
	case T_BOOL:
		return v->u.b;
	case T_FLOAT:
		return v->u.f != 0;
	case T_COMPLEX:
		return v->u.complex.re != 0 || v->u.complex.im != 0;
	case T_STRING:
		return v->u.s.n > 0;
	case T_LIST:
		return v->u.list.n > 0;
	case T_MAP:
		return v->u.dict.n > 0;
	case T_LABELS:
	case T_TIME:
		return true;
	default:
		return v->u.i != 0;
	}
}

const struct value *dict_find(const struct dict *d, struct bytes key)
{
	size_t lo = 0, hi = d->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = bytes_cmp(d->v[mid].key, key);

		if (c == 0)
			return d->v[mid].value;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* "12.00" becomes "12". */
static struct bytes without_zeros(struct bytes s)
{
	bool zero = false;

	for (size_t i = s.n; i > 0; i--) {
		if (s.p[i - 1] == '.')
			return zero ? bytes_sub(s, 0, i - 1) : s;
		if (s.p[i - 1] != '0')
			return s;
		zero = true;
	}
	return s;
}

/* As amd64 converts: what does not fit is the smallest number. */
static int64_t float_to_i64(double f)
{
	return f >= -0x1p63 && f < 0x1p63 ? (int64_t)f : INT64_MIN;
}

/* Numbers but for durations, which Go converts as such only by their own name. */
static bool is_number(const struct value *v)
{
	return value_is_whole(v) && v->type != T_DURATION;
}

int64_t value_to_i64(const struct value *v)
{
	int64_t i = 0;

	if (v->type == T_BOOL)
		return v->u.b;
	if (v->type == T_FLOAT)
		return float_to_i64(v->u.f);
	if (v->type == T_STRING)
		return literal_read_i64(without_zeros(v->u.s), 0, &i) == PARSE_OK ? i : 0;
	return is_number(v) ? v->u.i : 0;
}

double value_to_float(const struct value *v)
{
	double f = 0;

	if (v->type == T_FLOAT)
		return v->u.f;
	if (v->type == T_STRING)
		return literal_read_float(v->u.s, &f) ? f : 0;
	return v->type == T_BOOL || is_number(v) ? (double)value_to_i64(v) : 0;
}
