/* Requests to delete, as far as a copy has to do with them. Private to compact/. */
#ifndef COMPACT_COPY_REQUESTS_H
#define COMPACT_COPY_REQUESTS_H

#include "compact/copy.h"
#include "deletes/requests.h"
#include "index/live.h"
#include "limits/limits.h"

/* Copies the files that the target has not, and what receipts have more, before anything that they
 * may hide; what is wrong with a receipt is a fault. Errors: ERR_AGAIN files kept vanishing;
 * ERR_IO, ERR_FULL. */
MUST_CHECK int copy_requests(const struct copy_opts *o, struct bytes tenant, struct err *e);

/* What readers of the source do not see, and of another tenant would: requests, and retention, have
 * no meaning there. Of the same tenant, nothing. */
struct copy_hidden {
	struct delete_requests requests; /* that must have been applied */
	const struct limits *limits;	 /* by which entries have expired; NULL: none has */
	int64_t now_ns;
};

/* For another tenant the requests have no meaning, so what they hide must not go over. Does one
 * hide something of the day that is selected, and that was not deleted yet? Errors: ERR_AGAIN so it
 * is; ERR_CORRUPT. */
MUST_CHECK int copy_check_applied(const struct copy_opts *o, const struct delete_requests *requests,
				  const struct live *day, struct err *e);

#endif
