/* Maps of YAML files whose keys stand in a table (yaml/key.h), as the files that plan costs are
 * made of. JSON is read as well: it is YAML. For one thread. */
#ifndef COST_FIELDS_H
#define COST_FIELDS_H

#include "base/num.h"
#include "cost/money.h"
#include "yaml/key.h"

/*
 * Reads each pair of the map to its place below base; texts lie in the arena. where: what stands
 * before a key in messages, as "prices[2]."; "" at the top.
 * Errors: ERR_USAGE, "FILE:LINE:COL: ...", no map, an unknown key with the one most like it, a
 * value that is none of its type.
 */
MUST_CHECK int fields_read(const struct yaml_node *map, const struct key *table, const char *where,
			   void *base, struct arena *a, struct err *e);

/* The value of a key that must be there. NULL: ERR_USAGE, "FILE:LINE:COL: 'prices[2].name' is
 * missing". */
const struct yaml_node *fields_need(const struct yaml_node *map, const char *where,
				    const char *name, struct err *e);

/* A value as an amount that is not negative, of whole billionths; as a number that is not negative,
 * as it is written; as a day. Errors: ERR_USAGE, what was expected and what was found. */
MUST_CHECK int fields_money(const struct yaml_node *v, const char *where, const char *name,
			    int64_t *ret_nano, struct err *e);
MUST_CHECK int fields_number(const struct yaml_node *v, const char *where, const char *name,
			     struct exact *ret, struct err *e);
MUST_CHECK int fields_day(const struct yaml_node *v, const char *where, const char *name,
			  int32_t *ret, struct err *e);

/* Whether the value of 'currency', text, is one. Errors: ERR_USAGE, what was found. */
MUST_CHECK int fields_currency(const struct yaml_node *v, const char *text, struct err *e);

/* The root of a file, which is a map: NULL with ERR_USAGE or yaml_parse's errors. */
const struct yaml_node *fields_root(struct bytes text, const char *file, struct arena *a,
				    struct err *e);

#endif
