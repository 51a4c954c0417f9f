/* base: bytes, cursors, numbers, checksums, tables, files. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/crc32c.h"
#include "base/find.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rd.h"
#include "base/unicode.h"
#include "base/utf8.h"
#include "base/wr.h"

static void bytes_are_split_and_trimmed(void **state)
{
	struct bytes rest = bytes_str("a,,b"), piece;

	(void)state;
	assert_true(bytes_split(&rest, ',', &piece));
	assert_bytes(piece, "a");
	assert_true(bytes_split(&rest, ',', &piece));
	assert_bytes(piece, "");
	assert_true(bytes_split(&rest, ',', &piece));
	assert_bytes(piece, "b");
	assert_false(bytes_split(&rest, ',', &piece));
	assert_bytes(bytes_trim(bytes_str(" \t x y\r\n")), "x y");
	assert_int_equal(bytes_sub(bytes_str("abc"), 5, 2).n, 0);
	assert_true(bytes_cmp(bytes_str("ab"), bytes_str("abc")) < 0);
	assert_true(bytes_cmp(bytes_str("\xff"), bytes_str("a")) > 0);
}

static void errors_wrap_and_mask(void **state)
{
	struct err e = { 0 };

	(void)state;
	err_set(&e, ERR_CORRUPT, "bad '%s'", "a\x1b[31m\nb");
	assert_string_equal(e.msg, "bad 'a?[31m?b'");
	err_wrap(&e, "'%s'", "f");
	assert_string_equal(e.msg, "'f': bad 'a?[31m?b'");
	assert_int_equal(e.code, ERR_CORRUPT);
	errno = ENOSPC;
	err_sys(&e, "write");
	assert_int_equal(e.code, ERR_FULL);
	assert_string_equal(e.msg, "write: No space left on device");
	assert_int_equal(err_set(NULL, ERR_IO, "nobody listens"), -1);
}

static void every_code_has_its_exit_status(void **state)
{
	static const int expected[] = { 0, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 70 };

	(void)state;
	for (int code = ERR_NONE; code <= ERR_BUG; code++)
		assert_int_equal(err_exit_code((enum err_code)code), expected[code]);
}

static void varints_come_back(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint64_t v = rnd(&seed) >> rnd_below(&seed, 64);
		struct buf b = { 0 };
		struct rd rd;

		wr_uvarint(&b, v);
		wr_svarint(&b, (int64_t)v);
		wr_svarint(&b, -(int64_t)(v >> 1));
		wr_u64be(&b, v);
		rd = rd_init(buf_bytes(&b));
		assert_int_equal(rd_uvarint(&rd), v);
		assert_int_equal(rd_svarint(&rd), (int64_t)v);
		assert_int_equal(rd_svarint(&rd), -(int64_t)(v >> 1));
		assert_int_equal(rd_u64be(&rd), v);
		assert_false(rd.failed);
		assert_int_equal(rd_left(&rd), 0);
		buf_release(&b);
	}
}

static void a_cursor_fails_once_and_stays_failed(void **state)
{
	struct rd rd = rd_init(bytes_of("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11));

	(void)state;
	assert_int_equal(rd_uvarint(&rd), 0); /* more than 64 bits */
	assert_true(rd.failed);
	assert_int_equal(rd_u8(&rd), 0);
	rd = rd_init(bytes_of("\x05"
			      "abc",
			      4));
	assert_int_equal(rd_lstr(&rd, 100).n, 0); /* five bytes said, three there */
	assert_true(rd.failed);
	rd = rd_init(bytes_of("\x05"
			      "abcde",
			      6));
	assert_int_equal(rd_lstr(&rd, 4).n, 0); /* over the caller's limit */
	assert_true(rd.failed);
}

static void crc32c_is_castagnoli(void **state)
{
	static const unsigned char zeros[32];
	char text[10000];
	uint64_t seed = 2;

	(void)state;
	assert_int_equal(crc32c("123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(zeros, sizeof(zeros)), 0x8a9136aa); /* RFC 3720, B.4 */
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)rnd(&seed);
	for (int i = 0; i < 200; i++) { /* pieces of any size give what the whole gives */
		size_t cut = rnd_below(&seed, sizeof(text)),
		       cut2 = cut + rnd_below(&seed, sizeof(text) - cut);
		uint32_t crc = crc32c_add(crc32c_add(crc32c(text, cut), text + cut, cut2 - cut),
					  text + cut2, sizeof(text) - cut2);

		assert_int_equal(crc, crc32c(text, sizeof(text)));
	}
}

static void hashes_are_sorted_and_found(void **state)
{
	struct hash128 v[] = { hash128(bytes_str("a")), hash128(bytes_str("b")),
			       hash128(bytes_str("a")), hash128(bytes_str("c")) };
	struct hash128 a = v[0], b = v[1], c = v[3], d = hash128(bytes_str("d"));

	(void)state;
	assert_int_equal(3, hash128_sort(v, 4));
	assert_true(hash128_cmp(&v[0], &v[1]) < 0 && hash128_cmp(&v[1], &v[2]) < 0);
	assert_true(hash128_among(v, 3, &a) && hash128_among(v, 3, &b) && hash128_among(v, 3, &c));
	assert_false(hash128_among(v, 3, &d));
	assert_int_equal(0, hash128_sort(NULL, 0));
	assert_false(hash128_among(NULL, 0, &a));
}

static void hashes_are_those_of_xxh3(void **state)
{
	struct hash_state *s = hash_new();
	struct hash128 h, back;
	char hex[HASH128_HEX + 1];

	(void)state;
	hash_add(s, bytes_str("lok"));
	hash_add(s, bytes_str("id"));
	h = hash_end(s);
	hash_free(s);
	back = hash128(bytes_str("lokid"));
	assert_int_equal(hash128_cmp(&h, &back), 0);
	hash128_hex(&h, hex);
	assert_true(hash128_parse(bytes_str(hex), &back));
	assert_int_equal(hash128_cmp(&h, &back), 0);
	assert_false(hash128_parse(bytes_str("0123"), &back));
	assert_false(hash128_parse(bytes_str("g0000000000000000000000000000000"), &back));
	/* the empty input, as the specification of XXH3 gives it */
	h = hash128(bytes_str(""));
	hash128_hex(&h, hex);
	assert_string_equal(hex, "99aa06d3014798d86001c324468d497f");
}

static void sizes_are_read_and_written(void **state)
{
	static const struct {
		const char *text;
		uint64_t size;
	} good[] = { { "512", 512 },
		     { "4KiB", 4096 },
		     { "1.5MB", 1500000 },
		     { "2G", UINT64_C(2) << 30 },
		     { "7B", 7 } };
	static const char *const bad[] = {
		"", "x", "1 MB", "-1", "1XB", "1.2.3", "99999999999TiB"
	};
	struct buf b = { 0 };
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(num_size(bytes_str(good[i].text), &v));
		assert_int_equal(v, good[i].size);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(num_size(bytes_str(bad[i]), &v));
	num_add_size(&b, 1000);
	num_add_size(&b, UINT64_C(64) << 20);
	assert_bytes(buf_bytes(&b), "1000 B64.0 MiB");
	buf_reset(&b);
	num_add_whole_size(&b, 0, "i");
	num_add_whole_size(&b, 1025, "i");
	num_add_whole_size(&b, 600 << 10, "i");
	num_add_whole_size(&b, UINT64_C(3) << 60, "");
	assert_bytes(buf_bytes(&b), "0B1025B600KiB3EB");
	buf_reset(&b);
	num_add_count(&b, 0, "batch", "batches");
	num_add_count(&b, 1, "batch", "batches");
	num_add_count(&b, 2, "batch", "batches");
	assert_bytes(buf_bytes(&b), "0 batches1 batch2 batches");
	buf_release(&b);
}

static void numbers_are_read_whole_or_not(void **state)
{
	int64_t i;
	uint64_t u;

	(void)state;
	assert_true(num_i64(bytes_str("-9223372036854775808"), &i));
	assert_true(i == INT64_MIN);
	assert_false(num_i64(bytes_str("9223372036854775808"), &i));
	assert_false(num_i64(bytes_str("-9223372036854775809"), &i));
	assert_false(num_i64(bytes_str("1x"), &i));
	assert_false(num_i64(bytes_str("-"), &i));
	assert_true(num_u64(bytes_str("18446744073709551615"), &u));
	assert_false(num_u64(bytes_str("18446744073709551616"), &u));
}

static void doubles_print_as_go_prints_them(void **state)
{
	static const struct {
		double v;
		const char *text;
	} cases[] = { { 0, "0" },
		      { 1, "1" },
		      { -2.5, "-2.5" },
		      { 0.1, "0.1" },
		      { 1e21, "1000000000000000000000" },
		      { 1.0 / 3, "0.3333333333333333" },
		      { 1e-7, "0.0000001" },
		      { NAN, "NaN" },
		      { INFINITY, "+Inf" },
		      { -INFINITY, "-Inf" },
		      { 123456789.125, "123456789.125" },
		      { -0.0, "-0" } };
	uint64_t seed = 3;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = { 0 };

		num_add_double(&b, cases[i].v);
		assert_bytes(buf_bytes(&b), cases[i].text);
		buf_release(&b);
	}
	for (int i = 0; i < 10000; i++) {
		uint64_t bits = rnd(&seed);
		struct buf b = { 0 };
		double v, back;

		memcpy(&v, &bits, sizeof(v));
		if (!isfinite(v))
			continue;
		num_add_double(&b, v);
		assert_true(num_double(buf_bytes(&b), &back));
		assert_true(v == back);
		buf_release(&b);
	}
}

static void plain_doubles_are_those_of_strtod(void **state)
{
	static const char *const refused[] = {
		"",   "-", ".", "-.", "+1", "1e3", "0x1", " 1", "1 ", "1.2.3", "1234567890123456",
		"inf"
	};
	uint64_t seed = 5;
	double v;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(num_plain_double(bytes_str(refused[i]), &v));
	for (int i = 0; i < 100000; i++) {
		char text[32];
		size_t digits = 1 + rnd_below(&seed, 15), n = 0, point = rnd_below(&seed, 20);

		if (rnd_below(&seed, 4) == 0)
			text[n++] = '-';
		for (size_t k = 0; k <= digits; k++) {
			if (k == point)
				text[n++] = '.';
			if (k < digits)
				text[n++] = (char)('0' + rnd_below(&seed, 10));
		}
		text[n] = '\0';
		assert_true(num_plain_double(bytes_of(text, n), &v));
		assert_true(v == strtod(text, NULL) && !signbit(v) == (text[0] != '-'));
	}
}

static void a_map_finds_what_was_put(void **state)
{
	struct map m = { 0 };
	struct arena a = { 0 };

	(void)state;
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 5000; i++) {
			struct bytes key = arena_copy(&a, bytes_of(&i, i % 5 == 0 ? 4 : 3));

			if (map_get(&m, hash64(key), key) == MAP_NONE)
				map_put(&m, hash64(key), key, i);
			assert_true(map_get(&m, hash64(key), key) <= i);
		}
		assert_int_equal(map_get(&m, hash64(bytes_str("none")), bytes_str("none")),
				 MAP_NONE);
		map_reset(&m);
		assert_int_equal(map_get(&m, hash64(bytes_str("a")), bytes_str("a")), MAP_NONE);
	}
	map_release(&m);
	arena_release(&a);
}

static void an_arena_keeps_what_it_gave(void **state)
{
	struct arena a = { 0 };
	uint64_t seed = 4;
	char *p[200];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 200; i++) {
			size_t n = rnd_below(&seed, 9000) + 1;

			p[i] = arena_alloc(&a, n);
			assert_int_equal((uintptr_t)p[i] % 8, 0);
			memset(p[i], i, n);
		}
		for (int i = 0; i < 200; i++)
			assert_int_equal((unsigned char)p[i][0], i);
		arena_reset(&a);
	}
	arena_release(&a);
}

static void utf8_is_checked_to_the_letter(void **state)
{
	static const char *const bad[] = { "\x80",	   "\xc0\xaf",	       "\xe0\x80\x80",
					   "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
					   "\xc3",	   "abcdefgh\xff",     "\xf0\x8f\xbf\xbf" };
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(utf8_valid(bytes_str(bad[i])));
	assert_true(utf8_valid(bytes_str(
		"ascii only, long enough for words h\xc3\xa9 \xe2\x9c\x93 \xf0\x9f\x98\x80")));
	utf8_add_valid(&b, bytes_str("a\xff\xc3\xa9\xc3"));
	assert_bytes(buf_bytes(&b), "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd");
	buf_release(&b);
}

static void sums_that_do_not_fit_fail(void **state)
{
	size_t v = 7;

	(void)state;
	assert_false(size_add(SIZE_MAX, 1, &v));
	assert_false(size_mul(SIZE_MAX / 2, 3, &v));
	assert_int_equal(v, 7);
	assert_true(size_add(1, 2, &v) && v == 3);
	assert_true(size_mul(3, 4, &v) && v == 12);
}

/* As one would find them by hand: printed ever longer, until what is read back is the same. */
static void check_digits(double v)
{
	char digits[NUM_DIGITS_MAX + 1] = { 0 }, text[40], expected[40] = { 0 };
	int exponent, n = num_digits(v, digits, &exponent), precision = 0, m = 0;

	do
		snprintf(text, sizeof(text), "%.*e", precision, v);
	while (strtod(text, NULL) != v && ++precision < NUM_DIGITS_MAX);
	for (const char *p = text; *p != 'e'; p++)
		if (*p != '.')
			expected[m++] = *p;
	while (m > 1 && expected[m - 1] == '0')
		expected[--m] = '\0';
	if (n != m || memcmp(digits, expected, (size_t)m) != 0 ||
	    exponent != strtol(strchr(text, 'e') + 1, NULL, 10))
		fail_msg("%s: found %.*s e%d", text, n, digits, exponent);
}

static void digits_are_the_fewest_that_read_back(void **state)
{
	static const double edges[] = { 0.5,	      0.1,
					0.3,	      1.0 / 3,
					2.0 / 3,      1e-5,
					9.5e-6,	      0.00999,
					0.01,	      1e15,
					1e15 - 0.125, 1e22,
					5e-324,	      1.7e308,
					0x1p-16,      0x1p-1,
					123456.75,    8.5,
					9.5,	      0.1 + 0.2,
					1e14 + .5,    4503599627370497.5 };
	uint64_t seed = 11;

	(void)state;
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		check_digits(edges[i]);
		check_digits(nextafter(edges[i], 0));
		check_digits(nextafter(edges[i], INFINITY));
	}
	for (int i = 0; i < 20000; i++) {
		uint64_t a = rnd(&seed) >> 20, b = rnd(&seed) >> 20;

		check_digits((double)(a % 100000) / 300);	/* a rate */
		check_digits((double)(a % 1000000000) / 1000);	/* three places */
		check_digits(ldexp((double)a, -(int)(b % 62))); /* any */
		check_digits((double)(a % 1000) * .01 + (double)b * .99);
	}
}

/* A file's pages between pages of memory, of which none may be lost with them. */
static void what_a_mapping_forgets_is_there_again_and_nothing_else_is_lost(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), n = 3 * page;
	int fd = memfd_create("mapped", MFD_CLOEXEC);
	char *all = mmap(NULL, 3 * n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char text[3 * 65536];
	struct bytes map;
	struct err e;

	(void)state;
	assert_true(fd >= 0 && all != MAP_FAILED && n <= sizeof(text));
	memset(text, 'f', n);
	memset(all, 'm', 3 * n);
	assert_int_equal(io_write(fd, text, n, &e), 0);
	assert_true(mmap(all + n, n, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == all + n);
	map = bytes_of(all + n, n);
	io_map_forget(map, 0, n);
	io_map_forget(map, page + 7, 1);
	io_map_forget(map, n - 1, 100);
	io_map_forget(map, n + 1, 1);
	io_map_forget(bytes_of(NULL, 0), 0, 1);
	for (size_t i = 0; i < 3 * n; i++)
		assert_true(all[i] == (i >= n && i < 2 * n ? 'f' : 'm'));
	munmap(all, 3 * n);
	close(fd);
}

/* Pages of files that are mapped and count as memory of this process, in bytes. */
static size_t mapped_bytes(void)
{
	struct buf text = { 0 };
	struct err e;
	size_t n;

	assert_int_equal(io_read_file("/proc/self/statm", 4096, &text, &e), 0);
	assert_int_equal(sscanf(buf_str(&text), "%*u %*u %zu", &n), 1);
	buf_release(&text);
	return n * (size_t)sysconf(_SC_PAGESIZE);
}

static void parts_that_are_past_are_forgotten_by_and_by(void **state)
{
	enum { ALL = 64 << 20, PART = 100000 };
	int fd = memfd_create("mapped", MFD_CLOEXEC);
	struct io_past past = { 0 };
	struct io_map map;
	size_t before, most = 0;
	struct err e;

	(void)state;
	assert_true(fd >= 0 && ftruncate(fd, ALL) == 0);
	assert_int_equal(io_map_fd(fd, &map, &e), 0);
	before = mapped_bytes();
	for (int backwards = 0; backwards < 2; backwards++) {
		for (size_t off = 0; off + PART <= ALL; off += PART) {
			size_t at = backwards ? ALL - PART - off : off, now;

			assert_int_equal(find_count_byte(bytes_sub(map.b, at, PART), 0), PART);
			io_past_add(&past, map.b, at, PART);
			now = mapped_bytes() - before;
			most = now > most ? now : most;
		}
	}
	assert_in_range(most, 1 << 20, 12 << 20);
	io_past_forget(&past);
	io_past_forget(&past);
	assert_in_range(mapped_bytes(), 0, before + (2 << 20));
	io_unmap(&map);
	close(fd);
}

static void a_file_appears_whole_or_not_at_all(void **state)
{
	char dir[] = "/tmp/unit-base-XXXXXX";
	struct buf path = { 0 }, back = { 0 };
	struct file_replace r;
	struct io_map map;
	struct err e = { 0 };
	DIR *folder;

	(void)state;
	assert_non_null(mkdtemp(dir));
	buf_addf(&path, "%s/a/b/c", dir);
	assert_int_equal(io_mkdirs(buf_str(&path), &e), 0);
	assert_int_equal(io_mkdirs(buf_str(&path), &e), 0);
	assert_int_equal(file_replace_open(path.p, &r, &e), 0);
	assert_int_equal(io_write(r.fd, "half", 4, &e), 0);
	file_replace_abort(&r);
	buf_addf(&path, "/file");
	assert_int_equal(access(buf_str(&path), F_OK), -1);
	assert_int_equal(file_replace_bytes(path.p, bytes_str("whole"), &e), 0);
	assert_int_equal(io_read_file(path.p, 100, &back, &e), 0);
	assert_bytes(buf_bytes(&back), "whole");
	assert_int_equal(io_read_file(path.p, 4, &back, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(io_map(path.p, &map, &e), 0);
	assert_bytes(map.b, "whole");
	io_unmap(&map);
	assert_int_equal(io_mkdirs(path.p, &e), -1); /* a file stands there */
	assert_int_equal(file_replace_bytes("/nonexistent/x", bytes_str(""), &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_int_equal(io_open("/nonexistent", &e), -1);
	assert_int_equal(io_opendir("/nonexistent", &folder, &e), 0);
	assert_null(folder);
	assert_int_equal(io_opendir(path.p, &folder, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	buf_reset(&path);
	buf_addf(&path, "rm -r %s", dir);
	assert_int_equal(system(buf_str(&path)), 0);
	buf_release(&path);
	buf_release(&back);
}

/* A program that is killed leaves none behind: there is no moment at which one has a name. */
static void a_temporary_file_never_has_a_name(void **state)
{
	const char *was = getenv("TMPDIR");
	char *kept = was ? strdup(was) : NULL, *dir = new_folder(), events[4096];
	int notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), fd;
	struct err e = { 0 };

	(void)state;
	assert_true(notify >= 0);
	fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (fd < 0) {
		print_message("# the file system of %s makes no file without a name\n", dir);
		skip();
	}
	close(fd);
	assert_true(inotify_add_watch(notify, dir, IN_CREATE | IN_DELETE) >= 0);
	assert_int_equal(setenv("TMPDIR", dir, 1), 0);
	fd = io_tmpfile(&e);
	assert_true(fd >= 0);
	assert_int_equal(io_write(fd, "there", 5, &e), 0);
	assert_int_equal(read(notify, events, sizeof(events)), -1);
	assert_int_equal(errno, EAGAIN);
	close(fd);
	close(notify);
	assert_int_equal(kept ? setenv("TMPDIR", kept, 1) : unsetenv("TMPDIR"), 0);
	free(kept);
	remove_folder(dir);
}

static void a_full_device_is_told(void **state)
{
	int fd = open("/dev/full", O_WRONLY);
	struct err e = { 0 };

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(io_write(fd, "x", 1, &e), -1);
	assert_int_equal(e.code, ERR_FULL);
	close(fd);
	assert_null(mem_try(SIZE_MAX / 2, &e));
	assert_int_equal(e.code, ERR_NOMEM);
}

static void assert_ring(uint32_t c, const uint32_t *want, size_t n)
{
	uint32_t ring[UNICODE_SAME_CASE_MAX];

	assert_int_equal(unicode_same_case(c, ring), n);
	assert_memory_equal(ring, want, n * sizeof(*want));
}

static void characters_of_one_case_ring_lead_to_each_other(void **state)
{
	static const uint32_t k[] = { 'K', 'k', 0x212a }, theta[] = { 0x398, 0x3b8, 0x3d1, 0x3f4 },
			      sharp_s[] = { 0xdf, 0x1e9e }, turkish[] = { 0x130 },
			      digit[] = { '7' };
	uint32_t ring[UNICODE_SAME_CASE_MAX], other[UNICODE_SAME_CASE_MAX];
	size_t n_cased = 0;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_ring(k[i], k, 3);
	for (size_t i = 0; i < 4; i++)
		assert_ring(theta[i], theta, 4);
	for (size_t i = 0; i < 2; i++)
		assert_ring(sharp_s[i], sharp_s, 2);
	assert_ring(0x130, turkish, 1);
	assert_ring('7', digit, 1);
	for (uint32_t c = unicode_next_cased(0), before = 0; c != UINT32_MAX;
	     before = c, c = unicode_next_cased(c + 1)) {
		size_t n = unicode_same_case(c, ring);

		assert_true(n > 1 && c >= before);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(unicode_same_case(ring[i], other), n);
			assert_memory_equal(ring, other, n * sizeof(*ring));
		}
		n_cased++;
	}
	assert_int_equal(n_cased, 2878);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_split_and_trimmed),
		cmocka_unit_test(errors_wrap_and_mask),
		cmocka_unit_test(every_code_has_its_exit_status),
		cmocka_unit_test(varints_come_back),
		cmocka_unit_test(a_cursor_fails_once_and_stays_failed),
		cmocka_unit_test(crc32c_is_castagnoli),
		cmocka_unit_test(hashes_are_those_of_xxh3),
		cmocka_unit_test(hashes_are_sorted_and_found),
		cmocka_unit_test(sizes_are_read_and_written),
		cmocka_unit_test(numbers_are_read_whole_or_not),
		cmocka_unit_test(doubles_print_as_go_prints_them),
		cmocka_unit_test(plain_doubles_are_those_of_strtod),
		cmocka_unit_test(a_map_finds_what_was_put),
		cmocka_unit_test(an_arena_keeps_what_it_gave),
		cmocka_unit_test(utf8_is_checked_to_the_letter),
		cmocka_unit_test(sums_that_do_not_fit_fail),
		cmocka_unit_test(digits_are_the_fewest_that_read_back),
		cmocka_unit_test(what_a_mapping_forgets_is_there_again_and_nothing_else_is_lost),
		cmocka_unit_test(parts_that_are_past_are_forgotten_by_and_by),
		cmocka_unit_test(characters_of_one_case_ring_lead_to_each_other),
		cmocka_unit_test(a_file_appears_whole_or_not_at_all),
		cmocka_unit_test(a_temporary_file_never_has_a_name),
		cmocka_unit_test(a_full_device_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
