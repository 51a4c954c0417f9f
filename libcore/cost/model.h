/*
 * Models: what some way of keeping logs costs a month, item by item, so that several can be
 * compared. Format: costrep(1), "MODELS".
 */
#ifndef COST_MODEL_H
#define COST_MODEL_H

#include "cost/prices.h"

struct model_item {
	const char *name, *unit; /* unit: of the quantity; NULL: not given */
	struct exact quantity;
	const char *price_text; /* as it was written, or the name of a price */
	int64_t price;		/* nano, for each `per` */
	uint64_t per;
	int64_t cost; /* nano a month */
};

struct model {
	const char *name;
	struct model_item *item;
	size_t n;
	int64_t total; /* of all items: their sum, exactly */
};

struct models {
	const char *currency;
	struct model *v;
	size_t n, cap;
};
void models_release(struct models *m); /* texts, which lie in an arena, stay */

/*
 * Adds the models of a file; texts lie in the arena. prices NULL: the items have their own prices;
 * else those that name one have that of the day.
 * Errors, "FILE:LINE:COL: ...": ERR_CORRUPT, ERR_LIMIT, no YAML; ERR_USAGE, a key that is unknown,
 * missing or wrong, a name that another model has, another currency than before, no price of that
 * name; ERR_LIMIT, a cost that does not fit.
 */
MUST_CHECK int models_add(struct models *m, struct bytes text, const char *file,
			  const struct prices *prices, int32_t day, struct arena *a, struct err *e);

/* What `to` saves against `from`. */
struct model_saving {
	int64_t month;
	num_wide year;
	int64_t permille; /* of from, rounded; 0 when from costs nothing */
};
struct model_saving model_saving(const struct model *from, const struct model *to);

#endif
