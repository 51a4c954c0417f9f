#include "base/utf8.h"
#include "json/json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static int hex4(const char *p)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int d = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* As utf8_add, to memory that has room for it. */
static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));
	return to;
}

/* \uXXXX at p (behind "\u"), with the second half of a pair if there is one; moves *p and *to
 * behind. */
static bool unescape_unicode(const char **p, const char *end, char **to)
{
	int c, low;

	if (end - *p < 4 || (c = hex4(*p)) < 0)
		return false;
	*p += 4;
	if (c >= 0xd800 && c < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
		low = hex4(*p + 2);
		if (low >= 0xdc00 && low < 0xe000) {
			*to = put_utf8(*to,
				       (uint32_t)(0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00)));
			*p += 6;
			return true;
		}
	}
	*to = put_utf8(*to, c >= 0xd800 && c < 0xe000 ? UTF8_REPLACEMENT : (uint32_t)c);
	return true;
}

/* What stands for the byte behind a backslash; 0: it is none of those. */
static const char escapes[256] = {
	['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
	['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
};

/* Copies up to the first backslash or to end; returns where in p that is, and moves *to. Many lines
 * have an escape every few bytes (JSON in JSON), so short runs are to be cheap too. */
static const char *copy_plain(const char *p, const char *end, char **to)
{
	char *out = *to;

#ifdef __SSE2__
	const __m128i escape = _mm_set1_epi8('\\');

	for (; end - p >= 16; p += 16, out += 16) {
		__m128i v = _mm_loadu_si128((const void *)p);
		int hits = _mm_movemask_epi8(_mm_cmpeq_epi8(v, escape));

		_mm_storeu_si128((void *)out, v); /* what is too much is overwritten */
		if (hits) {
			int n = __builtin_ctz((unsigned)hits);

			*to = out + n;
			return p + n;
		}
	}
#endif
	while (p < end && *p != '\\')
		*out++ = *p++;
	*to = out;
	return p;
}

bool json_unescape_to(struct bytes raw, char *ret, size_t *ret_n)
{
	const char *p = raw.p, *end = raw.n ? raw.p + raw.n : raw.p;
	char *to = ret, c;

	while ((p = copy_plain(p, end, &to)) < end) {
		if (end - p < 2)
			return false;
		c = escapes[(unsigned char)p[1]];
		p += 2;
		if (c)
			*to++ = c;
		else if (p[-1] != 'u' || !unescape_unicode(&p, end, &to))
			return false;
	}
	*ret_n = (size_t)(to - ret);
	return true;
}

bool json_unescape(struct bytes raw, struct buf *out)
{
	size_t n;

	if (!json_unescape_to(raw, buf_reserve(out, raw.n), &n))
		return false;
	out->n += n;
	return true;
}

static char *put_escaped(char *to, unsigned char c)
{
	static const char digit[] = "0123456789abcdef";
	static const char letter[256] = {
		['"'] = '"', ['\\'] = '\\', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'
	};

	*to++ = '\\';
	if (letter[c]) {
		*to++ = letter[c];
		return to;
	}
	memcpy(to, "u00", 3);
	to[3] = digit[c >> 4];
	to[4] = digit[c & 15];
	return to + 5;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Whether all eight bytes are plain; false may be wrong. */
static bool are_plain(uint64_t v)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	uint64_t quote = v ^ ones * '"', escape = v ^ ones * '\\';

	return ((v | (v - ones * 0x20) | (quote - ones) | (escape - ones)) & high) == 0;
}

#ifdef __SSE2__

/* Which of 16 bytes are not written as they are. */
static unsigned odd_bytes(__m128i v)
{
	/* Of signed bytes those from 0x80 on are below the blank too. */
	__m128i odd = _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(0x20)),
				   _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
						_mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));

	return (unsigned)_mm_movemask_epi8(odd);
}

#endif

/* Copies n bytes, and says whether all are plain, if they are a few: as two words, which may
 * overlap. False may be wrong. */
static inline bool copy_short(char *to, const char *p, size_t n)
{
	uint64_t a, b;
	uint32_t c, d;

#ifdef __SSE2__
	if (n > 16 && n <= 32) {
		__m128i v = _mm_loadu_si128((const void *)p),
			w = _mm_loadu_si128((const void *)(p + n - 16));

		_mm_storeu_si128((void *)to, v);
		_mm_storeu_si128((void *)(to + n - 16), w);
		return (odd_bytes(v) | odd_bytes(w)) == 0;
	}
#endif
	if (n > 16)
		return false;
	if (n >= 8) {
		memcpy(&a, p, 8);
		memcpy(&b, p + n - 8, 8);
		memcpy(to, &a, 8);
		memcpy(to + n - 8, &b, 8);
		return are_plain(a) && are_plain(b);
	}
	if (n >= 4) {
		memcpy(&c, p, 4);
		memcpy(&d, p + n - 4, 4);
		memcpy(to, &c, 4);
		memcpy(to + n - 4, &d, 4);
		return are_plain((uint64_t)c << 32 | d);
	}
	for (size_t i = 0; i < n; i++) {
		to[i] = p[i];
		if (!is_plain((unsigned char)p[i]))
			return false;
	}
	return true;
}

/* Copies what is written as it is, up to end; to has 16 bytes more room than that. Returns how many
 * bytes. */
static size_t copy_as_is(char *to, const char *p, const char *end)
{
	const char *start = p;

#ifdef __SSE2__
	for (; end - p >= 16; p += 16, to += 16) {
		__m128i v = _mm_loadu_si128((const void *)p);
		unsigned odd = odd_bytes(v);

		_mm_storeu_si128((void *)to, v); /* what is too much is overwritten */
		if (odd)
			return (size_t)(p - start) + (size_t)__builtin_ctz(odd);
	}
#endif
	if (copy_short(to, p, (size_t)(end - p)))
		return (size_t)(end - start);
	while (p < end && is_plain((unsigned char)*p))
		*to++ = *p++;
	return (size_t)(p - start);
}

/* As much of text is written at once, so that there is room for all of it as escapes. */
enum { PIECE = 4096, ESCAPE_MAX = 6 };

static void add_long(struct buf *out, struct bytes text)
{
	size_t i = 0;

	while (i < text.n) {
		size_t end = text.n - i < PIECE ? text.n : i + PIECE;
		/* A character may end behind the piece. */
		char *to = buf_reserve(out, ESCAPE_MAX * (end - i + 1) + 16), *start = to;

		while (i < end) {
			size_t n = copy_as_is(to, text.p + i, text.p + end);
			unsigned char c;

			to += n;
			i += n;
			if (i == end)
				break;
			c = (unsigned char)text.p[i];
			n = c < 0x80 ? 0 : utf8_len(bytes_sub(text, i, text.n));
			if (n) {
				memcpy(to, text.p + i, n);
				to += n;
				i += n;
				continue;
			}
			to = c < 0x80 ? put_escaped(to, c) : put_utf8(to, UTF8_REPLACEMENT);
			i++;
		}
		out->n += (size_t)(to - start);
	}
}

void json_add_quoted(struct buf *out, struct bytes text)
{
	char *to = out->p + out->n;

	if (out->cap - out->n < text.n + 2)
		to = buf_reserve(out, text.n + 2);
	*to = '"';
	out->n++;
	if (text.n == 0 || copy_short(to + 1, text.p, text.n))
		out->n += text.n;
	else
		add_long(out, text);
	buf_add_char(out, '"');
}
