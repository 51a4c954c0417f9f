/*
 * Lines taken apart. Lines that a program writes have few shapes: texts that stand in all lines of
 * one, and slots between them, in which values stand. A block of lines becomes shapes, the number
 * of its shape for each line, and columns of values: those of one field of JSON or logfmt lie side
 * by side, so they take less room, and who asks for one field reads no others. Byte for byte the
 * lines come out as they went in. Format: lokid-chunk(5), "LINES TAKEN APART".
 *
 * To add a kind of column: kind_NAME.c with encode and decode; a row in kind.c, with a number that
 * is never used again; a row in lokid-chunk(5); unit/shape finds it by its table. To add a kind of
 * line: cut_NAME.c, a call in cut.c.
 */
#ifndef SHAPE_SHAPE_H
#define SHAPE_SHAPE_H

#include "codec/codec.h"

enum {
	SHAPE_MAX = 256,	  /* shapes of a block */
	SHAPE_SLOTS_MAX = 256,	  /* of a shape */
	SHAPE_COLUMNS_MAX = 4096, /* of a block */
	/* Columns that some lines lack, times all lines, are at most so many times the bytes of
	 * all: of each it is noted for each line which value is its, four bytes. What one program
	 * writes has 0.02 to 0.2 times; events of 60 kinds with eight fields of their own have 1.7
	 * times, of 200 kinds 4.6, and take 8 % less room than whole ones even so; 256 shapes
	 * hardly make more. So no less would do, and what a block can ask for is in proportion to
	 * its lines. */
	SHAPE_ROWS_PER_BYTE = 8,
	/* And no more than these, 128 MiB: a block of 4 MiB and one of 64 may ask for as much. */
	SHAPE_ROWS_MAX = 1 << 25,
	SHAPE_KEPT_MAX = 32 << 20 /* bytes that a reader keeps for the next block */
};

/* Where a value ends, and what it can be: no newline is in any. */
enum shape_class {
	SHAPE_QUOTED,	 /* between quotes; none without a backslash in it */
	SHAPE_TOKEN,	 /* a number of JSON, true or false */
	SHAPE_LIST,	 /* an array of JSON, whole */
	SHAPE_WORD,	 /* of logfmt: no blank, control byte, quote or '=' */
	SHAPE_LINE,	 /* a whole line, which has no other slot */
	SHAPE_PLAIN,	 /* a word of other lines: no blank, control byte or quote */
	SHAPE_BRACKETED, /* between brackets; none is a closing one */
	SHAPE_CLASSES
};

/* Whether a value of the class can have the byte. */
bool shape_class_may(enum shape_class class, char c);

struct shape_slot {
	struct bytes before; /* stands before the value */
	uint32_t column;
	enum shape_class class;
};

struct shape {
	struct shape_slot *slot; /* n_slots of them, each of another column */
	uint32_t n_slots;
	struct bytes end; /* stands behind the last value */
};

/* --- writing --- */

/* Scratch for writing, kept between calls; for one thread. */
struct shape_writer;
struct shape_writer *shape_writer_new(void);
void shape_writer_free(struct shape_writer *w);

/* A block of n lines: line i is lines[off[i] .. off[i + 1] - 1), with a newline behind it. NEAR_PAD
 * bytes behind the last can be read. */
struct shape_lines {
	const char *lines;
	const uint32_t *off; /* n + 1 */
	const int64_t *ts_ns;
	size_t n;
};

/*
 * Takes the lines apart. They are borrowed until the next call, since values lie in them. False: it
 * is not worth it, since they are few, have newlines in them, or most are of no kind that is known;
 * or a reader might need too much for it (SHAPE_ROWS_MAX, ...).
 */
bool shape_split(struct shape_writer *w, const struct shape_lines *in);

/* What compresses text, and what numbers in planes, both as `id` has it; with CODEC_NONE neither is
 * used. Borrowed. */
struct shape_codecs {
	struct codec *text, *planes;
	enum codec_id id;
	size_t least; /* bodies that have fewer bytes are stored as they are */
};

/* Appends to out what shape_split, which was true, has made of the same `in`. Returns the length of
 * its head in bytes. */
uint32_t shape_encode(struct shape_writer *w, const struct shape_lines *in,
		      const struct shape_codecs *c, struct buf *out);

/* --- reading --- */

/* The values of a column, in the order of the lines that have one. Either each is a word of a list,
 * or they lie in text; NEAR_PAD bytes behind each of them can be read. */
struct shape_values {
	size_t n;
	const struct bytes *word; /* NULL: the values lie in text */
	size_t n_words;
	const uint32_t *index; /* of the word; NULL: all are word[0] */
	const char *text;
	const uint32_t *off; /* n + 1; value i is text[off[i] .. off[i + 1] - gap) */
	uint32_t gap;
};

/* Of words: the number of that which value i is. */
static inline size_t shape_word(const struct shape_values *v, size_t i)
{
	return v->index ? v->index[i] : 0;
}

static inline struct bytes shape_value(const struct shape_values *v, size_t i)
{
	if (v->word)
		return v->word[shape_word(v, i)];
	return bytes_of(v->text + v->off[i], v->off[i + 1] - v->off[i] - v->gap);
}

/*
 * A block that is read; of its columns up to SHAPE_KEPT_MAX bytes are kept for the next. While it
 * is open those that are asked for take, of lines of L bytes: their bodies, 10 L at most; of
 * values, at most L of which a block has, 20 bytes each and what they are; rows as above. For one
 * thread.
 */
struct shape_reader;
struct shape_reader *shape_reader_new(void);
void shape_reader_free(struct shape_reader *r);

/* Reads n bytes of what is stored, at off, to where they are to lie. */
struct shape_fetch {
	int (*get)(void *data, size_t off, size_t n, struct err *e); /* NULL: all is there */
	void *data;
};

/* A block as it is stored. All of it is borrowed until the next one is opened. */
struct shape_stored {
	struct bytes in;   /* head and bodies; the bodies are there, or can be fetched */
	uint32_t head_len; /* whose checksum has been checked */
	size_t n;	   /* lines */
	size_t lines_len;  /* of all of them, with a newline each */
	unsigned encoding; /* a codec_id */
	struct shape_fetch fetch;
};

/* Errors: ERR_CORRUPT, ERR_VERSION (a class or kind that is not known), ERR_NOMEM; as in all
 * below. */
MUST_CHECK int shape_open(struct shape_reader *r, const struct shape_stored *in, struct err *e);

/* How many stored bytes of heads and bodies were decoded since the last call. */
uint64_t shape_take_bytes(struct shape_reader *r);

/* What of the block that is open was to be fetched is there by now. */
void shape_is_all_there(struct shape_reader *r);

/* Of the block that is open: valid until another is. */
const struct shape *shape_list(const struct shape_reader *r, size_t *ret_n);

/* Which shape each line has; NULL: all have the first. */
MUST_CHECK int shape_numbers(struct shape_reader *r, const uint8_t **ret, struct err *e);

/* Whether the values of a column are made of timestamps; those of any column are. */
bool shape_needs_time(const struct shape_reader *r, uint32_t column);
bool shape_any_time(const struct shape_reader *r);

/* The values of a column. ts_ns is that of each line; it may be NULL where it is not needed. */
MUST_CHECK int shape_column(struct shape_reader *r, uint32_t column, const int64_t *ts_ns,
			    const struct shape_values **ret, struct err *e);

/* Of a column whose values are words: .word and .n_words alone, as shape_column has them, to *ret;
 * until values of the column are read. Else .word is NULL. Neither numbers of shapes nor values are
 * read, so that a column can be told to have none of what is looked for. */
MUST_CHECK int shape_words(struct shape_reader *r, uint32_t column, struct shape_values *ret,
			   struct err *e);

/* Whether few values of a column take less time than all between them, and it was not read yet. */
bool shape_can_pick(const struct shape_reader *r, uint32_t column);

/* As shape_column, of such a column the n values pick alone, at least one, ascending; until the
 * next call for it, or of shape_restore. The numbers of shapes have been read. */
MUST_CHECK int shape_column_picked(struct shape_reader *r, uint32_t column, const uint32_t *pick,
				   size_t n, const int64_t *ts_ns, const struct shape_values **ret,
				   struct err *e);

/* Which shapes have the column. */
void shape_having(const struct shape_reader *r, uint32_t column, bool has[SHAPE_MAX]);

/* Numbers: value i is `least` + number[i], with a point before the last `places` digits, and a
 * minus before all. */
struct shape_decimals {
	size_t n;
	const uint64_t *number; /* NULL: values are others */
	uint64_t least;
	unsigned places; /* at most 18 */
	bool is_negative;
};

/* Of a column whose values are nothing but such numbers, none above `most`, without their texts;
 * until values of the column are read. The numbers of shapes have been read. */
MUST_CHECK int shape_decimals(struct shape_reader *r, uint32_t column, uint64_t most,
			      struct shape_decimals *ret, struct err *e);

/* Which of the column's values that of each line is, for lines that have one; NULL: all have, and
 * line i has value i. */
MUST_CHECK int shape_rows(struct shape_reader *r, uint32_t column, const uint32_t **ret,
			  struct err *e);

/* The lines that have a value of the column, by value, until the next call; NULL: value i is line
 * i's. */
MUST_CHECK int shape_entries(struct shape_reader *r, uint32_t column, const uint32_t **ret,
			     struct err *e);

/* How many columns there are; and whether a value of one can hold the text, in either case of ASCII
 * letters if fold, which is then in lower case. Reads no values. */
size_t shape_n_columns(const struct shape_reader *r);
bool shape_may_hold(const struct shape_reader *r, uint32_t column, struct bytes text, bool fold);

/* Whether all values of a column are one, by how it is stored: *ret, which lives as long as the
 * block is open. Reads no values. */
bool shape_constant(const struct shape_reader *r, uint32_t column, struct bytes *ret);

/* Some lines: n of them, ascending. */
struct shape_pick {
	const uint32_t *sel; /* NULL: first, first + 1 and so on */
	uint32_t first;
	size_t n;
};

/* The k-th of them. */
static inline size_t shape_picked(const struct shape_pick *p, size_t k)
{
	return p->sel ? p->sel[k] : p->first + k;
}

/*
 * The lines that are picked, each with its newline: line i to ret[off[i]] on; off as in
 * shape_lines. What is between them, and NEAR_PAD bytes behind the last of all lines, may be
 * written. Errors also where they are not as long as off says.
 */
MUST_CHECK int shape_restore(struct shape_reader *r, const int64_t *ts_ns, const uint32_t *off,
			     const struct shape_pick *pick, char *ret, struct err *e);

/* Checks the checksums of all that is stored behind the head; decompresses nothing. */
MUST_CHECK int shape_check(const struct shape_stored *in, struct err *e);

#endif
