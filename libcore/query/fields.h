/*
 * The fields of a line on their way to labels: what the fast parsers (json, logfmt) share.
 *
 * Most lines of a stream have the same keys in the same order. So each key remembers which ones
 * followed it, and a parser compares the line with these before it looks for a key's end and
 * hashes it; what is to be done with a key was settled when it was first met. Fields are collected
 * first: they become labels of the entry when the line has been read as far as anybody asks, and
 * are forgotten when a filter refuses the line.
 *
 * All this is for the plain case. What is not (a label of that name is there already, a name comes
 * twice, a filter cannot convert the text, too many keys) is FIELDS_ODD: the parser then takes the
 * line by its complete, slow way, of which this is a shortcut with the same results.
 *
 * A struct line_fields belongs to one block and one stage.
 */
#ifndef QUERY_FIELDS_H
#define QUERY_FIELDS_H

#include "base/near.h"
#include "query/stage.h"

enum fields_step {
	FIELDS_GO_ON,
	FIELDS_ENOUGH,	/* all that is asked for is there */
	FIELDS_REFUSED, /* by a filter: the entry is out */
	FIELDS_ODD,
};

struct field_key {
	char text[NEAR_START_MAX]; /* as it stands in lines, with what the parser has round it */
	uint32_t len;		   /* of text; 0: too long, never guessed */
	bool want, want_below;	   /* as in keys.h */
	bool counts;		   /* its label is asked for by that name */
	uint32_t label;		   /* with "_extracted", if the stream has the name */
	uint32_t name, origin, below;
	const struct filter *filter; /* a line whose value it refuses is out; or NULL */
	uint32_t object;	     /* the key whose members it is among; 0 the line itself */
	struct bytes raw;
	uint64_t hash;
	uint32_t after[2][2]; /* keys that came first in its object, and behind it; 0 none */
};

struct line_fields {
	struct block *b;
	const struct hints *hints;
	uint32_t stage;

	struct field_key *key; /* key[0] is the line itself */
	size_t n, cap;
	uint32_t *slot; /* by hash; 0 empty */
	struct arena text;
	struct bytes before, behind; /* of a key, in field_key.text */
	uint32_t era, stream;	     /* of keys.h and the block, when all this was made */

	/* The line that is being read. */
	uint32_t *seen; /* by label: the number of the line that has it */
	size_t n_seen;
	uint32_t serial;
	bool records;	    /* fields_record */
	uint32_t forgotten; /* how often the keys were: their numbers of before mean nothing */
	uint32_t found;	    /* of what is asked for, in this line */
	const struct elabels *el; /* of the entry, as it was */
	struct field_value {
		uint32_t key;
		struct bytes value;
	} * v;
	size_t n_v, cap_v;
};

/* What follows a key: its number and whether first in its object or behind it. */
static inline uint32_t fields_first_in(uint32_t key)
{
	return 2 * key;
}

static inline uint32_t fields_behind(uint32_t key)
{
	return 2 * key + 1;
}

/*
 * The block's fields of the stage, made when there are none; before and behind are what stands
 * round a key in lines. Then entry i is begun. NULL: it must be read the slow way.
 */
struct line_fields *fields_begin(const struct stage *s, struct block *b, uint32_t i,
				 struct bytes before, struct bytes behind);
void fields_free(struct line_fields *f);
/* As fields_begin, but no entry is begun. Never NULL. */
struct line_fields *fields_begin_block(const struct stage *s, struct block *b, struct bytes before,
				       struct bytes behind);

/* Until fields_recorded, what is taken is only noted in f->v, wanted or not by a filter: of a line
 * that stands for many. A name that comes twice is odd as ever. */
void fields_record(struct line_fields *f);
void fields_recorded(struct line_fields *f);

/* The line of entry i with NEAR_PAD readable bytes behind it. */
struct bytes fields_line(struct block *b, uint32_t i);

/* The number of the key that stands at p, if it is one that came next before; else 0. */
static inline uint32_t fields_guess(const struct line_fields *f, uint32_t at, const char *p,
				    const char *end)
{
	const uint32_t *next = f->key[at >> 1].after[at & 1];

	for (int k = 0; k < 2; k++) {
		const struct field_key *key = &f->key[next[k]];

		if (next[k] && key->len && (size_t)(end - p) >= key->len &&
		    near_starts(p, key->text, key->len))
			return next[k];
	}
	return 0;
}

/* The number of key raw of the object, which stands at `at`: from now on it is expected there.
 * 0: the line is odd. */
uint32_t fields_key(struct line_fields *f, uint32_t object, uint32_t at, struct bytes raw);

/* A wanted key has this value, which lives as long as the block. */
enum fields_step fields_take(struct line_fields *f, uint32_t key, struct bytes value);

/* What was taken becomes labels of entry i. */
void fields_set_labels(struct line_fields *f, uint32_t i);

#endif
