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

static void add_escaped_byte(struct buf *out, unsigned char c)
{
	switch (c) {
	case '"':
		buf_add_str(out, "\\\"");
		break;
	case '\\':
		buf_add_str(out, "\\\\");
		break;
	case '\n':
		buf_add_str(out, "\\n");
		break;
	case '\r':
		buf_add_str(out, "\\r");
		break;
	case '\t':
		buf_add_str(out, "\\t");
		break;
	default:
		buf_addf(out, "\\u%04x", c);
	}
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Whether all eight bytes are plain; false may be wrong. */
static bool are_plain(const char *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	uint64_t v, quote, escape;

	memcpy(&v, p, 8);
	quote = v ^ ones * '"';
	escape = v ^ ones * '\\';
	return ((v | (v - ones * 0x20) | (quote - ones) | (escape - ones)) & high) == 0;
}

/* How many bytes from i on are written as they are. */
static size_t plain_bytes(struct bytes text, size_t i)
{
	size_t start = i;

#ifdef __SSE2__
	const __m128i low = _mm_set1_epi8(0x20), quote = _mm_set1_epi8('"'),
		      escape = _mm_set1_epi8('\\');

	for (; text.n - i >= 16; i += 16) {
		__m128i v = _mm_loadu_si128((const void *)(text.p + i));
		/* Of signed bytes those from 0x80 on are below too. */
		__m128i bad = _mm_or_si128(
			_mm_cmplt_epi8(v, low),
			_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, escape)));
		int hits = _mm_movemask_epi8(bad);

		if (hits)
			return i - start + (size_t)__builtin_ctz((unsigned)hits);
	}
#endif
	while (text.n - i >= 8 && are_plain(text.p + i))
		i += 8;
	while (i < text.n && is_plain((unsigned char)text.p[i]))
		i++;
	return i - start;
}

void json_add_quoted(struct buf *out, struct bytes text)
{
	size_t start = 0, i = 0;

	buf_reserve(out, text.n + 2);
	buf_add_char(out, '"');
	while ((i += plain_bytes(text, i)) < text.n) {
		unsigned char c = (unsigned char)text.p[i];
		size_t n = c < 0x80 ? 1 : utf8_len(bytes_sub(text, i, text.n));

		if (n > 1) {
			i += n;
			continue;
		}
		buf_add(out, text.p + start, i - start);
		if (n == 0)
			utf8_add(out, UTF8_REPLACEMENT);
		else
			add_escaped_byte(out, c);
		start = ++i;
	}
	buf_add_bytes(out, bytes_sub(text, start, i - start));
	buf_add_char(out, '"');
}
