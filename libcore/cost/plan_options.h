/*
 * Options that the verbs share which look at a store or plan one: which store, which prices, which
 * day, and what of them is to be told. A verb's options have a struct cost_plan_opts, and its table
 * COST_PLAN_OPTIONS.
 */
#ifndef COST_PLAN_OPTIONS_H
#define COST_PLAN_OPTIONS_H

#include "cost/base.h"
#include "cost/prices.h"
#include "cost/usage.h"
#include "store/stats.h"

enum { COST_TIERS_MAX = 8 };

struct cost_plan_opts {
	const char *store, *prices; /* NULL: not given */
	struct bytes tenant;
	const char *class;			/* NULL: "standard" */
	int32_t at;				/* the day; 0: not given */
	struct usage_tier tier[COST_TIERS_MAX]; /* ascending by days */
	size_t n_tiers;
};

/* For rows of cli.taken; at: an int32_t; the struct cost_plan_opts. */
int cost_take_day(void *at, const char *value, struct err *e);
int cost_take_tier(void *at, const char *value, struct err *e);
int cost_take_tenant(void *at, const char *value, struct err *e); /* a struct bytes */

/* at: where in the options the struct cost_plan_opts lies. */
#define COST_PLAN_OPTIONS(at_)                                                                    \
	{ { 0, "store", "STORE", "the store whose bytes are counted" },                           \
	  cli_take_text,                                                                          \
	  (at_) + offsetof(struct cost_plan_opts, store) },                                       \
		{ { 't', "tenant", "ID", "only this tenant (all)" },                              \
		  cost_take_tenant,                                                               \
		  (at_) + offsetof(struct cost_plan_opts, tenant) },                              \
		{ { 0, "prices", "FILE", "what it costs: a price file" },                         \
		  cli_take_text,                                                                  \
		  (at_) + offsetof(struct cost_plan_opts, prices) },                              \
		{ { 0, "at", "DAY", "as of this day, UTC (today)" },                              \
		  cost_take_day,                                                                  \
		  (at_) + offsetof(struct cost_plan_opts, at) },                                  \
		{ { 0, "class", "NAME", "storage class of what has none of its own (standard)" }, \
		  cli_take_text,                                                                  \
		  (at_) + offsetof(struct cost_plan_opts, class) },                               \
		{ { 0, "tier", "AGE=CLASS",                                                       \
		    "as if entries as old as AGE lay in CLASS; again for more" },                 \
		  cost_take_tier,                                                                 \
		  (at_) },                                                                        \
	{                                                                                         \
		{ 0, "require-private", NULL,                                                     \
		  "refuse a store whose name leads to a public address" },                        \
			store_take_private, 0                                                     \
	}

/* Sets what was not given. */
void cost_plan_default(struct cost_plan_opts *o, const struct cost_base *base);

/* Reads the price file; all lies in the arena. Errors: ERR_USAGE, none was given; prices_read's. */
MUST_CHECK int cost_plan_prices(const struct cost_plan_opts *o, struct arena *a, struct prices *ret,
				struct err *e);

/* What becomes of index files that cannot be read, or whose packs are not there: their errors are
 * reported, and either what is there without them is counted, or nothing. Packs that no index file
 * has are an error of what is counted, unless they are young, and else warned of. */
enum cost_damage { COST_DAMAGE_COUNTED, COST_DAMAGE_REFUSED };

/*
 * Reads the store, as of the day where that lies behind us. label: NULL, or as usage_ask's.
 * Errors: ERR_USAGE, no store was given; ERR_IO, there is none, too; ERR_CORRUPT, with
 * COST_DAMAGE_REFUSED; usage_read's.
 */
MUST_CHECK int cost_plan_usage(const struct cost_plan_opts *o, const struct cost_base *base,
			       const char *label, enum cost_damage damage, struct usage *ret,
			       struct err *e);

#endif
