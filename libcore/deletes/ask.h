/*
 * Requests to delete as people ask for them, over HTTP or from the shell: what is refused, in
 * Loki's words, and how they are listed.
 */
#ifndef DELETES_ASK_H
#define DELETES_ASK_H

#include "deletes/requests.h"

/*
 * The text of a request's query, in the arena: `text`, and, when `only` is not empty, of the
 * streams alone that fit that selector too. *ret_has_lines: it has line filters. Errors: ERR_USAGE
 * there is no query; ERR_QUERY it is no selector with line filters.
 */
MUST_CHECK int delete_ask_query(struct bytes text, struct bytes only, struct arena *a,
				struct bytes *ret, bool *ret_has_lines, struct err *e);

/* Errors: ERR_USAGE it ends after now_ns, or before it begins; a request with line filters is
 * shorter than a second, which Loki would not take. */
MUST_CHECK int delete_ask_range(const struct delete_request *r, bool has_lines, int64_t now_ns,
				struct err *e);

/* Those that are of such streams alone as fit the selector `only`, by their own matchers, stay in
 * the list, in their order; with an empty one all do. Errors: ERR_QUERY, of `only`. */
MUST_CHECK int delete_ask_within(struct delete_requests *l, struct bytes only, struct err *e);

/* In the order in which they came. */
void delete_ask_sort(struct delete_requests *l);

/* Appends one as Loki lists it, a JSON object. */
void delete_ask_add_listed(struct buf *b, const struct delete_request *r);

/* "received" or "processed" */
const char *delete_ask_status(const struct delete_request *r);

/*
 * Cancels that of the list with this id, *ret; when it was begun, or is done, only if it is forced:
 * of what is not done by then nothing goes, and entries that come late are not hidden any more.
 * to_force: what would force it, for messages ("--force"); NULL: it is forced.
 * Errors: ERR_NO it is not in the list; ERR_USAGE it is not forced where it has to be; ERR_AGAIN,
 * ERR_IO, ERR_FULL.
 */
MUST_CHECK int delete_ask_cancel(struct store *s, struct bytes tenant,
				 const struct delete_requests *l, struct bytes id,
				 const char *to_force, int64_t now_ns,
				 const struct delete_request **ret, struct err *e);

#endif
