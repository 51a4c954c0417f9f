/*
 * Receipts of days lie apart from the requests, which each query lists. Rows are lines: to add to a
 * receipt, those that are there are taken over as they stand.
 */
#include "erase/receipt.h"

#include "base/num.h"
#include "json/json.h"
#include "store/store.h"
#include "time/time.h"

enum { VERSION = 1 };

static const char row_begin[] = "{\"day\":";

void receipt_add_pack(struct target *t, const struct rewrite_pack *p, const struct found *f,
		      int64_t now_ns)
{
	char before[HASH128_HEX + 1], after[HASH128_HEX + 1], day[TIME_DAY_LEN + 1];
	const struct index_pack *row = p->before;

	hash128_hex(&row->name, before);
	hash128_hex(&p->after, after);
	time_day_text(time_day(row->min_ts), day);
	buf_addf(&t->rows, "%s\"%s\",\"before\":\"%s\",\"after\":\"%s\",\"at\":\"%lld\"", row_begin,
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
	struct bytes rest, line;
	int rc = store_get(s, name, RECEIPT_MAX, &text, e);

	rest = buf_bytes(&text);
	while (rc == 0 && bytes_split(&rest, '\n', &line)) {
		if (!bytes_starts(line, bytes_str(row_begin)))
			continue;
		if (line.p[line.n - 1] == ',')
			line.n--;
		buf_add_bytes(ret, line);
		buf_add_char(ret, '\n');
	}
	buf_release(&text);
	return rc;
}

static bool hash_of(struct bytes row, const char *name, struct hash128 *ret)
{
	struct bytes v;

	return json_member(row, name, &v) && v.n == HASH128_HEX + 2 &&
	       hash128_parse(bytes_sub(v, 1, HASH128_HEX), ret);
}

/* 0 when it is not there. */
static uint64_t number_of(struct bytes row, const char *name)
{
	struct bytes v;
	uint64_t n;

	return json_member(row, name, &v) && num_u64(v, &n) ? n : 0;
}

/* Is the row of the same pack, made into the same, among `rows`? */
static bool has_row(struct bytes rows, struct bytes row)
{
	struct hash128 b, a, before, after;
	struct bytes line;

	if (!hash_of(row, "before", &b) || !hash_of(row, "after", &a))
		return false;
	while (bytes_split(&rows, '\n', &line))
		if (hash_of(line, "before", &before) && hash_of(line, "after", &after) &&
		    hash128_cmp(&b, &before) == 0 && hash128_cmp(&a, &after) == 0)
			return true;
	return false;
}

/* A receipt whose text is whole. */
static int check_rows(struct bytes text, struct bytes id, struct err *e)
{
	uint64_t n = 0, said = number_of(text, "packs");
	struct bytes line, v;

	if (!json_member(text, "id", &v) || !bytes_eq(bytes_sub(v, 1, id.n), id))
		return err_set(e, ERR_CORRUPT, "it has another id than its name");
	while (bytes_split(&text, '\n', &line))
		n += bytes_starts(line, bytes_str(row_begin));
	if (n != said)
		return err_set(e, ERR_CORRUPT, "it says %llu packs, and has rows of %llu",
			       (unsigned long long)said, (unsigned long long)n);
	return 0;
}

int receipt_check(struct bytes text, struct bytes id, struct err *e)
{
	struct json_at j = json_start(text);
	struct bytes raw;

	json_skip_space(&j);
	if (j.p == j.end || *j.p != '{' || !json_value(&j, &raw))
		return err_set(e, ERR_CORRUPT, "no receipt: expected a JSON object");
	json_skip_space(&j);
	if (j.p != j.end)
		return err_set(e, ERR_CORRUPT, "no receipt: something stands behind its object");
	return check_rows(text, id, e);
}

/* ---- written ---- */

/* The request, and the sums of the rows. */
static void add_head(struct buf *b, struct bytes tenant, const struct target *t, struct bytes rows)
{
	uint64_t packs = 0, chunks = 0, entries = 0, bytes = 0;
	struct bytes line;

	while (bytes_split(&rows, '\n', &line)) {
		if (line.n == 0)
			continue;
		packs++;
		chunks += number_of(line, "chunks");
		entries += number_of(line, "entries");
		bytes += number_of(line, "bytes");
	}
	buf_addf(b, "{\"version\":%d,\"id\":\"%.*s\",\"tenant\":", VERSION, BYTES_ARG(t->id));
	json_add_quoted(b, tenant);
	buf_addf(b, ",\"%s\":", t->rule ? "scrub" : "query");
	json_add_quoted(b, t->query);
	buf_addf(b, ",\"start\":\"%lld\",\"end\":\"%lld\"", (long long)t->start_ns,
		 (long long)t->end_ns);
	if (!t->rule)
		buf_addf(b, ",\"created\":\"%lld\"", (long long)t->created_ns);
	buf_addf(b, ",\"packs\":%llu,\"chunks\":%llu,\"entries\":%llu,\"bytes\":%llu,\"rows\":[\n",
		 (unsigned long long)packs, (unsigned long long)chunks, (unsigned long long)entries,
		 (unsigned long long)bytes);
}

static int put(struct store *s, const char *name, struct bytes tenant, const struct target *t,
	       struct bytes rows, int64_t finished_ns, struct err *e)
{
	struct buf out = { 0 };
	struct bytes rest = rows, line;
	bool more = false;
	int rc;

	add_head(&out, tenant, t, rows);
	while (bytes_split(&rest, '\n', &line)) {
		if (line.n == 0)
			continue;
		if (more)
			buf_add_str(&out, ",\n");
		more = true;
		buf_add_bytes(&out, line);
	}
	buf_add_str(&out, more ? "\n]" : "]");
	if (finished_ns)
		buf_addf(&out, ",\"finished\":\"%lld\"", (long long)finished_ns);
	buf_add_str(&out, "}\n");
	rc = store_put_named(s, name, buf_bytes(&out), STORE_PUT_ANY, e);
	buf_release(&out);
	return rc;
}

int receipt_put_day(struct store *s, struct bytes tenant, const struct target *t, int32_t day,
		    const struct hash_list *known, struct err *e)
{
	struct buf name = { 0 }, old = { 0 }, rows = { 0 };
	char text[TIME_DAY_LEN + 1];
	struct bytes rest, line;
	int rc;

	deletes_add_receipts(&name, tenant, t->id);
	time_day_text(day, text);
	buf_addf(&name, "%s.json", text);
	rc = get_rows(s, buf_str(&name), &old, e);
	if (rc < 0 && e->code == ERR_NO)
		rc = 0;
	rest = buf_bytes(&old);
	while (bytes_split(&rest, '\n', &line)) {
		struct hash128 after;

		if (hash_of(line, "after", &after) && hash128_among(known->v, known->n, &after) &&
		    !has_row(buf_bytes(&t->rows), line)) {
			buf_add_bytes(&rows, line);
			buf_add_char(&rows, '\n');
		}
	}
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
