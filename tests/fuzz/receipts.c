/* Receipts as they lie in a store: whatever one says, rows of ours are added to it, those stay
 * whose pack is known, and the same again changes nothing. */
#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "erase/receipt.h"
#include "store/store.h"

static const char name[] = "fake/receipts/0123456789abcdef/2026-01-15.json";
static const struct hash128 known = { { 0xab, 0xcd } }, gone = { { 0x12 } };

/* In memory, where there is such a folder: each receipt is synced. */
static struct store *folder(char dir[])
{
	struct buf path = { 0 };
	struct store *s;

	if (access("/dev/shm", W_OK) < 0)
		memcpy(dir, "/tmp/////", 9);
	if (!mkdtemp(dir))
		abort();
	s = store_open(dir, STORE_WRITE, NULL);
	for (const char *p = name; s && (p = strchr(p, '/')) != NULL; p++) {
		buf_reset(&path);
		buf_addf(&path, "%s/%.*s", dir, (int)(p - name), name);
		if (io_mkdirs(buf_str(&path), NULL) < 0)
			abort();
	}
	buf_release(&path);
	return s;
}

static void write_file(const char *dir, struct bytes b)
{
	struct buf full = { 0 };
	int fd;

	buf_addf(&full, "%s/%s", dir, name);
	fd = open(buf_str(&full), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || io_write(fd, b.p, b.n, NULL) < 0)
		abort();
	close(fd);
	buf_release(&full);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[] = "/dev/shm/lokid-fuzz-receipts.XXXXXX";
	static struct store *s;
	const struct index_pack row = { .name = gone, .size = 7, .entries = 3 };
	const struct rewrite_pack p = { .before = &row, .after = known, .chunks = 1 };
	const struct found found = { .entries = 2, .bytes = 5, .sum = 9 };
	struct target t = { .id = BYTES_LIT("0123456789abcdef"), .query = BYTES_LIT("{a=\"b\"}") };
	struct buf first = { 0 }, second = { 0 };

	if (size > 1 << 16)
		return 0;
	if (!s)
		s = folder(dir);
	write_file(dir, bytes_of(data, size));
	receipt_add_pack(&t, &p, &found, 1);
	put(s, &t, &first);
	if (!memmem(first.p, first.n, t.rows.p, t.rows.n - 1))
		abort();
	put(s, &t, &second);
	if (!bytes_eq(buf_bytes(&first), buf_bytes(&second)))
		abort();
	buf_release(&t.rows);
	buf_release(&first);
	buf_release(&second);
	return 0;
}
