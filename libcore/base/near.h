/*
 * The ends of short things in a line: strings, numbers, words. They lie near, so all of it is
 * inline, and looks at 16 bytes at once.
 *
 * What is looked for lies in [p, end), and NEAR_PAD bytes behind end can be read too: that is what
 * the caller sees to. A result that is not below end means that nothing was found.
 */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { NEAR_PAD = 32, NEAR_START_MAX = 32 };

#ifdef __SSE2__

static inline __m128i near_load(const char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline __m128i near_is(__m128i v, char c)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

static inline unsigned near_bits(__m128i v)
{
	return (unsigned)_mm_movemask_epi8(v);
}

/* a or b. */
static inline const char *near_either(const char *p, const char *end, char a, char b)
{
	for (; p < end; p += 16) {
		__m128i v = near_load(p);
		unsigned hits = near_bits(_mm_or_si128(near_is(v, a), near_is(v, b)));

		if (hits)
			return p + __builtin_ctz(hits);
	}
	return end;
}

static inline const char *near_any(const char *p, const char *end, char a, char b, char c)
{
	for (; p < end; p += 16) {
		__m128i v = near_load(p), ab = _mm_or_si128(near_is(v, a), near_is(v, b));
		unsigned hits = near_bits(_mm_or_si128(ab, near_is(v, c)));

		if (hits)
			return p + __builtin_ctz(hits);
	}
	return end;
}

/* The first place where all n bytes of text stand, at least 1. */
static inline const char *near_text(const char *p, const char *end, const char *text, size_t n)
{
	const size_t next = n > 1;
	const __m128i first = _mm_set1_epi8(text[0]), second = _mm_set1_epi8(text[next]);

	for (; p < end; p += 16) {
		__m128i a = _mm_cmpeq_epi8(near_load(p), first);
		unsigned hits =
			near_bits(_mm_and_si128(a, _mm_cmpeq_epi8(near_load(p + next), second)));

		for (; hits; hits &= hits - 1) {
			const char *at = p + __builtin_ctz(hits);

			if (at >= end || (size_t)(end - at) < n)
				return end;
			if (n <= 2 || memcmp(at + 2, text + 2, n - 2) == 0)
				return at;
		}
	}
	return end;
}

/* A control byte or blank, a or b. */
static inline const char *near_blank_or(const char *p, const char *end, char a, char b)
{
	const __m128i blank = _mm_set1_epi8(' ');

	for (; p < end; p += 16) {
		__m128i v = near_load(p), ab = _mm_or_si128(near_is(v, a), near_is(v, b));
		__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, blank), v);
		unsigned hits = near_bits(_mm_or_si128(ab, low));

		if (hits)
			return p + __builtin_ctz(hits);
	}
	return end;
}

/* What can end a number or a word of JSON: a control byte or blank, ',', ']' or '}'. */
static inline const char *near_token_end(const char *p, const char *end)
{
	const __m128i blank = _mm_set1_epi8(' ');

	for (; p < end; p += 16) {
		__m128i v = near_load(p), low = _mm_cmpeq_epi8(_mm_min_epu8(v, blank), v);
		__m128i brace = near_is(_mm_or_si128(v, blank), '}'); /* both, by 0x20 */
		unsigned hits = near_bits(_mm_or_si128(_mm_or_si128(low, near_is(v, ',')), brace));

		if (hits)
			return p + __builtin_ctz(hits);
	}
	return end;
}

/* Whether the n bytes at p, at most NEAR_START_MAX, are those at start, which is as long an array.
 */
static inline bool near_starts(const char *p, const char start[NEAR_START_MAX], uint32_t n)
{
	uint32_t same = near_bits(_mm_cmpeq_epi8(near_load(p), near_load(start)));

	same |= near_bits(_mm_cmpeq_epi8(near_load(p + 16), near_load(start + 16))) << 16;
	return ((uint64_t)~same & ((UINT64_C(1) << n) - 1)) == 0;
}

/* The n bytes at p, at most 16, and zeros behind them, as two numbers. */
static inline void near_halves(const char *p, uint32_t n, uint64_t *ret_low, uint64_t *ret_high)
{
	static const unsigned char kept[32] = { 255, 255, 255, 255, 255, 255, 255, 255,
						255, 255, 255, 255, 255, 255, 255, 255 };
	__m128i v = _mm_and_si128(near_load(p), near_load((const char *)kept + 16 - n));

	*ret_low = (uint64_t)_mm_cvtsi128_si64(v);
	*ret_high = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(v, v));
}

/* Sets bits of the n bytes at `differs` where a and b differ. NEAR_PAD bytes behind all three can
 * be written or read. */
static inline void near_differ(uint8_t *differs, const char *a, const char *b, size_t n)
{
	for (size_t k = 0; k < n; k += 16) {
		__m128i *to = (__m128i *)(void *)(differs + k);
		__m128i now = _mm_xor_si128(near_load(a + k), near_load(b + k));

		_mm_storeu_si128(to, _mm_or_si128(_mm_loadu_si128(to), now));
	}
}

/* Whether a byte of the n at p is not ASCII. */
static inline bool near_high(const char *p, size_t n)
{
	const char *end = p + n;

	for (; p < end; p += 16) {
		unsigned high = near_bits(near_load(p));

		if (high)
			return p + __builtin_ctz(high) < end;
	}
	return false;
}

#else

static inline const char *near_text(const char *p, const char *end, const char *text, size_t n)
{
	const char *at = memmem(p, (size_t)(end - p), text, n);

	return at ? at : end;
}

static inline const char *near_either(const char *p, const char *end, char a, char b)
{
	while (p < end && *p != a && *p != b)
		p++;
	return p;
}

static inline const char *near_any(const char *p, const char *end, char a, char b, char c)
{
	while (p < end && *p != a && *p != b && *p != c)
		p++;
	return p;
}

static inline const char *near_blank_or(const char *p, const char *end, char a, char b)
{
	while (p < end && (unsigned char)*p > ' ' && *p != a && *p != b)
		p++;
	return p;
}

static inline const char *near_token_end(const char *p, const char *end)
{
	while (p < end && (unsigned char)*p > ' ' && *p != ',' && *p != ']' && *p != '}')
		p++;
	return p;
}

static inline bool near_starts(const char *p, const char start[NEAR_START_MAX], uint32_t n)
{
	return memcmp(p, start, n) == 0;
}

static inline void near_halves(const char *p, uint32_t n, uint64_t *ret_low, uint64_t *ret_high)
{
	uint64_t half[2] = { 0 };

	memcpy(half, p, n);
	*ret_low = half[0];
	*ret_high = half[1];
}

static inline void near_differ(uint8_t *differs, const char *a, const char *b, size_t n)
{
	for (size_t k = 0; k < n; k++)
		differs[k] |= (uint8_t)(a[k] ^ b[k]);
}

static inline bool near_high(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] >= 0x80)
			return true;
	return false;
}

#endif

/* Whether n bytes are the same; NEAR_PAD bytes behind both can be read. */
static inline bool near_same(const char *a, const char *b, size_t n)
{
	return n <= NEAR_START_MAX ? near_starts(a, b, (uint32_t)n) : memcmp(a, b, n) == 0;
}

#endif
