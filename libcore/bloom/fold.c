#include "bloom/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { PAD_BEFORE = 8, PAD_BEHIND = 64 };

void folded_release(struct folded *f)
{
	buf_release(&f->padded);
	free(f->classes);
	*f = (struct folded){ 0 };
}

const char *folded_text(const struct folded *f)
{
	return f->padded.p + PAD_BEFORE;
}

/* ---- classes of bytes ---- */

#ifdef __SSE2__
/* Bytes from first to last: all ones. */
static inline __m128i between(__m128i v, char first, char last)
{
	const __m128i lowest = _mm_set1_epi8((char)(first - 128));
	const __m128i behind = _mm_set1_epi8((char)(last - first + 1 - 128));

	return _mm_cmplt_epi8(_mm_sub_epi8(v, lowest), behind);
}

static inline uint64_t bits(__m128i v, int at)
{
	return (uint64_t)(unsigned)_mm_movemask_epi8(v) << at;
}

/* 16 of the 64 bytes. */
static inline uint64_t fold_16(const char *from, char *to, int at, struct fold_classes *c)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(from + at));
	uint64_t wide = bits(v, at);
	__m128i hex;

	v = _mm_or_si128(v, _mm_and_si128(between(v, 'A', 'Z'), _mm_set1_epi8(0x20)));
	_mm_storeu_si128((__m128i *)(void *)(to + at), v);
	hex = _mm_or_si128(between(v, '0', '9'), between(v, 'a', 'f'));
	c->letter |= bits(_mm_or_si128(v, between(v, 'g', 'z')), at);
	c->hex |= bits(_mm_or_si128(hex, _mm_cmpeq_epi8(v, _mm_set1_epi8('-'))), at);
	c->newline |= bits(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')), at);
	return wide;
}

/* Copies 64 bytes, A to Z in lower case; *c: their classes. Returns whether one is not ASCII. */
static bool fold_64(const char *from, char *to, struct fold_classes *c)
{
	*c = (struct fold_classes){ 0 };
	return (fold_16(from, to, 0, c) | fold_16(from, to, 16, c) | fold_16(from, to, 32, c) |
		fold_16(from, to, 48, c)) != 0;
}
#else
static bool fold_64(const char *from, char *to, struct fold_classes *c)
{
	unsigned char wide = 0;

	*c = (struct fold_classes){ 0 };
	for (int i = 0; i < 64; i++) {
		unsigned char b = (unsigned char)from[i];

		wide |= b;
		b |= (unsigned char)(((unsigned char)(b - 'A') < 26) << 5);
		to[i] = (char)b;
		c->letter |= (uint64_t)(b >= 0x80 || (b >= 'g' && b <= 'z')) << i;
		c->hex |= (uint64_t)((b >= '0' && b <= '9') || (b >= 'a' && b <= 'f') || b == '-')
			  << i;
		c->newline |= (uint64_t)(b == '\n') << i;
	}
	return wide & 0x80;
}
#endif

bool fold(struct folded *f, struct bytes text)
{
	size_t whole = text.n / 64 * 64, left = text.n - whole;
	bool wide = false;
	char *p;

	buf_reset(&f->padded);
	p = buf_reserve(&f->padded, PAD_BEFORE + text.n + PAD_BEHIND);
	memset(p, '\n', PAD_BEFORE);
	p += PAD_BEFORE;
	mem_grow(&f->classes, &f->cap_classes, whole / 64 + 1, sizeof(*f->classes));
	f->n = text.n;
	for (size_t i = 0; i < whole; i += 64)
		wide |= fold_64(text.p + i, p + i, &f->classes[i / 64]);
	if (left)
		memcpy(p + whole, text.p + whole, left);
	memset(p + text.n, '\n', PAD_BEHIND);
	wide |= fold_64(p + whole, p + whole, &f->classes[whole / 64]);
	return !wide;
}

/* ---- letters of ASCII beyond it ---- */

/* What a search that ignores the case takes for a letter of ASCII: U+0130, U+0131, U+017F, U+212A.
 */
static const struct twin {
	char text[4];
	uint8_t n;
	char letter;
} twin[] = {
	{ "\xc4\xb0", 2, 'i' },
	{ "\xc4\xb1", 2, 'i' },
	{ "\xc5\xbf", 2, 's' },
	{ "\xe2\x84\xaa", 3, 'k' },
};

static const struct twin *find_twin(const char *p, const char *end)
{
	for (size_t i = 0; i < sizeof(twin) / sizeof(twin[0]); i++)
		if ((size_t)(end - p) >= twin[i].n && memcmp(p, twin[i].text, twin[i].n) == 0)
			return &twin[i];
	return NULL;
}

bool fold_twins(struct bytes text, struct buf *ret)
{
	const char *p = text.p, *end = p + text.n, *from = p;

	buf_reset(ret);
	for (; p < end; p++) {
		const struct twin *t = *p & 0x80 ? find_twin(p, end) : NULL;

		if (!t)
			continue;
		buf_add(ret, from, (size_t)(p - from));
		buf_add_char(ret, t->letter);
		from = p + t->n;
		p = from - 1;
	}
	if (!ret->n)
		return false;
	buf_add(ret, from, (size_t)(end - from));
	return true;
}
