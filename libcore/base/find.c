#include "base/find.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static bool is_one_of(const char *set, unsigned char c)
{
	return c && strchr(set, c);
}

/* How common a byte is in logs, roughly: the higher, the more often. Letters by English, and
 * digits, blanks and the punctuation of JSON and paths, which logs are full of. */
static unsigned commonness(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return 60;
	if (c >= 'a' && c <= 'z')
		return is_one_of("etaoinsrhldcu", c) ? 200 : is_one_of("jqxzkvw", c) ? 90 : 150;
	if (c >= '0' && c <= '9')
		return c < '3' ? 230 : 180;
	if (c == ' ' || c == '"')
		return 255;
	return is_one_of(",:.-/=_", c) ? 220 : c == '\n' ? 140 : 40;
}

static void choose_ends(struct find *f)
{
	const unsigned char *p = (const unsigned char *)f->needle.p;
	size_t n = f->needle.n;

	f->a = 0;
	f->b = n ? n - 1 : 0;
	for (size_t i = 0; i < n && i < 255; i++)
		if (commonness(p[i]) < commonness(p[f->a]))
			f->a = i;
	if (f->b == f->a && n > 1)
		f->b = 0;
	for (size_t i = 0; i < n && i < 255; i++)
		if (i != f->a && commonness(p[i]) < commonness(p[f->b]))
			f->b = i;
}

void find_init(struct find *f, struct bytes needle)
{
	*f = (struct find){ .needle = needle };
	choose_ends(f);
}

void find_init_fold(struct find *f, struct bytes needle)
{
	find_init(f, needle);
	f->fold = true;
}

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

/* Most places where two bytes fit are told by the first four, without a call. */
static inline bool matches(const struct find *f, const char *p)
{
	size_t n = f->needle.n;
	uint32_t x, y;

	if (!f->fold) {
		if (n < sizeof(x))
			return memcmp(p, f->needle.p, n) == 0;
		memcpy(&x, p, sizeof(x));
		memcpy(&y, f->needle.p, sizeof(y));
		return x == y && memcmp(p, f->needle.p, n) == 0;
	}
	for (size_t i = 0; i < f->needle.n; i++)
		if (lower((unsigned char)p[i]) != (unsigned char)f->needle.p[i])
			return false;
	return true;
}

static int64_t next_portable(const struct find *f, struct bytes hay, size_t from)
{
	size_t last = hay.n - f->needle.n;
	unsigned char c = (unsigned char)f->needle.p[f->a];
	bool letter = f->fold && c >= 'a' && c <= 'z';

	for (size_t i = from; i <= last; i++) {
		if (!letter) {
			const char *p = memchr(hay.p + i + f->a, c, last - i + 1);

			if (!p)
				return FIND_NONE;
			i = (size_t)(p - hay.p) - f->a;
		} else if (lower((unsigned char)hay.p[i + f->a]) != c) {
			continue;
		}
		if (matches(f, hay.p + i))
			return (int64_t)i;
	}
	return FIND_NONE;
}

static size_t count_portable(struct bytes text, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == c;
	return n;
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) static inline __m256i load(const char *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

__attribute__((target("avx2"))) static inline __m256i splat(char c)
{
	return _mm256_set1_epi8(c);
}

/* What a vector of places is compared with: the needle's two rarest bytes. */
struct pair {
	const char *a, *b; /* where they would stand at place 0 */
	__m256i va, vb, fa, fb;
};

__attribute__((target("avx2"))) static inline struct pair make_pair(const struct find *f,
								    struct bytes hay)
{
	const char ca = f->needle.p[f->a], cb = f->needle.p[f->b];
	/* With 0x20 set, upper and lower case of a letter are equal (so are a few other pairs,
	 * which the confirmation sorts out); a byte that is no letter is compared as it is. */
	const char ma = f->fold && ca >= 'a' && ca <= 'z' ? 0x20 : 0;
	const char mb = f->fold && cb >= 'a' && cb <= 'z' ? 0x20 : 0;

	return (struct pair){
		hay.p + f->a, hay.p + f->b, splat(ca), splat(cb), splat(ma), splat(mb)
	};
}

/* At which of the 32 places from i on both may stand. */
__attribute__((target("avx2"))) static inline __m256i both_at(const struct pair *p, size_t i)
{
	__m256i a = _mm256_cmpeq_epi8(p->va, _mm256_or_si256(load(p->a + i), p->fa));
	__m256i b = _mm256_cmpeq_epi8(p->vb, _mm256_or_si256(load(p->b + i), p->fb));

	return _mm256_and_si256(a, b);
}

__attribute__((target("avx2"))) static inline uint32_t bits(__m256i v)
{
	return (uint32_t)_mm256_movemask_epi8(v);
}

/* The first of the places i + (bits set in hits) at which the needle stands. */
static inline int64_t confirm(const struct find *f, struct bytes hay, size_t i, uint64_t hits)
{
	for (; hits; hits &= hits - 1) {
		size_t at = i + (size_t)__builtin_ctzll(hits);

		if (matches(f, hay.p + at))
			return (int64_t)at;
	}
	return FIND_NONE;
}

__attribute__((target("avx2"))) static int64_t next_avx2(const struct find *f, struct bytes hay,
							 size_t from)
{
	const size_t last = hay.n - f->needle.n;
	const struct pair pair = make_pair(f, hay);
	size_t i = from;
	int64_t at;

	/* Two vectors a turn: every load ends inside hay, since i + 63 <= last. */
	for (; i + 63 <= last; i += 64) {
		__m256i x = both_at(&pair, i), y = both_at(&pair, i + 32);

		if (_mm256_testz_si256(_mm256_or_si256(x, y), _mm256_or_si256(x, y)))
			continue;
		at = confirm(f, hay, i, bits(x) | (uint64_t)bits(y) << 32);
		if (at != FIND_NONE)
			return at;
	}
	/* A line is often no longer than what is left here: the last vector ends with the hay, and
	 * the places before i are masked out of it. */
	while (i <= last && last >= 31) {
		size_t begin = i + 31 <= last ? i : last - 31;

		at = confirm(f, hay, begin,
			     bits(both_at(&pair, begin)) & UINT32_MAX << (i - begin));
		if (at != FIND_NONE)
			return at;
		i = begin + 32;
	}
	return i <= last ? next_portable(f, hay, i) : FIND_NONE;
}

__attribute__((target("avx2"))) static size_t count_avx2(struct bytes text, char c)
{
	const __m256i v = splat(c);
	size_t i = 0, n = 0;

	for (; i + 32 <= text.n; i += 32) {
		__m256i eq = _mm256_cmpeq_epi8(v, load(text.p + i));

		n += (size_t)__builtin_popcount((unsigned)_mm256_movemask_epi8(eq));
	}
	return n + count_portable(bytes_sub(text, i, text.n), c);
}

static bool have_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}
#endif

int64_t find_next(const struct find *f, struct bytes hay, size_t from)
{
	if (hay.n < f->needle.n || from > hay.n - f->needle.n)
		return FIND_NONE;
	if (f->needle.n == 0)
		return (int64_t)from;
#if defined(__x86_64__)
	if (have_avx2())
		return next_avx2(f, hay, from);
#endif
	return next_portable(f, hay, from);
}

size_t find_count_byte(struct bytes text, char c)
{
#if defined(__x86_64__)
	if (have_avx2())
		return count_avx2(text, c);
#endif
	return count_portable(text, c);
}
