/*
 * A cost record: what one resource cost on one day, and to whom that belongs.
 */
#ifndef COST_RECORD_H
#define COST_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"

/* By what costs are told apart; behind these three, the values of labels that are asked for. */
enum cost_dim { COST_RESOURCE, COST_CLUSTER, COST_TENANT, COST_LABEL };

enum { COST_DIMS_MAX = 12, COST_NAME_MAX = 256 };
#define COST_METRIC_MAX 1e18

/* What records that do not say to whom they belong are called. One that says so does not say it. */
#define COST_UNATTRIBUTED "unattributed"

/* The dimensions of records by name: at least "resource", "cluster", "tenant". Others are labels.
 */
struct cost_dims {
	struct bytes name[COST_DIMS_MAX];
	size_t n;
};

/* Borrowed from the text that it was read from, and from the scratch there. */
struct cost_record {
	int32_t day;			 /* since 1970-01-01, never before */
	int64_t nano;			 /* money.h */
	struct bytes currency;		 /* "USD" */
	struct bytes currency_field;	 /* what says so: "BillingCurrency", "cost_usd" */
	struct bytes id;		 /* empty: it has none */
	struct bytes dim[COST_DIMS_MAX]; /* empty: it does not say */
	int64_t objects;		 /* its s3_object_count, or -1 */

	/* Set by cost_read. */
	uint64_t line; /* in its file, from 1 */
	bool is_known; /* by identity: of its id, or, when that is asked for, of its text */
	struct hash128 identity;
};

/*
 * Of one line that holds an object, {"resource":"loki","cluster":"ops","date":"2024-01-15",
 * "cost_usd":125.5, ...}. Behind line NEAR_PAD bytes can be read. What needs to be unescaped
 * goes to scratch. Errors: ERR_CORRUPT: the field, what was expected, what was found.
 */
MUST_CHECK int cost_record_json(struct bytes line, const struct cost_dims *dims,
				struct arena *scratch, struct cost_record *ret, struct err *e);

/* For all forms of records: a day ("2024-01-15", or a moment, of which the day in UTC counts); an
 * amount. Errors: ERR_CORRUPT, what was expected and found. */
MUST_CHECK int cost_read_day(struct bytes text, int32_t *ret, struct err *e);
/* What to say of a text that is no day, with what was `expected`: returns -1. */
int cost_no_day(struct bytes text, const char *expected, enum err_code code, struct err *e);
enum cost_sign { COST_NEVER_NEGATIVE, COST_MAY_BE_NEGATIVE };
MUST_CHECK int cost_read_amount(struct bytes text, enum cost_sign sign, int64_t *ret,
				struct err *e);

#endif
