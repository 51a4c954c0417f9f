/*
 * Values of a template: Go's, as far as Loki's functions make them. All memory is the run's, and
 * lives until the end of the entry.
 */
#ifndef TEMPLATE_VALUE_H
#define TEMPLATE_VALUE_H

#include "base/arena.h"
#include "time/layout.h"

enum type {
	T_NONE, /* no value at all: what a missing field of nothing is */
	T_NIL,	/* an interface that holds nothing: null of JSON */
	T_BOOL,
	T_INT,
	T_INT64,
	T_UINT8,
	T_FLOAT,
	T_COMPLEX,
	T_STRING,
	T_LIST,
	T_MAP,	  /* from JSON; strings to anything */
	T_LABELS, /* the entry's labels, which are looked up one by one */
	T_TIME,
	T_MONTH,
	T_WEEKDAY,
	T_DURATION,
	N_TYPES
};

struct value;

struct list {
	struct value *v;
	size_t n;
};

struct pair {
	struct bytes key;
	struct value *value;
};

/* Sorted by key. */
struct dict {
	struct pair *v;
	size_t n;
};

struct value {
	enum type type;
	bool is_boxed; /* out of an interface: a list's or map's element. Only messages differ. */
	union {
		bool b;
		int64_t i; /* T_INT, T_INT64, T_UINT8, T_MONTH, T_WEEKDAY, T_DURATION */
		double f;
		struct {
			double re, im;
		} complex;
		struct bytes s;
		struct list list;
		struct dict dict;
		struct time_at t;
	} u;
};

static inline struct value value_none(void)
{
	return (struct value){ .type = T_NONE };
}

static inline struct value value_nil(void)
{
	return (struct value){ .type = T_NIL, .is_boxed = true };
}

static inline struct value value_string(struct bytes s)
{
	return (struct value){ .type = T_STRING, .u.s = s };
}

static inline struct value value_bool(bool b)
{
	return (struct value){ .type = T_BOOL, .u.b = b };
}

static inline struct value value_int(enum type type, int64_t i)
{
	return (struct value){ .type = type, .u.i = i };
}

static inline struct value value_float(double f)
{
	return (struct value){ .type = T_FLOAT, .u.f = f };
}

static inline struct value value_time(struct time_at t)
{
	return (struct value){ .type = T_TIME, .u.t = t };
}

static inline bool value_is_whole(const struct value *v)
{
	return v->type == T_INT || v->type == T_INT64 || v->type == T_UINT8 || v->type == T_MONTH ||
	       v->type == T_WEEKDAY || v->type == T_DURATION;
}

static inline bool value_is_none(const struct value *v)
{
	return v->type == T_NONE || v->type == T_NIL;
}

/* "float64", "map[string]interface {}" */
const char *value_type_name(const struct value *v);

/* What if, and, or and not ask for. Labels are true. */
bool value_is_true(const struct value *v);

/* The element of a map from JSON, or NULL. */
const struct value *dict_find(const struct dict *d, struct bytes key);

/* As spf13/cast converts them: what cannot be converted is 0. */
int64_t value_to_i64(const struct value *v);
double value_to_float(const struct value *v);

#endif
