/*
 * A price file: what storage, requests, transfer and machines cost, and from which day to which.
 * Format: lokid-prices(5).
 */
#ifndef COST_PRICES_H
#define COST_PRICES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/num.h"
#include "base/exact.h"

enum price_kind {
	PRICE_STORAGE,	/* bytes that lie there for a time */
	PRICE_REQUESTS, /* so many of them */
	PRICE_TRANSFER, /* bytes that go over the network */
	PRICE_COMPUTE,	/* machines for a time */
};

/* How many of what the amount is for. */
struct price_per {
	const char *name; /* "GB-month" */
	enum price_kind kind;
	uint64_t unit; /* bytes or requests; of compute, times of it in a day, 0: a month */
};

struct price {
	const char *name; /* "storage.standard" */
	const struct price_per *per;
	int64_t nano;	    /* not negative */
	int32_t from, to;   /* days; to is the first of which it is not; INT32_MIN, INT32_MAX */
	const char *source; /* NULL: not given */
	uint32_t line;
};

struct prices {
	const char *file;
	const char *currency; /* "USD" */
	struct price *v;      /* by name, then from */
	size_t n;
};

/*
 * All lies in the arena; file must stay as long.
 * Errors, "FILE:LINE:COL: ...": ERR_CORRUPT, ERR_LIMIT, no YAML; ERR_USAGE, a key that is unknown,
 * missing or wrong; a negative price; another currency than the file's; a name whose kind is not
 * what the price is per; two prices of a name for the same day.
 */
MUST_CHECK int prices_read(struct bytes text, const char *file, struct arena *a, struct prices *ret,
			   struct err *e);

/* That of the day. NULL: ERR_USAGE, what the file lacks. */
const struct price *prices_need(const struct prices *p, const char *name, int32_t day,
				struct err *e);

/*
 * What the quantity costs, in nano; rounded once. Of storage and compute: what lies or runs there
 * for the whole day, a month being as long as that of the day; or for a month, which has 730 hours.
 * Errors: ERR_LIMIT, it does not fit.
 */
MUST_CHECK int price_of_day(const struct price *p, struct exact quantity, int32_t day,
			    int64_t *ret_nano, struct err *e);
MUST_CHECK int price_of_month(const struct price *p, struct exact quantity, int64_t *ret_nano,
			      struct err *e);

/* A whole number, for these. */
struct exact price_count(uint64_t n);

#endif
