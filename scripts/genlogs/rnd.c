/* Random numbers and the shapes that logs have. Integers only: see gen.h. */
#include "gen.h"

uint64_t hash64(uint64_t v)
{
	v ^= v >> 32;
	v *= 0xd6e8feb86659fd93ULL;
	v ^= v >> 32;
	v *= 0xd6e8feb86659fd93ULL;
	return v ^ v >> 32;
}

uint64_t rnd_next(struct rnd *r)
{
	r->state += 0x9e3779b97f4a7c15ULL;
	return hash64(r->state);
}

uint64_t rnd_below(struct rnd *r, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)rnd_next(r) * n) >> 64);
}

bool rnd_chance(struct rnd *r, unsigned per_mille)
{
	return rnd_below(r, 1000) < per_mille;
}

/* Every power of two is as likely as the next, so rank 0 is about as common as ranks 512 to 1023
 * together: near to how users, paths and messages are spread. */
uint64_t rnd_rank(struct rnd *r, uint64_t n)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(n);
	uint64_t rank;

	do {
		unsigned k = (unsigned)rnd_below(r, bits + 1);
		rank = k ? (1ULL << (k - 1)) + rnd_below(r, 1ULL << (k - 1)) : 0;
	} while (rank >= n);
	return rank;
}

/* Four even numbers added make a bell of octaves round the median; its width is given in halves of
 * an octave: about one value in twenty lies more than `halves` octaves above. */
uint64_t rnd_spread(struct rnd *r, uint64_t median, unsigned halves)
{
	uint64_t bits = rnd_next(r);
	int64_t bell = (int64_t)((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) +
				 (bits >> 48)) -
		       0x1fffe;
	int64_t exp16 = bell * (int64_t)halves / 2;
	int64_t whole = exp16 >> 16;
	uint64_t v = median * (0x10000 + (uint64_t)(exp16 & 0xffff)) >> 8;

	return (whole >= 0 ? v << whole : v >> -whole) >> 8;
}

/* -ln(u) by its leading bit and a straight line between: within 6 % of the true curve. */
uint64_t rnd_gap(struct rnd *r, uint64_t mean)
{
	uint64_t u = rnd_next(r) | 1;
	unsigned zeros = (unsigned)__builtin_clzll(u);
	uint64_t frac = (u << zeros << 1) >> 48;
	uint64_t log2_16 = ((uint64_t)(zeros + 1) << 16) - frac;

	return (uint64_t)((unsigned __int128)mean * log2_16 * 45426 >> 32);
}
