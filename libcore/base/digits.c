/*
 * The fewest digits that read back as a double. Most numbers of answers are neither very large nor
 * very small: with f * 2^-s = v, f * 10^k fits into 128 bits for as many places as matter, and
 * whole numbers tell which decimal is nearest and whether it reads back. Others are printed and
 * read, once for each length.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"

__extension__ typedef unsigned __int128 wide;

enum { MANTISSA_BITS = 53 };
static const double LEAST = 1e-5, MOST = 1e15; /* of those that fit */

/* Without zeros at the end. Returns how many; *ret_all is how many there were. */
static int add_digits(uint64_t v, char ret[NUM_DIGITS_MAX], int *ret_all)
{
	char text[24];
	int n = 0, kept;

	do
		text[n++] = (char)('0' + v % 10);
	while (v /= 10);
	*ret_all = n;
	for (kept = 0; n > 0 && kept < NUM_DIGITS_MAX; n--)
		ret[kept++] = text[n - 1];
	while (kept > 1 && ret[kept - 1] == '0')
		kept--;
	return kept;
}

static int n_digits(uint64_t v)
{
	int n = 1;

	while (v /= 10)
		n++;
	return n;
}

/* f * 2^-s, above LEAST and below MOST, no whole number, f with all its bits: from the first place
 * behind the point at which a digit stands, one more place each turn. */
static int by_places(uint64_t f, int s, char ret[NUM_DIGITS_MAX], int *ret_exponent)
{
	wide power = 10, scaled = (wide)f * 10, half = (wide)1 << (s - 1);
	int places = 1, n, all;

	for (; scaled >> s == 0; places++) {
		scaled *= 10;
		power *= 10;
	}
	n = n_digits((uint64_t)(scaled >> s));
	for (;; n++, places++) {
		uint64_t q = (uint64_t)(scaled >> s);
		wide rest = scaled - ((wide)q << s), off;

		q += rest > half || (rest == half && q % 2 == 1);
		off = (wide)q << s > scaled ? ((wide)q << s) - scaled : scaled - ((wide)q << s);
		/* 17 significant digits always read back */
		if (n == NUM_DIGITS_MAX || 2 * off < power || (2 * off == power && f % 2 == 0)) {
			n = add_digits(q, ret, &all);
			*ret_exponent = all - 1 - places;
			return n;
		}
		scaled *= 10;
		power *= 10;
	}
}

static int by_printing(double v, char ret[NUM_DIGITS_MAX], int *ret_exponent)
{
	char text[40];
	int precision = 0, n = 0;

	do /* as above */
		snprintf(text, sizeof(text), "%.*e", precision, v);
	while (strtod(text, NULL) != v && ++precision < NUM_DIGITS_MAX);
	for (const char *p = text; *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			ret[n++] = *p;
	*ret_exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
	while (n > 1 && ret[n - 1] == '0')
		n--;
	return n;
}

int num_digits(double v, char ret[NUM_DIGITS_MAX], int *ret_exponent)
{
	int exponent, n, all;
	uint64_t f;

	if (!(v >= LEAST && v < MOST))
		return by_printing(v, ret, ret_exponent);
	if (v == (double)(uint64_t)v) {
		n = add_digits((uint64_t)v, ret, &all);
		*ret_exponent = all - 1;
		return n;
	}
	f = (uint64_t)ldexp(frexp(v, &exponent), MANTISSA_BITS);
	/* The number below a power of two is nearer to it than the one above. */
	if (f == UINT64_C(1) << (MANTISSA_BITS - 1))
		return by_printing(v, ret, ret_exponent);
	return by_places(f, MANTISSA_BITS - exponent, ret, ret_exponent);
}
