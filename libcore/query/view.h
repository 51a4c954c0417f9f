/*
 * Whose streams a plan has, and how they are seen. Of one tenant, and of files of any, they are
 * seen as they are. Of several tenants, "a|b", each stream has a label more, __tenant_id__, as in
 * Loki; one of that name that it has already is then called original___tenant_id__. Matchers see
 * the same.
 */
#ifndef QUERY_VIEW_H
#define QUERY_VIEW_H

#include "base/arena.h"
#include "labels/matcher.h"

#define VIEW_TENANT   "__tenant_id__"
#define VIEW_ORIGINAL "original___tenant_id__"

/* The streams of one tenant. */
struct view {
	struct bytes tenant; /* empty: of any */
	bool out;	     /* what is asked for is of none of them */
	bool late; /* match leaves streams that the labels as they are seen may leave out */
	struct matcher *match; /* of their own labels; borrowed regexes */
	size_t n_match;
};

/* {0}: any tenant, no matcher. */
struct views {
	struct view *v; /* one at least */
	size_t n;
	bool labelled;	       /* the streams have the label */
	struct matcher *match; /* all, of the labels as they are seen */
	size_t n_match;
};

/* Of the tenants of the text, "a|b" (empty: any), streams that both lists of matchers fit, which
 * are borrowed, as the text; the rest lies in the arena. */
struct views views_make(struct arena *a, struct bytes tenants, const struct matcher *match,
			size_t n, const struct matcher *more, size_t n_more);

/* Whether the text has more than one. */
bool views_are_several(struct bytes tenants);

/* Whether the text, "a|b" (empty: any), has that tenant. */
bool views_has(struct bytes tenants, struct bytes tenant);

/* The view of a tenant; NULL: it is not asked for, or out. */
const struct view *views_of(const struct views *s, struct bytes tenant);

/* The labels as they are seen; strings are borrowed, the array lies in the arena when it is another
 * one. */
struct labels views_labels(const struct views *s, struct arena *a, struct bytes tenant,
			   const struct labels *own);

/* Whether a stream with these labels of its own is asked for. For any thread. */
bool views_want(const struct views *s, struct bytes tenant, const struct labels *own);

#endif
