/*
 * Requests to delete entries, as files of the store: one each, which never changes, until many are
 * put together in one (merge.h); another one beside it cancels it. A request is in force from the
 * moment its file is there until it is cancelled, for entries that come later too. Format:
 * lokid-deletes(5).
 *
 * For any thread.
 */
#ifndef DELETES_REQUESTS_H
#define DELETES_REQUESTS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct store;

/* Beside the receipts of a request: it was begun to be applied. */
#define DELETES_BEGUN "begun.json"

/* In the folder of the requests: who knows nothing of merged ones takes it for a request of a later
 * version, and answers nothing. */
#define DELETES_MARK "ffffffffffffffff.json"

enum {
	DELETES_ID_LEN = 16,	   /* hexadecimal digits */
	DELETES_FILE_MAX = 1 << 20 /* bytes of a request's own file */
};

/* Of a tenant's requests in force: how many; bytes of their queries. Of all that are stored, those
 * that are cancelled too, so many times as much: they stand in merged files for a while. */
enum { DELETES_MAX = 5000, DELETES_QUERIES_MAX = 8 << 20, DELETES_ALL_TIMES = 3 };

/* An entry of the tenant is meant when its stream fits the query's selector, start <= ts <= end,
 * and its line passes the query's line filters, if there are any. */
struct delete_request {
	char id[DELETES_ID_LEN + 1]; /* hash of all below */
	struct bytes query;
	int64_t start_ns, end_ns; /* both included */
	int64_t created_ns;
	bool cancelled;
	bool has_receipt; /* it is processed; asked for by DELETES_WITH_STATUS */
};

/* {0} is a valid empty one. */
struct delete_requests {
	struct delete_request *v;
	size_t n;
	size_t n_files;	  /* in their folder, of all sorts */
	struct arena mem; /* of the texts, and of v */
};

void deletes_release(struct delete_requests *l);

enum deletes_which {
	DELETES_IN_FORCE,
	DELETES_WITH_STATUS, /* the same, and which of them are processed, which takes one more
				listing */
	DELETES_ALL
};

/*
 * The requests of a tenant, ascending by id, each once. A store without any answers after one look
 * at their folder; receipts of those that are processed lie in another one, which queries need not
 * list. A file that is gone when it is read makes it look again, a few times; then the
 * store's answers are not taken from a cache any more. Errors: ERR_CORRUPT, ERR_VERSION, ERR_LIMIT
 * of a file: whoever asks does not know then what is to be deleted, and must not answer as if
 * nothing were; ERR_AGAIN files kept vanishing; ERR_IO.
 */
MUST_CHECK int deletes_list(struct store *s, struct bytes tenant, enum deletes_which which,
			    struct delete_requests *ret, struct err *e);

/*
 * Makes a request of query, start_ns, end_ns and created_ns, and writes it: *r gets its id. It is
 * in force when this returns. Twice the same is one. Errors: ERR_QUERY the query is no selector
 * with line filters; ERR_USAGE it ends before it begins; ERR_LIMIT there would be more than may be
 * in force, or stored (some more, when several are made at once); deletes_list's; ERR_FULL.
 */
MUST_CHECK int deletes_put(struct store *s, struct bytes tenant, struct delete_request *r,
			   struct err *e);

/* Cancels it: what was not deleted yet is seen again. Once more is fine. Errors: ERR_NO there is no
 * such request; deletes_list's; ERR_FULL. */
MUST_CHECK int deletes_cancel(struct store *s, struct bytes tenant, struct bytes id, int64_t now_ns,
			      struct err *e);

/* A number that is another one after a request of the tenant was made, cancelled or applied, or
 * several were merged; 0: there was none. Errors: ERR_IO. */
MUST_CHECK int deletes_generation(struct store *s, struct bytes tenant, uint64_t *ret,
				  struct err *e);

/* Which of n requests are cancelled by now, ret[i] of id[i]: a few are asked for one by one, of
 * many one look at their folder tells. Errors: ERR_AGAIN, ERR_IO. */
MUST_CHECK int deletes_find_cancelled(struct store *s, struct bytes tenant, const struct bytes *id,
				      size_t n, bool *ret, struct err *e);

/*
 * Marks that packs are made anew for it, durably, before the first is. Whoever cancels writes that
 * first and then looks for the mark; whoever applies writes the mark first and then looks whether
 * it is cancelled: so not both can be told that they were the first. Errors: ERR_IO, ERR_FULL.
 */
MUST_CHECK int deletes_begin(struct store *s, struct bytes tenant, struct bytes id, int64_t now_ns,
			     struct err *e);

/* Takes the cancellation back. Errors: ERR_IO. */
MUST_CHECK int deletes_resume(struct store *s, struct bytes tenant, struct bytes id, struct err *e);

/* The files of requests: of one, or of many of them, whose id is the hash of its bytes, 32 digits;
 * beside them, of one that is cancelled, and what was done. */
enum deletes_file {
	DELETES_REQUEST,
	DELETES_MERGED,
	DELETES_CANCEL,
	DELETES_RECEIPT,
	DELETES_FILES
};

/* Appends the folder that they lie in: "fake/deletes/". */
void deletes_add_folder(struct buf *b, struct bytes tenant);

/* Appends the name within it: "<id>.json"; */
void deletes_add_file(struct buf *b, struct bytes id, enum deletes_file what);
/* relative to the store: "fake/deletes/<id>.json", "....requests",
 * "....cancel.json", "....receipt.json". */
void deletes_add_name(struct buf *b, struct bytes tenant, struct bytes id, enum deletes_file what);

/* Appends the name of the receipt of all days: "fake/processed/<id>.json"; programs of before had
 * it beside the request, DELETES_RECEIPT, where it still counts. */
void deletes_add_receipt(struct buf *b, struct bytes tenant, struct bytes id);

/* Which of them a name in their folder, as "<id>.json", is: DELETES_FILES, and *ret_id untouched,
 * when it is none. */
enum deletes_file deletes_parse_name(struct bytes file, struct bytes *ret_id);

/* The same of a name relative to the store, in any of the folders: DELETES_RECEIPT those of its
 * days, "fake/receipts/<id>/2026-01-15.json", and of all days, too. */
enum deletes_file deletes_parse_path(struct bytes name, struct bytes *ret_id);

/* Appends the folder of the receipts of its days: "fake/receipts/<id>/". */
void deletes_add_receipts(struct buf *b, struct bytes tenant, struct bytes id);

/* The text of a request's file, and back: query points into the arena. Whoever reads it from the
 * store knows its id from its name: NULL means that the text's own is taken. Errors: as
 * deletes_list. */
void deletes_add_text(struct buf *b, const struct delete_request *r);
MUST_CHECK int deletes_parse_text(struct bytes text, const char *id, struct arena *a,
				  struct delete_request *ret, struct err *e);

/* Sets r->id by the rest. */
void deletes_set_id(struct delete_request *r);

#endif
