#include "deletes/receipt_rows.h"

#include "base/num.h"
#include "json/json.h"

/* ---- rows ---- */

bool receipt_next_row(struct bytes *rest, struct bytes *ret)
{
	struct bytes line;

	while (bytes_split(rest, '\n', &line)) {
		if (!bytes_starts(line, BYTES_LIT(RECEIPT_ROW)))
			continue;
		if (line.p[line.n - 1] == ',')
			line.n--;
		*ret = line;
		return true;
	}
	return false;
}

bool receipt_row_pack(struct bytes row, const char *member, struct hash128 *ret)
{
	struct bytes v;

	return json_member(row, member, &v) && v.n == HASH128_HEX + 2 &&
	       hash128_parse(bytes_sub(v, 1, HASH128_HEX), ret);
}

struct packs {
	struct hash128 before, after;
};

static bool row_packs(struct bytes row, struct packs *ret)
{
	return receipt_row_pack(row, "before", &ret->before) &&
	       receipt_row_pack(row, "after", &ret->after);
}

void receipt_set_add(struct receipt_set *s, struct bytes row)
{
	struct packs packs;
	struct bytes key = bytes_of(&packs, sizeof(packs));

	if (row_packs(row, &packs) && map_get(&s->seen, hash64(key), key) == MAP_NONE)
		map_put(&s->seen, hash64(key), arena_copy(&s->mem, key), 0);
}

bool receipt_set_has(const struct receipt_set *s, struct bytes row)
{
	struct packs packs;
	struct bytes key = bytes_of(&packs, sizeof(packs));

	return row_packs(row, &packs) && map_get(&s->seen, hash64(key), key) != MAP_NONE;
}

void receipt_set_release(struct receipt_set *s)
{
	map_release(&s->seen);
	arena_release(&s->mem);
}

/* ---- written ---- */

/* 0 when it is not there. */
static uint64_t number_of(struct bytes object, const char *name)
{
	struct bytes v;
	uint64_t n;

	return json_member(object, name, &v) && num_u64(v, &n) ? n : 0;
}

static void add_sums(struct buf *b, struct bytes rows)
{
	uint64_t packs = 0, chunks = 0, entries = 0, bytes = 0;
	struct bytes row;

	while (receipt_next_row(&rows, &row)) {
		packs++;
		chunks += number_of(row, "chunks");
		entries += number_of(row, "entries");
		bytes += number_of(row, "bytes");
	}
	buf_addf(b, ",\"packs\":%llu,\"chunks\":%llu,\"entries\":%llu,\"bytes\":%llu",
		 (unsigned long long)packs, (unsigned long long)chunks, (unsigned long long)entries,
		 (unsigned long long)bytes);
}

void receipt_add_text(struct buf *b, struct bytes head, struct bytes rows, int64_t finished_ns)
{
	bool more = false;
	struct bytes row;

	buf_add_bytes(b, head);
	add_sums(b, rows);
	buf_add_str(b, ",\"rows\":[\n");
	while (receipt_next_row(&rows, &row)) {
		if (more)
			buf_add_str(b, ",\n");
		more = true;
		buf_add_bytes(b, row);
	}
	buf_add_str(b, more ? "\n]" : "]");
	if (finished_ns)
		buf_addf(b, ",\"finished\":\"%lld\"", (long long)finished_ns);
	buf_add_str(b, "}\n");
}

/* ---- read ---- */

/* Of a receipt whose text is whole. */
static int check_rows(struct bytes text, struct bytes id, struct err *e)
{
	uint64_t n = 0, said = number_of(text, "packs");
	struct bytes row, v;

	if (!json_member(text, "id", &v) || !bytes_eq(bytes_sub(v, 1, id.n), id))
		return err_set(e, ERR_CORRUPT, "it has another id than its name");
	while (receipt_next_row(&text, &row))
		n++;
	if (n != said)
		return err_set(e, ERR_CORRUPT, "it says %llu packs, and has rows of %llu",
			       (unsigned long long)said, (unsigned long long)n);
	return 0;
}

/* One JSON object, and nothing behind it. */
static int check_object(struct bytes text, struct err *e)
{
	struct json_at j = json_start(text);
	struct bytes raw;

	json_skip_space(&j);
	if (j.p == j.end || *j.p != '{' || !json_value(&j, &raw))
		return err_set(e, ERR_CORRUPT, "expected a JSON object");
	json_skip_space(&j);
	if (j.p != j.end)
		return err_set(e, ERR_CORRUPT, "something stands behind its object");
	return 0;
}

int receipt_check(struct bytes text, struct bytes id, struct err *e)
{
	if (check_object(text, e) < 0)
		return err_wrap(e, "no receipt");
	return check_rows(text, id, e);
}

/* All members before the sums, of which the number of packs is the first. */
static int find_head(struct bytes text, struct bytes id, struct bytes *ret, struct err *e)
{
	static const struct bytes sums = BYTES_LIT(",\"packs\":");
	struct bytes packs, head, v;
	size_t n = 0;

	if (json_member(text, "packs", &packs))
		n = (size_t)(packs.p - text.p);
	if (n < sums.n || !bytes_eq(bytes_sub(text, n - sums.n, sums.n), sums))
		return err_set(e, ERR_CORRUPT, "its sums are not where they belong");
	head = bytes_sub(text, 0, n - sums.n);
	if (memchr(head.p, '\n', head.n) || !json_member(head, "id", &v) ||
	    !bytes_eq(bytes_sub(v, 1, id.n), id))
		return err_set(e, ERR_CORRUPT,
			       "its first line does not say which request it is of");
	*ret = head;
	return 0;
}

static int64_t finished_of(struct bytes text)
{
	struct bytes v;
	int64_t ns;

	return json_member(text, "finished", &v) && v.n > 2 &&
			       num_i64(bytes_sub(v, 1, v.n - 2), &ns)
		       ? ns
		       : 0;
}

int receipt_read(struct bytes text, struct bytes id, struct receipt_text *ret, struct err *e)
{
	struct packs packs;
	struct bytes rest = text, row, head;

	if (receipt_check(text, id, e) < 0)
		return -1;
	if (number_of(text, "version") != RECEIPT_VERSION)
		return err_set(e, ERR_VERSION, "it is not of version %d", RECEIPT_VERSION);
	if (find_head(text, id, &head, e) < 0)
		return -1;
	while (receipt_next_row(&rest, &row))
		if (check_object(row, NULL) < 0 || !row_packs(row, &packs))
			return err_set(e, ERR_CORRUPT,
				       "a row does not say which packs it is about");
	*ret = (struct receipt_text){ head, text, finished_of(text) };
	return 0;
}

/* ---- two ---- */

/* Appends those that are not in the set yet; returns how many. */
static size_t add_unseen(struct buf *b, struct receipt_set *seen, struct bytes text)
{
	struct bytes row;
	size_t n = 0;

	while (receipt_next_row(&text, &row)) {
		if (receipt_set_has(seen, row))
			continue;
		receipt_set_add(seen, row);
		buf_add_bytes(b, row);
		buf_add_char(b, '\n');
		n++;
	}
	return n;
}

bool receipt_merge(const struct receipt_text *there, const struct receipt_text *more,
		   struct buf *ret)
{
	int64_t finished_ns =
		there->finished_ns > more->finished_ns ? there->finished_ns : more->finished_ns;
	struct receipt_set seen = { 0 };
	struct buf rows = { 0 };
	bool has_more;

	add_unseen(&rows, &seen, there->text);
	has_more = add_unseen(&rows, &seen, more->text) > 0;
	if (has_more)
		receipt_add_text(ret, there->head, buf_bytes(&rows), finished_ns);
	receipt_set_release(&seen);
	buf_release(&rows);
	return has_more;
}
