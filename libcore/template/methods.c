#include "template/methods.h"

#include "time/time.h"

#define METHOD(NAME) \
	static int NAME(struct template_run *r, const struct value *v, size_t n, struct value *ret)
#define UNUSED_RUN ((void)r, (void)n)

static struct time_parts parts(const struct value *v)
{
	struct time_parts p;

	time_split(&v->u.t, &p);
	return p;
}

METHOD(m_year)
{
	UNUSED_RUN;
	*ret = value_int(T_INT, parts(v).year);
	return 0;
}

METHOD(m_month)
{
	UNUSED_RUN;
	*ret = value_int(T_MONTH, parts(v).month);
	return 0;
}

METHOD(m_day)
{
	UNUSED_RUN;
	*ret = value_int(T_INT, parts(v).day);
	return 0;
}

METHOD(m_hour)
{
	UNUSED_RUN;
	*ret = value_int(T_INT, parts(v).hour);
	return 0;
}

METHOD(m_minute)
{
	UNUSED_RUN;
	*ret = value_int(T_INT, parts(v).minute);
	return 0;
}

METHOD(m_second)
{
	UNUSED_RUN;
	*ret = value_int(T_INT, parts(v).second);
	return 0;
}

METHOD(m_nanosecond)
{
	UNUSED_RUN;
	*ret = value_int(T_INT, parts(v).ns);
	return 0;
}

METHOD(m_weekday)
{
	UNUSED_RUN;
	*ret = value_int(T_WEEKDAY, parts(v).weekday);
	return 0;
}

METHOD(m_yearday)
{
	UNUSED_RUN;
	*ret = value_int(T_INT, parts(v).yearday);
	return 0;
}

/* Moments since 1970, in units of which a second has that many. */
static int since_epoch(const struct time_at *t, int64_t per_s, struct value *ret)
{
	*ret = value_int(T_INT64, (int64_t)((uint64_t)t->s * (uint64_t)per_s +
					    (uint64_t)(t->ns / (NS_PER_S / per_s))));
	return 0;
}

METHOD(m_unix)
{
	UNUSED_RUN;
	return since_epoch(&v[0].u.t, 1, ret);
}

METHOD(m_unix_milli)
{
	UNUSED_RUN;
	return since_epoch(&v[0].u.t, 1000, ret);
}

METHOD(m_unix_micro)
{
	UNUSED_RUN;
	return since_epoch(&v[0].u.t, 1000000, ret);
}

METHOD(m_unix_nano)
{
	UNUSED_RUN;
	return since_epoch(&v[0].u.t, NS_PER_S, ret);
}

METHOD(m_is_zero)
{
	UNUSED_RUN;
	*ret = value_bool(v[0].u.t.s == TIME_ZERO.s && v[0].u.t.ns == 0);
	return 0;
}

METHOD(m_utc)
{
	UNUSED_RUN;
	*ret = v[0];
	ret->u.t.zone = NULL;
	ret->u.t.is_fixed = false;
	return 0;
}

static int format(struct template_run *r, const struct value *v, struct bytes layout,
		  struct value *ret)
{
	time_format(&r->scratch, &v->u.t, layout);
	if (run_check_size(r, r->scratch.n) < 0)
		return -1;
	*ret = run_take_scratch(r);
	return 0;
}

METHOD(m_format)
{
	(void)n;
	return format(r, &v[0], v[1].u.s, ret);
}

METHOD(m_string)
{
	(void)n;
	return format(r, &v[0], BYTES_LIT("2006-01-02 15:04:05.999999999 -0700 MST"), ret);
}

static int compare(const struct value *v)
{
	const struct time_at *a = &v[0].u.t, *b = &v[1].u.t;

	if (a->s != b->s)
		return a->s < b->s ? -1 : 1;
	return (a->ns > b->ns) - (a->ns < b->ns);
}

METHOD(m_before)
{
	UNUSED_RUN;
	*ret = value_bool(compare(v) < 0);
	return 0;
}

METHOD(m_after)
{
	UNUSED_RUN;
	*ret = value_bool(compare(v) > 0);
	return 0;
}

METHOD(m_equal)
{
	UNUSED_RUN;
	*ret = value_bool(compare(v) == 0);
	return 0;
}

/* Clipped to what a duration can be. */
METHOD(m_sub)
{
	const struct time_at *a = &v[0].u.t, *b = &v[1].u.t;
	int64_t s, ns;

	UNUSED_RUN;
	if (__builtin_sub_overflow(a->s, b->s, &s) || __builtin_mul_overflow(s, NS_PER_S, &ns) ||
	    __builtin_add_overflow(ns, a->ns - b->ns, &ns))
		ns = compare(v) < 0 ? INT64_MIN : INT64_MAX;
	*ret = value_int(T_DURATION, ns);
	return 0;
}

METHOD(m_seconds)
{
	const int64_t s = v[0].u.i / NS_PER_S, ns = v[0].u.i % NS_PER_S;

	UNUSED_RUN;
	*ret = value_float((double)s + (double)ns / 1e9);
	return 0;
}

METHOD(m_milliseconds)
{
	UNUSED_RUN;
	*ret = value_int(T_INT64, v[0].u.i / NS_PER_MS);
	return 0;
}

METHOD(m_nanoseconds)
{
	UNUSED_RUN;
	*ret = value_int(T_INT64, v[0].u.i);
	return 0;
}

METHOD(m_duration_string)
{
	(void)n;
	time_add_duration(&r->scratch, v[0].u.i);
	*ret = run_take_scratch(r);
	return 0;
}

METHOD(m_name)
{
	UNUSED_RUN;
	*ret = value_string(bytes_str(v[0].type == T_MONTH ? time_month_name((int)v[0].u.i)
							   : time_weekday_name((int)v[0].u.i)));
	return 0;
}

#define ONE                 \
	{                   \
		PARAM_VALUE \
	}

static const struct func of_time[] = {
	{ .name = "Year", .call = m_year, .n = 1, .params = ONE },
	{ .name = "Month", .call = m_month, .n = 1, .params = ONE },
	{ .name = "Day", .call = m_day, .n = 1, .params = ONE },
	{ .name = "Hour", .call = m_hour, .n = 1, .params = ONE },
	{ .name = "Minute", .call = m_minute, .n = 1, .params = ONE },
	{ .name = "Second", .call = m_second, .n = 1, .params = ONE },
	{ .name = "Nanosecond", .call = m_nanosecond, .n = 1, .params = ONE },
	{ .name = "Weekday", .call = m_weekday, .n = 1, .params = ONE },
	{ .name = "YearDay", .call = m_yearday, .n = 1, .params = ONE },
	{ .name = "Unix", .call = m_unix, .n = 1, .params = ONE },
	{ .name = "UnixMilli", .call = m_unix_milli, .n = 1, .params = ONE },
	{ .name = "UnixMicro", .call = m_unix_micro, .n = 1, .params = ONE },
	{ .name = "UnixNano", .call = m_unix_nano, .n = 1, .params = ONE },
	{ .name = "IsZero", .call = m_is_zero, .n = 1, .params = ONE },
	{ .name = "UTC", .call = m_utc, .n = 1, .params = ONE },
	{ .name = "Local", .call = m_utc, .n = 1, .params = ONE },
	{ .name = "String", .call = m_string, .n = 1, .params = ONE },
	{ .name = "Format", .call = m_format, .n = 2, .params = { PARAM_VALUE, PARAM_STRING } },
	{ .name = "Before", .call = m_before, .n = 2, .params = { PARAM_VALUE, PARAM_TIME } },
	{ .name = "After", .call = m_after, .n = 2, .params = { PARAM_VALUE, PARAM_TIME } },
	{ .name = "Equal", .call = m_equal, .n = 2, .params = { PARAM_VALUE, PARAM_TIME } },
	{ .name = "Sub", .call = m_sub, .n = 2, .params = { PARAM_VALUE, PARAM_TIME } },
	{ 0 },
};

static const struct func of_duration[] = {
	{ .name = "Seconds", .call = m_seconds, .n = 1, .params = ONE },
	{ .name = "Milliseconds", .call = m_milliseconds, .n = 1, .params = ONE },
	{ .name = "Nanoseconds", .call = m_nanoseconds, .n = 1, .params = ONE },
	{ .name = "String", .call = m_duration_string, .n = 1, .params = ONE },
	{ 0 },
};

static const struct func of_names[] = {
	{ .name = "String", .call = m_name, .n = 1, .params = ONE },
	{ 0 },
};

const struct func *method_find(const struct value *v, struct bytes name)
{
	const struct func *f = NULL;

	if (v->type == T_TIME)
		f = of_time;
	else if (v->type == T_DURATION)
		f = of_duration;
	else if (v->type == T_MONTH || v->type == T_WEEKDAY)
		f = of_names;
	for (; f && f->name; f++)
		if (bytes_is(name, f->name))
			return f;
	return NULL;
}
