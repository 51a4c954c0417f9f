/*
 * Two ways: the SSE4.2 instruction where the processor has it, a table of 256 words else.
 * One crc32q chain has a latency of 3 cycles for 8 bytes; three chains at once fill the unit,
 * and their ends are joined by shifting a chain over the bytes of the next (table SHIFT,
 * made at first use for the fixed lane length).
 */
#include "base/crc32c.h"

#include <pthread.h>
#include <string.h>

enum { LANE = 1024 }; /* bytes of one of three chains */

static const uint32_t POLY = 0x82f63b78;

static uint32_t byte_table[256];
static uint32_t shift_table[4][256]; /* a CRC moved over LANE zero bytes, by its byte */
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static uint32_t by_table(uint32_t crc, const unsigned char *p, size_t n)
{
	for (; n > 0; p++, n--)
		crc = byte_table[(crc ^ *p) & 0xff] ^ crc >> 8;
	return crc;
}

/* The product of two polynomials modulo POLY. The highest bit of a word is the power 0. */
static uint32_t times(uint32_t a, uint32_t b)
{
	uint32_t ret = 0;

	for (; a; a <<= 1) {
		if (a >> 31)
			ret ^= b;
		b = b & 1 ? b >> 1 ^ POLY : b >> 1;
	}
	return ret;
}

static void make_tables(void)
{
	uint32_t lane = UINT32_C(1) << 30; /* x */

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ POLY : c >> 1;
		byte_table[i] = c;
	}
	/* x^(8 LANE), by squaring x: LANE is a power of 2. */
	for (size_t bits = 1; bits < 8 * (size_t)LANE; bits *= 2)
		lane = times(lane, lane);
	/* Shifting is linear: 32 single bits are moved, and the rest are sums of them. Every start
	 * of a program pays for this. */
	for (int j = 0; j < 4; j++)
		for (uint32_t i = 1; i < 256; i++)
			shift_table[j][i] =
				i & (i - 1) ? shift_table[j][i & (i - 1)] ^ shift_table[j][i & -i]
					    : times(i << (8 * j), lane);
}

#ifdef __x86_64__
#include <nmmintrin.h>

static uint64_t load(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

static uint32_t shift(uint32_t c)
{
	return shift_table[0][c & 0xff] ^ shift_table[1][c >> 8 & 0xff] ^
	       shift_table[2][c >> 16 & 0xff] ^ shift_table[3][c >> 24];
}

__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc,
								 const unsigned char *p, size_t n)
{
	uint64_t c = crc;

	for (; n >= 3 * (size_t)LANE; p += 3 * LANE, n -= 3 * (size_t)LANE) {
		uint64_t c1 = 0, c2 = 0;

		for (size_t i = 0; i < LANE; i += 8) {
			c = _mm_crc32_u64(c, load(p + i));
			c1 = _mm_crc32_u64(c1, load(p + LANE + i));
			c2 = _mm_crc32_u64(c2, load(p + 2 * LANE + i));
		}
		c = shift(shift((uint32_t)c) ^ (uint32_t)c1) ^ (uint32_t)c2;
	}
	for (; n >= 8; p += 8, n -= 8)
		c = _mm_crc32_u64(c, load(p));
	for (; n > 0; p++, n--)
		c = _mm_crc32_u8((uint32_t)c, *p);
	return (uint32_t)c;
}

static bool has_instruction(void)
{
	return __builtin_cpu_supports("sse4.2");
}
#else
static uint32_t by_instruction(uint32_t crc, const unsigned char *p, size_t n)
{
	return by_table(crc, p, n);
}

static bool has_instruction(void)
{
	return false;
}
#endif

uint32_t crc32c_add(uint32_t crc, const void *p, size_t n)
{
	pthread_once(&tables_once, make_tables);
	return has_instruction() ? ~by_instruction(~crc, p, n) : ~by_table(~crc, p, n);
}

/* A flipped bit is a 1 that was shifted through all that follow; it is shifted back. */
bool crc32c_is_one_bit(uint32_t diff, size_t n)
{
	for (size_t i = 0; i < 8 * n; i++) {
		diff = diff >> 31 ? (diff ^ POLY) << 1 | 1 : diff << 1;
		if (diff == 1)
			return true;
	}
	return false;
}

void crc32c_diff_add(uint32_t *diff, size_t n)
{
	pthread_once(&tables_once, make_tables);
	for (size_t i = 0; i < n; i++)
		diff[i] = byte_table[diff[i] & 0xff] ^ diff[i] >> 8;
}
