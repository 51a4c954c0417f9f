/* Lines taken apart come back byte for byte, in columns of the kinds that they are. */
#include <time.h>

#include "shape_tools.h"

/* ---- kinds ---- */

/* Appends the i-th value. */
typedef void make_fn(struct buf *b, size_t i, int64_t ts_ns);

static uint64_t mixed(size_t i)
{
	uint64_t state = i;

	return rnd(&state);
}

static void put_letters(struct buf *b, uint64_t v)
{
	do
		buf_add_char(b, (char)('g' + v % 20));
	while ((v /= 20) > 0);
}

/* Words are told before values are read, and are those that these are made of. */
static void check_words(const struct shape_block *b, bool has_words)
{
	struct shape_stored in = block_stored(b);
	struct shape_reader *r = shape_reader_new();
	const struct shape_values *v;
	struct shape_values words;
	struct buf kept = { 0 };

	assert_int_equal(shape_open(r, &in, NULL), 0);
	assert_int_equal(shape_words(r, 0, &words, NULL), 0);
	assert_int_equal(words.word != NULL, has_words);
	for (size_t w = 0; w < words.n_words; w++) {
		buf_add_bytes(&kept, words.word[w]);
		buf_add_char(&kept, '\n');
	}
	assert_int_equal(shape_column(r, 0, block_ts(b), &v, NULL), 0);
	assert_int_equal(v->n, b->n);
	if (has_words)
		assert_int_equal(v->n_words, words.n_words);
	for (size_t w = 0, at = 0; w < words.n_words; at += v->word[w++].n + 1)
		assert_memory_equal(kept.p + at, v->word[w].p, v->word[w].n);
	buf_release(&kept);
	shape_reader_free(r);
}

/* Numbers are told without their texts, as these have them, unless one is too large or the text is
 * something else too. */
static void check_decimals(const struct shape_block *b, enum kind_id kind)
{
	struct shape_stored in = block_stored(b);
	struct shape_reader *r = shape_reader_new();
	const struct shape_values *v;
	struct shape_decimals d, less;
	const uint8_t *numbers;
	uint64_t *kept = mem_alloc(b->n * sizeof(*kept)), most = 0;

	assert_int_equal(shape_open(r, &in, NULL), 0);
	assert_int_equal(shape_numbers(r, &numbers, NULL), 0);
	assert_int_equal(shape_decimals(r, 0, UINT64_MAX, &d, NULL), 0);
	assert_true(kind == KIND_NUMBER || !d.number);
	for (size_t i = 0; i < b->n && d.number; i++) {
		kept[i] = d.least + d.number[i];
		most = kept[i] > most ? kept[i] : most;
	}
	if (d.number && most) {
		assert_int_equal(shape_decimals(r, 0, most, &less, NULL), 0);
		assert_non_null(less.number);
		assert_int_equal(shape_decimals(r, 0, most - 1, &less, NULL), 0);
		assert_null(less.number);
	}
	assert_int_equal(shape_column(r, 0, block_ts(b), &v, NULL), 0);
	for (size_t i = 0; i < b->n; i++) {
		struct bytes text = shape_value(v, i);
		size_t n = text.n && strspn(text.p, "-0123456789.") >= text.n ? text.n : 0;
		char number[64] = { 0 };

		if (kind == KIND_NUMBER && n && n < 64 && !memchr(text.p + 1, '-', n - 1))
			assert_non_null(d.number);
		if (!d.number)
			continue;
		assert_true(text.n < sizeof(number));
		memcpy(number, text.p, text.n);
		assert_true(strtod(number, NULL) ==
				    (d.is_negative ? -1 : 1) *
					    ((double)kept[i] / (d.places == 0	? 1
								: d.places == 2 ? 1e2
								: d.places == 3 ? 1e3
										: 1e6)) ||
			    kept[i] > (uint64_t)1 << 53 || d.places > 3);
	}
	free(kept);
	shape_reader_free(r);
}

/* n values of a field are of this kind, and come back. */
static void check_values(const char *name, enum kind_id kind, make_fn *make, size_t n)
{
	struct shape_block b = { .id = CODEC_ZSTD };
	static struct block_head head;
	struct buf v = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_reset(&v);
		make(&v, i, 1767225600000000000 + 1000000007 * (int64_t)i);
		block_addf(&b, "{\"v\":\"%s\"}", buf_str(&v));
	}
	split_and_back(&b);
	block_read_head(&b, &head);
	assert_int_equal(head.n_columns, 1);
	if (head.kind[0] != kind)
		fail_msg("%s: stored as %s, not as %s", name, kinds[head.kind[0]]->name,
			 kinds[kind]->name);
	check_words(&b, kind == KIND_SAME || kind == KIND_WORDS || kind == KIND_LISTED);
	check_decimals(&b, kind);
	buf_release(&v);
	block_release(&b);
}

struct kind_case {
	const char *name;
	enum kind_id kind;
	make_fn *make;
};

static void check_cases(const struct kind_case *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_values(v[i].name, v[i].kind, v[i].make, 300);
}

#define VALUES(name, ...)                                     \
	static void name(struct buf *b, size_t i, int64_t ts) \
	{                                                     \
		(void)i;                                      \
		(void)ts;                                     \
		buf_addf(b, __VA_ARGS__);                     \
	}

VALUES(same, "always the same")
VALUES(same_empty, "%s", "")
VALUES(few_words, "w%.*s", (int)(i % 5), "ords")
VALUES(list_256, "%0127zu", i % 2)
VALUES(list_257, "%0*zu", 127 + (int)(i % 2), i % 2)
VALUES(empty_or_not, "%s", i % 3 ? "" : "there")
VALUES(number, "%zu", i * 37)
VALUES(number_negative, "-%zu", i * 37)
VALUES(number_before, "request %zu", i * 37)
VALUES(number_behind, "%zu ms", i * 37)
VALUES(number_round, "took %zu us (all)", i * 37)
VALUES(number_places, "%zu.%02zu", i / 7, i * 37 % 100)
VALUES(number_six_places, "%zu.%06zu", i % 10, i * 3701 % 1000000)
VALUES(number_below_one, "0.%05zu", i * 37)
VALUES(number_padded, "%06zu", i * 37)
VALUES(number_padded_places, "%04zu.%03zu", i, i * 37 % 1000)
VALUES(number_18, "%zu", (size_t)900000000000000000 + i * (size_t)330000000000000)
VALUES(number_all_widths, "%llu", (unsigned long long)(mixed(i) >> (5 + i % 59)))
VALUES(number_far, "17672256000%05zu", i * 37)
VALUES(hex_lower, "%016llx%016llx", (unsigned long long)mixed(i), (unsigned long long)mixed(i + 1))
VALUES(hex_upper, "%016llX", (unsigned long long)mixed(i))
VALUES(hex_odd, "%09llx", (unsigned long long)mixed(i) >> 28)
VALUES(hex_before, "trace-%012llx", (unsigned long long)mixed(i) >> 16)
VALUES(hex_long_before, "there are more than 32 bytes in front of this id: %012llx",
       (unsigned long long)mixed(i) >> 16)
VALUES(hex_behind, "%012llx;sampled", (unsigned long long)mixed(i) >> 16)
VALUES(hex_uuid, "%08llx-%04llx-4%03llx-%04llx-%012llx", (unsigned long long)mixed(i) >> 32,
       (unsigned long long)mixed(i) & 0xffff, (unsigned long long)mixed(i + 1) & 0xfff,
       0x8000 | ((unsigned long long)mixed(i + 2) & 0x3fff), (unsigned long long)mixed(i + 3) >> 16)
VALUES(hex_70, "%016llx%016llx%016llx%016llx%06llx", (unsigned long long)mixed(i),
       (unsigned long long)mixed(i + 1), (unsigned long long)mixed(i + 2),
       (unsigned long long)mixed(i + 3), (unsigned long long)mixed(i + 4) >> 40)
VALUES(digits_19, "%019llu", (unsigned long long)mixed(i) >> 1)

static void many_words(struct buf *b, size_t i, int64_t ts)
{
	(void)ts;
	buf_add_str(b, "user-");
	put_letters(b, mixed(i / 3) % 1000000);
}

static void all_different(struct buf *b, size_t i, int64_t ts)
{
	(void)ts;
	put_letters(b, mixed(i) >> (i % 50));
}

static void columns_are_of_their_kinds(void **state)
{
	static const struct kind_case v[] = {
		{ "text", KIND_TEXT, all_different },
		{ "same", KIND_SAME, same },
		{ "the same nothing", KIND_SAME, same_empty },
		{ "few words", KIND_LISTED, few_words },
		{ "a list of 256 bytes", KIND_LISTED, list_256 },
		{ "a list of 257 bytes", KIND_WORDS, list_257 },
		{ "many words", KIND_WORDS, many_words },
		{ "empty or not", KIND_LISTED, empty_or_not },
		{ "number", KIND_NUMBER, number },
		{ "negative", KIND_NUMBER, number_negative },
		{ "text before a number", KIND_NUMBER, number_before },
		{ "text behind a number", KIND_NUMBER, number_behind },
		{ "text round a number", KIND_NUMBER, number_round },
		{ "two places", KIND_NUMBER, number_places },
		{ "six places", KIND_NUMBER, number_six_places },
		{ "below one", KIND_NUMBER, number_below_one },
		{ "padded", KIND_NUMBER, number_padded },
		{ "padded, with places", KIND_NUMBER, number_padded_places },
		{ "18 digits", KIND_NUMBER, number_18 },
		{ "1 to 18 digits", KIND_NUMBER, number_all_widths },
		{ "far from 0", KIND_NUMBER, number_far },
		{ "lower case", KIND_HEX, hex_lower },
		{ "upper case", KIND_HEX, hex_upper },
		{ "an odd number of digits", KIND_HEX, hex_odd },
		{ "text before an id", KIND_HEX, hex_before },
		{ "long text before an id", KIND_HEX, hex_long_before },
		{ "text behind an id", KIND_HEX, hex_behind },
		{ "UUIDs", KIND_HEX, hex_uuid },
		{ "70 digits", KIND_HEX, hex_70 },
		{ "19 digits are ids", KIND_HEX, digits_19 },
	};

	(void)state;
	check_cases(v, sizeof(v) / sizeof(*v));
}

VALUES(zeros_some, "%s%zu", i % 7 ? "" : "00", i * 37)
VALUES(too_many_digits, "1%0*zu", (int)(i % 20), i)
VALUES(plus, "%s%zu", i % 7 ? "" : "+", i * 37)
VALUES(plus_all, "+%zu", i * 37)
VALUES(minus_zero, "%s%zu", i % 2 ? "-" : "", i / 2)
VALUES(minus_zero_all, "-%zu", i)
VALUES(point_no_digits, "%zu.%s", i, i % 5 ? "" : "5")
VALUES(no_digits_point, "%s.5%zu", i % 5 ? "" : "1", i)
VALUES(places_vary, "%zu.%0*zu", i, (int)(1 + i % 4), i % 10)
VALUES(two_points, "%zu.%zu.%zu", i, i * 7, i * 3)
VALUES(exponent, "%zue%zu", i, i % 9)
VALUES(longer_behind, "%zu%.*s", i, (int)(i % 70),
       "a text behind that is longer than what numbers may have behind them, so")
VALUES(hex_mixed, "%.*s%010llx", (int)1, i % 2 ? "a" : "B", (unsigned long long)mixed(i) >> 24)
VALUES(hex_x, "%c%012llx", i == 150 ? 'x' : '1', (unsigned long long)mixed(i) >> 16)
VALUES(hex_0x, "0x%012llx", (unsigned long long)mixed(i) >> 16)
VALUES(hex_g, "%c%012llx", i == 299 ? 'g' : '1', (unsigned long long)mixed(i) >> 16)
/* One of 300 has something else among 34 digits, at another place each time that this is asked. */
static size_t odd_at;
static char odd;
static void hex_odd_one(struct buf *b, size_t i, int64_t ts)
{
	size_t at = b->n;

	(void)ts;
	buf_addf(b, "id=%016llx%016llx%02x;", (unsigned long long)mixed(i),
		 (unsigned long long)mixed(i + 1000), (unsigned)(mixed(i + 2000) & 0xff));
	if (i == 150)
		b->p[at + 3 + odd_at] = odd;
}

VALUES(hex_longer, "%s%012llx", i == 299 ? "1" : "", (unsigned long long)mixed(i) >> 16)
VALUES(hex_seven, "%07llx", (unsigned long long)mixed(i) >> 36)
VALUES(high_bytes, "\xc3\xa4%zu\xff%zu", i, i)

static void values_that_nearly_are_of_a_kind(void **state)
{
	static const struct kind_case v[] = {
		{ "zeros before some", KIND_TEXT, zeros_some },
		{ "up to 20 digits", KIND_TEXT, too_many_digits },
		{ "some with '+'", KIND_TEXT, plus },
		{ "all with '+'", KIND_NUMBER, plus_all },
		{ "some with '-', -0", KIND_TEXT, minus_zero },
		{ "all with '-', -0", KIND_NUMBER, minus_zero_all },
		{ "nothing behind the point", KIND_TEXT, point_no_digits },
		{ "nothing before the point", KIND_TEXT, no_digits_point },
		{ "places vary", KIND_TEXT, places_vary },
		{ "two points", KIND_TEXT, two_points },
		{ "exponents", KIND_TEXT, exponent },
		{ "text behind varies", KIND_TEXT, longer_behind },
		{ "hex of both cases", KIND_TEXT, hex_mixed },
		{ "an x among ids", KIND_TEXT, hex_x },
		{ "0x before ids", KIND_TEXT, hex_0x },
		{ "a g in the last id", KIND_TEXT, hex_g },
		{ "the last id is longer", KIND_TEXT, hex_longer },
		{ "seven digits", KIND_TEXT, hex_seven },
		{ "bytes above ASCII", KIND_TEXT, high_bytes },
	};

	(void)state;
	check_cases(v, sizeof(v) / sizeof(*v));
}

static void one_that_is_no_digit(void **state)
{
	static const char none[] = {
		'g', '`', '/', ':', '@', 'G', 'A', '\x80', '\xe1', '\x01', '['
	};

	(void)state;
	odd = '7';
	check_values("34 digits", KIND_HEX, hex_odd_one, 300);
	for (odd_at = 0; odd_at < 34; odd_at++)
		for (size_t k = 0; k < sizeof(none); k++) {
			odd = none[k];
			check_values("34 digits, one of which is none", KIND_TEXT, hex_odd_one,
				     300);
		}
}

/* One of 300 has something else in its clock, or among its digits. */
static void clock_odd_one(struct buf *b, size_t i, int64_t ts)
{
	size_t at = b->n;

	(void)ts;
	buf_addf(b, "2026-01-01T%02zu:%02zu:%02zu", i % 24, i % 60, i * 7 % 60);
	if (i == 150)
		b->p[at + 11 + odd_at] = odd;
}

static void number_odd_one(struct buf *b, size_t i, int64_t ts)
{
	size_t at = b->n;

	(void)ts;
	buf_addf(b, "%015llu.25", (unsigned long long)mixed(i) % 1000000000000000);
	if (i == 150)
		b->p[at + odd_at] = odd;
}

static void a_clock_or_number_of_which_one_is_no_digit(void **state)
{
	static const char none[] = { '/', ';', '@', 'g', '\x80', '\xb0', '\xff', '\x01', '[' };

	(void)state;
	odd = ':';
	odd_at = 2;
	check_values("a clock", KIND_TIME, clock_odd_one, 300);
	odd = '7';
	odd_at = 3;
	check_values("17 digits", KIND_NUMBER, number_odd_one, 300);
	for (size_t k = 0; k < sizeof(none); k++) {
		odd = none[k];
		for (odd_at = 0; odd_at < 8; odd_at++)
			check_values("no clock", KIND_TEXT, clock_odd_one, 300);
		for (odd_at = 0; odd_at < 18; odd_at++)
			check_values("no number", KIND_TEXT, number_odd_one, 300);
	}
}

/* Each of `length` bytes, 40 of them digits, which end `behind` bytes before the end. */
static size_t length, behind;
static void hex_in_text(struct buf *b, size_t i, int64_t ts)
{
	(void)ts;
	for (size_t k = 0; k < length - 40 - behind; k++)
		buf_add_char(b, (char)('g' + k % 16));
	buf_addf(b, "%016llx%016llx%08llx", (unsigned long long)mixed(i),
		 (unsigned long long)mixed(i + 1000),
		 (unsigned long long)mixed(i + 2000) & 0xffffffff);
	for (size_t k = 0; k < behind; k++)
		buf_add_char(b, 'z');
}

static void ids_as_long_as_may_be(void **state)
{
	(void)state;
	for (length = 253; length < 258; length++)
		for (behind = 0; behind < 200; behind += 40)
			check_values("a long id", length < 256 ? KIND_HEX : KIND_TEXT, hex_in_text,
				     300);
}

static size_t n_words;

/* Each word twice. */
static void word_twice(struct buf *b, size_t i, int64_t ts)
{
	(void)ts;
	put_letters(b, i / 2 % n_words);
}

static void words_up_to_the_most(void **state)
{
	(void)state;
	n_words = 255;
	check_values("255 words", KIND_WORDS, word_twice, 3 * n_words);
	n_words = 257;
	check_values("257 words", KIND_WORDS, word_twice, 3 * n_words);
	n_words = 65535;
	check_values("65,535 words", KIND_WORDS, word_twice, 2 * n_words);
	n_words = 65537;
	check_values("65,537 words", KIND_TEXT, word_twice, 2 * n_words);
}

/* ---- times ---- */

/* How a time is written, and which. */
static struct {
	int form; /* 0 to 2 */
	const char *sign, *behind;
	int digits;
	int64_t shift_ns; /* from the timestamp */
	int64_t step_ns;  /* on top, for each line */
} how;

static void put_time(struct buf *b, size_t i, int64_t ts_ns)
{
	__int128 at = (__int128)ts_ns + how.shift_ns + (__int128)how.step_ns * (int64_t)i;
	__int128 s = at / 1000000000 - (at % 1000000000 < 0);
	long fraction = (long)(at - s * 1000000000);
	time_t when = (time_t)s;
	struct tm tm;
	char text[64];

	gmtime_r(&when, &tm);
	if (how.form == 0)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	else if (how.form == 1)
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	else
		strftime(text, sizeof(text), "%d/%b/%Y:%H:%M:%S", &tm);
	buf_add_str(b, text);
	if (how.digits) {
		snprintf(text, sizeof(text), "%09ld", fraction);
		buf_addf(b, "%s%.*s", how.sign, how.digits, text);
	}
	buf_add_str(b, how.behind);
}

#define DAY_NS INT64_C(86400000000000)

static void check_time(const char *name, enum kind_id kind, size_t n)
{
	char text[100];

	for (how.form = 0; how.form < 3; how.form++) {
		snprintf(text, sizeof(text), "%s in form %d", name, how.form);
		check_values(text, kind, put_time, n);
	}
}

static void times_in_all_their_forms(void **state)
{
	static const int digits[] = { 0, 1, 3, 6, 9 };

	(void)state;
	memset(&how, 0, sizeof(how));
	for (size_t k = 0; k < 5; k++) {
		how.digits = digits[k];
		how.sign = ".";
		how.behind = "";
		check_time("'.'", KIND_TIME, 300);
		how.sign = ",";
		how.behind = " +0000";
		check_time("',' and a zone", KIND_TIME, 300);
		how.sign = ".";
		how.behind = "Z";
		how.shift_ns = 7 * DAY_NS / 24 - 5;
		check_time("hours ahead", KIND_TIME, 300);
		how.shift_ns = -123456789;
		check_time("a little late", KIND_TIME, 300);
		how.shift_ns = 0;
	}
}

static void times_far_away(void **state)
{
	(void)state;
	memset(&how, 0, sizeof(how));
	how.sign = ".";
	how.behind = "Z";
	for (how.digits = 0; how.digits <= 9; how.digits += 3) {
		how.shift_ns = -60 * 365 * DAY_NS;
		check_time("before 1970", KIND_TIME, 300);
		how.shift_ns = -1767225600000000000 - 150 * INT64_C(1000000007);
		check_time("round 1970", KIND_TIME, 300);
		how.shift_ns = 0;
		how.step_ns = 17 * DAY_NS / 16;
		check_time("through a leap year", KIND_TIME, 1000);
		how.step_ns = 20 * DAY_NS;
		how.shift_ns = -240 * 365 * DAY_NS;
		check_time("through centuries", KIND_TIME, 8000);
		how.step_ns = 0;
	}
}

VALUES(year_0000, "0000-01-01T00:%02zu:%02zuZ", i / 60, i % 60)
VALUES(year_9999, "9999-12-31T23:%02zu:%02zuZ", i / 60, i % 60)
VALUES(year_0001, "0001-01-01T00:%02zu:%02zu.%03zuZ", i / 60, i % 60, i)
VALUES(far_years, "%04zu-06-%02zuT01:02:03Z", i * 33, 1 + i % 30)
VALUES(february_30, "2026-02-%02zuT%02zu:%02zu:00Z", 28 + (size_t)(i > 150) + (i > 200), i % 24,
       i % 60)
VALUES(february_29, "2028-02-%02zuT%02zu:%02zu:00Z", 28 + (size_t)(i > 150), i % 24, i % 60)
VALUES(second_60, "2026-01-01T00:%02zu:%02zuZ", i / 61, i % 61)
VALUES(hour_24, "2026-01-01T%02zu:00:%02zuZ", i % 25, i / 25)
VALUES(month_0, "2026-%02zu-01T%02zu:%02zu:00Z", i % 12, i / 25, i % 60)
VALUES(month_short, "%02zu/%s/2026:01:02:%02zu", 1 + i % 28, i % 2 ? "Mar" : "mar", i % 60)
VALUES(fraction_shorter, "2026-01-01T00:%02zu:%02zu.%0*zuZ", i / 60, i % 60, (int)(1 + i % 3),
       i % 10)
VALUES(sign_changes, "2026-01-01T00:%02zu:%02zu%c5Z", i / 60, i % 60, i % 2 ? '.' : ',')
VALUES(ten_digits, "2026-01-01T00:%02zu:%02zu.123456789%zuZ", i / 60, i % 60, i % 2)
VALUES(point_and_nothing, "2026-01-01T00:%02zu:%02zu.Z", i / 60, i % 60)
VALUES(long_behind, "2026-01-01T00:%02zu:%02zu and more than sixteen", i / 60, i % 60)
VALUES(year_letter, "20a6-01-01T00:%02zu:%02zuZ", i / 60, i % 60)

static void times_at_the_edges(void **state)
{
	static const struct kind_case v[] = {
		{ "year 0000", KIND_TIME, year_0000 },
		{ "year 0001", KIND_TIME, year_0001 },
		{ "year 9999", KIND_TIME, year_9999 },
		{ "years 0 to 9867", KIND_TIME, far_years },
		{ "29th of February", KIND_TIME, february_29 },
		{ "nothing behind the point", KIND_TIME, point_and_nothing },
	}, none[] = {
		{ "30th of February", KIND_TEXT, february_30 },
		{ "second 60", KIND_TEXT, second_60 },
		{ "hour 24", KIND_TEXT, hour_24 },
		{ "month 0", KIND_TEXT, month_0 },
		{ "month in small letters", KIND_TEXT, month_short },
		{ "fractions of some lengths", KIND_TEXT, fraction_shorter },
		{ "'.' and ','", KIND_TEXT, sign_changes },
		{ "ten digits, the last not the same", KIND_TEXT, ten_digits },
		{ "long text behind", KIND_TEXT, long_behind },
		{ "a letter in the year", KIND_TEXT, year_letter },
	};

	(void)state;
	check_cases(v, sizeof(v) / sizeof(*v));
	check_cases(none, sizeof(none) / sizeof(*none));
}

/* 2^64 ns are 584 years and a half: differences wrap. */
static void times_that_look_near_when_they_wrap(void **state)
{
	struct shape_block b = { 0 };

	(void)state;
	for (int i = 0; i < 120; i++) {
		int at = 34 + i; /* from 2610-07-22T23:34:00Z */
		struct buf line = { 0 };

		buf_addf(&line, "t=2610-07-22T23:%02d:%02d.5 n=%d", 34 + at / 60, at % 60, i);
		block_add(&b, INT64_C(1767225600300000000) + (int64_t)i * 1000000000,
			  buf_bytes(&line));
		buf_release(&line);
	}
	split_and_back(&b);
	block_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_of_their_kinds),
		cmocka_unit_test(values_that_nearly_are_of_a_kind),
		cmocka_unit_test(one_that_is_no_digit),
		cmocka_unit_test(ids_as_long_as_may_be),
		cmocka_unit_test(words_up_to_the_most),
		cmocka_unit_test(a_clock_or_number_of_which_one_is_no_digit),
		cmocka_unit_test(times_in_all_their_forms),
		cmocka_unit_test(times_far_away),
		cmocka_unit_test(times_at_the_edges),
		cmocka_unit_test(times_that_look_near_when_they_wrap),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, stop);
}
