/* Whether two stores have given one answer, to the byte and in the same order. */
#ifndef SAME_ANSWER_H
#define SAME_ANSWER_H

#include "unit.h"

#include "../naive/make.h"

static inline bool same_labels(const struct labels *a, const struct labels *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!bytes_eq(a->v[i].name, b->v[i].name) ||
		    !bytes_eq(a->v[i].value, b->v[i].value))
			return false;
	return true;
}

static inline bool same_steps(const struct nv_answer *a, const struct nv_answer *b)
{
	for (size_t k = 0; k < a->n_steps; k++) {
		if (a->step[k].n != b->step[k].n)
			return false;
		for (size_t i = 0; i < a->step[k].n; i++) {
			const struct nv_sample *x = &a->step[k].v[i], *y = &b->step[k].v[i];

			if (!same_labels(&x->labels, &y->labels) ||
			    memcmp(&x->v, &y->v, sizeof(x->v)) != 0)
				return false;
		}
	}
	return true;
}

static inline bool same_answer(const struct nv_answer *a, const struct nv_answer *b)
{
	if (a->failed != b->failed || a->n_lines != b->n_lines || a->n_steps != b->n_steps)
		return false;
	for (size_t i = 0; i < a->n_lines; i++)
		if (a->line[i].ts_ns != b->line[i].ts_ns ||
		    !bytes_eq(a->line[i].line, b->line[i].line) ||
		    !same_labels(&a->line[i].labels, &b->line[i].labels))
			return false;
	return same_steps(a, b);
}

static inline void show_line(const struct nv_line *l)
{
	struct buf labels = { 0 };

	labels_add_text(&labels, &l->labels);
	printf("# %.*s %s\n", BYTES_ARG(l->line), buf_str(&labels));
	buf_release(&labels);
}

/* The first lines that differ. */
static inline void show_difference(const struct nv_answer *a, const struct nv_answer *b)
{
	size_t i = 0;

	while (i < a->n_lines && i < b->n_lines && bytes_eq(a->line[i].line, b->line[i].line) &&
	       same_labels(&a->line[i].labels, &b->line[i].labels))
		i++;
	if (i < a->n_lines)
		show_line(&a->line[i]);
	if (i < b->n_lines)
		show_line(&b->line[i]);
}

/* Fails when two stores, of which the second is another as `other` says, differ in their answers to
 * the query, or in why they have none. Returns whether there is something in the answer. */
static inline bool check_same_answer(const struct nv_answer v[2], const struct err why[2],
				     struct buf *query, uint64_t seed, const char *other)
{
	bool any = v[0].n_lines > 0;

	if (!same_answer(&v[0], &v[1]) || strcmp(why[0].msg, why[1].msg) != 0) {
		show_difference(&v[0], &v[1]);
		fail_msg("SEED=%llu: %s: %zu lines %s, %s %zu %s", (unsigned long long)seed,
			 buf_str(query), v[0].n_lines, why[0].msg, other, v[1].n_lines, why[1].msg);
	}
	for (size_t k = 0; k < v[0].n_steps; k++)
		any |= v[0].step[k].n > 0;
	return any;
}

#endif
