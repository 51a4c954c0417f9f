/*
 * Receipts of days lie apart from the requests, which each query lists. To add to a receipt, the
 * rows that are there are taken over as they stand.
 */
#include "erase/receipt.h"

#include "deletes/receipt_rows.h"
#include "json/json.h"
#include "store/store.h"
#include "time/time.h"

void receipt_add_pack(struct target *t, const struct rewrite_pack *p, const struct found *f,
		      int64_t now_ns)
{
	char before[HASH128_HEX + 1], after[HASH128_HEX + 1], day[TIME_DAY_LEN + 1];
	const struct index_pack *row = p->before;

	hash128_hex(&row->name, before);
	hash128_hex(&p->after, after);
	time_day_text(time_day(row->min_ts), day);
	buf_addf(&t->rows, RECEIPT_ROW "\"%s\",\"before\":\"%s\",\"after\":\"%s\",\"at\":\"%lld\"",
		 day, before, after, (long long)now_ns);
	buf_addf(&t->rows, ",\"entries\":%llu,\"bytes\":%llu,\"sum\":\"%016llx\",\"chunks\":%llu",
		 (unsigned long long)f->entries, (unsigned long long)f->bytes,
		 (unsigned long long)f->sum, (unsigned long long)p->chunks);
	buf_addf(&t->rows, ",\"entries_before\":%llu,\"entries_after\":%llu",
		 (unsigned long long)row->entries, (unsigned long long)p->after_entries);
	buf_addf(&t->rows, ",\"size_before\":%llu,\"size_after\":%llu}\n",
		 (unsigned long long)row->size, (unsigned long long)p->after_size);
}

/* ---- what is there ---- */

/* Appends the rows of a receipt, each with a newline. ERR_NO: there is none. */
static int get_rows(struct store *s, const char *name, struct buf *ret, struct err *e)
{
	struct buf text = { 0 };
	struct bytes rest, row;
	int rc = store_get(s, name, RECEIPT_MAX, &text, e);

	rest = buf_bytes(&text);
	while (rc == 0 && receipt_next_row(&rest, &row)) {
		buf_add_bytes(ret, row);
		buf_add_char(ret, '\n');
	}
	buf_release(&text);
	return rc;
}

/* ---- written ---- */

/* The request. */
static void add_head(struct buf *b, struct bytes tenant, const struct target *t)
{
	buf_addf(b, "{\"version\":%d,\"id\":\"%.*s\",\"tenant\":", RECEIPT_VERSION,
		 BYTES_ARG(t->id));
	json_add_quoted(b, tenant);
	buf_addf(b, ",\"%s\":", t->rule ? "scrub" : "query");
	json_add_quoted(b, t->query);
	buf_addf(b, ",\"start\":\"%lld\",\"end\":\"%lld\"", (long long)t->start_ns,
		 (long long)t->end_ns);
	if (!t->rule)
		buf_addf(b, ",\"created\":\"%lld\"", (long long)t->created_ns);
}

static int put(struct store *s, const char *name, struct bytes tenant, const struct target *t,
	       struct bytes rows, int64_t finished_ns, struct err *e)
{
	struct buf head = { 0 }, out = { 0 };
	int rc;

	add_head(&head, tenant, t);
	receipt_add_text(&out, buf_bytes(&head), rows, finished_ns);
	rc = store_put_named(s, name, buf_bytes(&out), STORE_PUT_ANY, e);
	buf_release(&head);
	buf_release(&out);
	return rc;
}

/* Appends the rows of `old` whose new pack is known, but those that t->rows have too. */
static void add_known(struct buf *b, struct bytes old, const struct target *t,
		      const struct hash_list *known)
{
	struct bytes own = buf_bytes(&t->rows), row;
	struct receipt_set seen = { 0 };
	struct hash128 after;

	while (receipt_next_row(&own, &row))
		receipt_set_add(&seen, row);
	while (receipt_next_row(&old, &row)) {
		if (!receipt_row_pack(row, "after", &after) ||
		    !hash128_among(known->v, known->n, &after) || receipt_set_has(&seen, row))
			continue;
		buf_add_bytes(b, row);
		buf_add_char(b, '\n');
	}
	receipt_set_release(&seen);
}

int receipt_put_day(struct store *s, struct bytes tenant, const struct target *t, int32_t day,
		    const struct hash_list *known, struct err *e)
{
	struct buf name = { 0 }, old = { 0 }, rows = { 0 };
	char text[TIME_DAY_LEN + 1];
	int rc;

	deletes_add_receipts(&name, tenant, t->id);
	time_day_text(day, text);
	buf_addf(&name, "%s.json", text);
	rc = get_rows(s, buf_str(&name), &old, e);
	if (rc < 0 && e->code == ERR_NO)
		rc = 0;
	add_known(&rows, buf_bytes(&old), t, known);
	buf_add_bytes(&rows, buf_bytes(&t->rows));
	if (rc == 0)
		rc = put(s, buf_str(&name), tenant, t, buf_bytes(&rows), 0, e);
	buf_release(&name);
	buf_release(&old);
	buf_release(&rows);
	return rc;
}

int receipt_is_there(struct store *s, struct bytes tenant, struct bytes id, struct err *e)
{
	struct buf name = { 0 };
	int rc;

	deletes_add_receipt(&name, tenant, id);
	rc = store_has(s, buf_str(&name), NULL, e);
	buf_reset(&name);
	deletes_add_name(&name, tenant, id, DELETES_RECEIPT);
	if (rc == 0)
		rc = store_has(s, buf_str(&name), NULL, e);
	buf_release(&name);
	return rc;
}

int receipt_withdraw(struct store *s, struct bytes tenant, struct target *t, struct err *e)
{
	struct buf name = { 0 }, before = { 0 };
	char *names[2];
	int rc;

	deletes_add_receipt(&name, tenant, t->id);
	deletes_add_name(&before, tenant, t->id, DELETES_RECEIPT);
	names[0] = (char *)(uintptr_t)buf_str(&name);
	names[1] = (char *)(uintptr_t)buf_str(&before);
	rc = store_delete_all(s, names, 2, e);
	t->has_receipt = false;
	buf_release(&name);
	buf_release(&before);
	return rc;
}

struct gather {
	struct store *s;
	struct buf rows;
};

static int gather_day(const char *name, uint64_t size, void *data, struct err *e)
{
	struct gather *g = data;

	(void)size;
	if (strcmp(strrchr(name, '/') + 1, DELETES_BEGUN) == 0)
		return 0;
	return get_rows(g->s, name, &g->rows, e);
}

int receipt_put_whole(struct store *s, struct bytes tenant, const struct target *t, int64_t now_ns,
		      struct err *e)
{
	struct gather g = { .s = s };
	struct buf folder = { 0 }, name = { 0 };
	int rc;

	deletes_add_receipts(&folder, tenant, t->id);
	rc = store_list(s, buf_str(&folder), gather_day, &g, e);
	deletes_add_receipt(&name, tenant, t->id);
	if (rc == 0)
		rc = put(s, buf_str(&name), tenant, t, buf_bytes(&g.rows), now_ns, e);
	buf_release(&folder);
	buf_release(&name);
	buf_release(&g.rows);
	return rc;
}
