/* What metric expressions are made of: series of values at the steps of a query (one step when it
 * is instant). */
#ifndef QUERY_VEC_H
#define QUERY_VEC_H

#include "labels/labels.h"

struct series {
	struct labels labels; /* sorted by name */
	double *v;	      /* by step */
	unsigned char *has;   /* by step: whether there is a value */
};

/* {0} is not valid: vec_init first. All lies in the arena. */
struct vec {
	struct arena mem;
	size_t n_steps;
	struct series *v;
	size_t n, cap;
	bool is_scalar; /* one series without labels, that stands for a number */
	bool ordered;	/* the order of the series says something: sort, topk */
};

void vec_init(struct vec *v, size_t n_steps);
void vec_release(struct vec *v);

/* A new series without values. labels is copied. The pointer is valid until the next one is added.
 */
struct series *vec_add(struct vec *v, const struct labels *labels);
/* The same of labels, and of room for values, that lie in v's arena or live longer. */
struct series *vec_add_own(struct vec *v, struct labels labels, double *values);

/* Into the order of their labels, unless .ordered: threads find them in any. */
void vec_sort(struct vec *v);

/* Drops series that have no value at any step. */
void vec_compact(struct vec *v);

/* The labels of l whose names are (keep) or are not (!keep) among the n names; the array lies in a,
 * strings are l's. */
enum pick { PICK_ONLY, PICK_OTHERS };
struct labels labels_pick(struct arena *a, const struct labels *l, enum pick how,
			  const struct bytes *names, size_t n);

/* l without labels whose value is empty; its array is shortened in place. Where labels are taken
 * away or added, Loki drops these; where they are only picked, it keeps them. */
struct labels labels_not_empty(struct labels l);

/* l with name = value, in its place. */
struct labels labels_with(struct arena *a, const struct labels *l, struct bytes name,
			  struct bytes value);

/* Numbers label sets: the same number for equal ones. {0} is a valid empty one. Sets must stay. */
struct label_numbers {
	struct map *map;
	struct arena mem;
	uint32_t n;
};
uint32_t label_number(struct label_numbers *t, const struct labels *l, bool *ret_new);
void label_numbers_release(struct label_numbers *t);

#endif
