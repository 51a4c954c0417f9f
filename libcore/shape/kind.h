/* The kinds of columns; for the files of shape/ alone. */
#ifndef SHAPE_KIND_H
#define SHAPE_KIND_H

#include "base/buf.h"
#include "base/err.h"
#include "base/near.h"
#include "base/rd.h"
#include "shape/shape.h"

/* The values of a column on their way in: n of them, at least 1. NEAR_PAD bytes behind each can be
 * read. */
struct kind_in {
	const struct bytes *v;
	const uint32_t *entry; /* whose each is; NULL: value i is entry i's */
	const int64_t *ts_ns;  /* by entry */
	size_t n;
};

/* How a column is stored. */
struct kind_out {
	struct buf params; /* what all values have in common; in the head */
	struct buf body;
	size_t plane;	 /* the body ends in planes of so many bytes; 0: it is text */
	bool listed;	 /* of words: it is kind_listed that they are of */
	struct buf wide; /* scratch */
};

/* On their way out. */
struct kind_from {
	struct bytes params, body; /* NEAR_PAD bytes behind both can be read */
	const int64_t *ts_ns;	   /* by entry */
	const uint32_t *entry;	   /* whose each is; NULL: value i is entry i's */
	size_t n;		   /* values, at least 1 */
	size_t first, end;	   /* those that are wanted; others need not be made */
	const uint32_t *pick;	   /* of those these n_pick alone, ascending; NULL: all */
	size_t n_pick;
	size_t max;	  /* bytes of all values at most */
	size_t max_words; /* words of a list at most */
};

/* Memory of one column's values. */
struct kind_mem {
	struct buf text, off, words;
};

struct kind {
	const char *name;
	/* False: they are not all of this kind; out is as it may be. NULL: another's makes it. */
	bool (*encode)(const struct kind_in *in, struct kind_out *out);
	/* *ret lies in m, and in from->body; its offsets begin anywhere. Errors: ERR_CORRUPT. */
	int (*decode)(const struct kind_from *from, struct kind_mem *m, struct shape_values *ret,
		      struct err *e);
	/* Sets .word and .n_words of *ret alone, to what decode sets them to, where they stay until
	 * that is called. Of *from only params, body and max_words are set. NULL: values are no
	 * words. Errors: ERR_CORRUPT, ERR_NOMEM. */
	int (*words)(const struct kind_from *from, struct kind_mem *m, struct shape_values *ret,
		     struct err *e);
	/* All values, if they are nothing but numbers, none above `most`; else ret->number is NULL.
	 * They stay in m until decode is called. NULL: never. Errors as decode's. */
	int (*decimals)(const struct kind_from *from, uint64_t most, struct kind_mem *m,
			struct shape_decimals *ret, struct err *e);
	bool words_in_params; /* words need no body: it is empty when they are asked for */
	bool needs_time;
	bool picks; /* few values, far apart, take less time than all between them */
	/* Sets may[c] of each byte that a value can hold. NULL: any. */
	void (*bytes)(struct bytes params, bool may[256]);
};

/* Numbers in files. */
enum kind_id {
	KIND_TEXT,
	KIND_SAME,
	KIND_WORDS,
	KIND_NUMBER,
	KIND_HEX,
	KIND_TIME,
	KIND_LISTED,
	KIND_COUNT
};

extern const struct kind kind_text, kind_same, kind_words, kind_number, kind_hex, kind_time,
	kind_listed;
extern const struct kind *const kinds[KIND_COUNT];

/* kind_words, of more different words than its own encode takes. */
bool kind_many_words(const struct kind_in *in, struct kind_out *out);

/* Whether kind_time could be that of a value: no other asks whose they are. */
bool kind_is_time(struct bytes v);

/* The first kind that fits, to out. */
enum kind_id kind_choose(const struct kind_in *in, struct kind_out *out);

/* Room for offsets of all values, and for those that are wanted with len bytes in all, in m; the
 * first one's offset is set. Errors: ERR_NOMEM. */
MUST_CHECK int kind_room(struct kind_mem *m, const struct kind_from *from, size_t len,
			 char **ret_text, uint32_t **ret_off, struct err *e);

/* The same where each value has len bytes: those of the k-th that is wanted begin at k * len, and
 * all offsets are set. Errors: ERR_CORRUPT, they were longer than from->max in all; ERR_NOMEM. */
MUST_CHECK int kind_room_each(struct kind_mem *m, const struct kind_from *from, size_t len,
			      char **ret_text, struct shape_values *ret, struct err *e);

/* How many values are wanted, and which is the k-th. */
static inline size_t kind_n_wanted(const struct kind_from *from)
{
	return from->pick ? from->n_pick : from->end - from->first;
}

static inline size_t kind_wanted(const struct kind_from *from, size_t k)
{
	return from->pick ? from->pick[k] : from->first + k;
}

/* Scratch for n numbers; and the body made of them. */
uint64_t *kind_numbers(struct kind_out *out, size_t n);
void kind_planes(struct kind_out *out, size_t n);

/* The numbers that are wanted, of `size` bytes each, 4 or 8, to `to`, each where it stands among
 * all; these must be all that is left at rd. Errors: ERR_CORRUPT, ERR_NOMEM. */
MUST_CHECK int kind_read_planes(struct rd *rd, const struct kind_from *from, struct buf *to,
				size_t size, struct err *e);

/* Whether a block whose lines have so many bytes may have so many rows: lines, for each column that
 * some lack. */
static inline bool shape_rows_fit(uint64_t rows, size_t lines_len)
{
	return rows <= SHAPE_ROWS_MAX && rows <= SHAPE_ROWS_PER_BYTE * (uint64_t)lines_len;
}

static inline int kind_corrupt(struct err *e, const char *why)
{
	return err_set(e, ERR_CORRUPT, "%s", why);
}

static inline void kind_may_hold(bool may[256], const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		may[(unsigned char)text[i]] = true;
}

static inline bool kind_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Eight digits at once, less '0' each, the first in the lowest byte. */
static inline uint64_t kind_eight(uint64_t digits)
{
	const uint64_t two_of_eight = 0x000000ff000000ff;

	digits = digits * 10 + (digits >> 8);
	return ((digits & two_of_eight) * (100 + (UINT64_C(1000000) << 32)) +
		(digits >> 16 & two_of_eight) * (1 + (UINT64_C(10000) << 32))) >>
	       32;
}

/* The first byte is the lowest. Written so that compilers see one load. */
static inline uint64_t kind_load8(const char *from)
{
	const unsigned char *p = (const unsigned char *)from;

	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	       (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

/* The number that the n bytes at p are, 1 to 18; false: one is no digit. NEAR_PAD bytes behind them
 * can be read. */
static inline bool kind_read_digits(const char *p, size_t n, uint64_t *ret)
{
	static const uint32_t power[] = { 1,	  10,	   100,	     1000,     10000,
					  100000, 1000000, 10000000, 100000000 };
	const uint64_t zeros = 0x3030303030303030, high = 0x8080808080808080;
	uint64_t number = 0, wrong = 0;

	for (size_t k; n > 0; p += k, n -= k) {
		uint64_t d;

		k = n < 8 ? n : 8;
		/* With zeros in front. */
		d = (kind_load8(p) ^ zeros) << (8 * (8 - k));
		wrong |= d | (d + (0x7f7f7f7f7f7f7f7f - 9 * (high >> 7)));
		number = number * power[k] + kind_eight(d);
	}
	*ret = number;
	return (wrong & high) == 0;
}

/* Copies n bytes; NEAR_PAD bytes behind both can be touched. */
static inline void kind_copy(char *to, const char *from, size_t n)
{
	memcpy(to, from, 16);
	if (n > 16)
		memcpy(to + 16, from + 16, n <= 32 ? 16 : n - 16);
}

#endif
