/* Receipts as they lie in a store: whatever one says, rows of ours are added to it, those stay
 * whose pack is known, and the same again changes nothing. Two, up to a NUL and behind it, when
 * both are read, make one that is read, and has all rows of both. */
#include "fuzz.h"

#include <string.h>

#include "deletes/receipt_rows.h"
#include "erase/receipt.h"
#include "own_folder.h"
#include "store/store.h"

static const char name[] = "fake/receipts/0123456789abcdef/2026-01-15.json";
static const struct hash128 known = { { 0xab, 0xcd } }, gone = { { 0x12 } };

static struct store *open_store(void)
{
	struct store *s = store_open(own_folder(), STORE_WRITE, NULL);
	struct buf folder = { 0 };

	buf_addf(&folder, "%s/%.*s", own_folder_path, (int)(strrchr(name, '/') - name), name);
	if (!s || io_mkdirs(buf_str(&folder), NULL) < 0)
		abort();
	buf_release(&folder);
	return s;
}

static void put(struct store *s, struct target *t, struct buf *ret)
{
	struct hash128 v = known;
	const struct hash_list list = { &v, 1 };
	struct err e;

	if (receipt_put_day(s, BYTES_LIT("fake"), t, 20468, &list, &e) < 0 ||
	    store_get(s, name, 1 << 24, ret, &e) < 0)
		abort();
}

static void must_have_all(const struct receipt_text *both, const struct receipt_text *part)
{
	struct buf none = { 0 };

	if (receipt_merge(both, part, &none) || none.n)
		abort();
	buf_release(&none);
}

static void merge(struct bytes first, struct bytes second)
{
	static const struct bytes id = BYTES_LIT("0123456789abcdef");
	struct receipt_text a, b, both;
	struct buf text = { 0 };

	if (receipt_read(first, id, &a, NULL) < 0 || receipt_read(second, id, &b, NULL) < 0)
		return;
	if (receipt_merge(&a, &b, &text)) {
		if (receipt_read(buf_bytes(&text), id, &both, NULL) < 0)
			abort();
		must_have_all(&both, &a);
		must_have_all(&both, &b);
		if (both.finished_ns < a.finished_ns || both.finished_ns < b.finished_ns)
			abort();
	} else if (text.n) {
		abort();
	}
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct store *s;
	const struct index_pack row = { .name = gone, .size = 7, .entries = 3 };
	const struct rewrite_pack p = { .before = &row, .after = known, .chunks = 1 };
	const struct found found = { .entries = 2, .bytes = 5, .sum = 9 };
	struct target t = { .id = BYTES_LIT("0123456789abcdef"), .query = BYTES_LIT("{a=\"b\"}") };
	struct buf first = { 0 }, second = { 0 };
	struct bytes rest = bytes_of(data, size), part = { 0 };

	if (size > 1 << 16)
		return 0;
	if (!s)
		s = open_store();
	own_folder_write(name, bytes_of(data, size));
	receipt_add_pack(&t, &p, &found, 1);
	put(s, &t, &first);
	if (!memmem(first.p, first.n, t.rows.p, t.rows.n - 1))
		abort();
	put(s, &t, &second);
	if (!bytes_eq(buf_bytes(&first), buf_bytes(&second)))
		abort();
	if (bytes_split(&rest, '\0', &part))
		merge(part, rest);
	merge(buf_bytes(&first), part);
	merge(part, buf_bytes(&first));
	buf_release(&t.rows);
	buf_release(&first);
	buf_release(&second);
	return 0;
}
