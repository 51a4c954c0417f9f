/*
 * Label sets: names and values of one stream, sorted by name, no name twice. Strings are
 * borrowed: from a text, a file or an arena; whoever makes a set says from where.
 */
#ifndef LABELS_LABELS_H
#define LABELS_LABELS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/rd.h"

struct label {
	struct bytes name, value;
};

struct labels {
	struct label *v;
	size_t n;
};

/* What a file may hold at most; what a tenant may is a limit of its own. */
enum { LABELS_MAX = 1024, LABEL_NAME_MAX = 64 << 10, LABEL_VALUE_MAX = 1 << 20, TENANT_MAX = 150 };

/* The id of a stream: of tenant and labels (their binary form, so it never depends on spelling). */
struct hash128 labels_stream_id(struct bytes tenant, const struct labels *l);

/* Sorts by name and drops labels with an empty value, as Loki does.
 * Errors: ERR_LIMIT more than LABELS_MAX; ERR_USAGE a name twice. */
MUST_CHECK int labels_normalize(struct labels *l, struct err *e);

/* A name as Loki takes one in a push: [a-zA-Z_][a-zA-Z0-9_]*; a value is any UTF-8. Errors:
 * ERR_USAGE. */
MUST_CHECK int labels_check_name(struct bytes name, struct err *e);
MUST_CHECK int labels_check(const struct labels *l, struct err *e);
/* The same, and that there is a label at all: Loki takes no push without. */
MUST_CHECK int labels_check_push(const struct labels *l, struct err *e);

/* A tenant as Loki takes one: 1 to 150 of a-z A-Z 0-9 ! - _ . * ' ( ), not "." nor "..". Errors:
 * ERR_USAGE. */
MUST_CHECK int labels_check_tenant(struct bytes tenant, struct err *e);

/* The value of name, or an empty one with p NULL. */
struct bytes labels_get(const struct labels *l, const char *name);
struct bytes labels_get_bytes(const struct labels *l, struct bytes name);

int labels_cmp(const struct labels *a, const struct labels *b);

/* Deep copy into the arena. */
struct labels labels_copy(struct arena *a, const struct labels *l);

/* {a="b", c="d"}, values quoted as Go does; sorted by name. Clients parse it. */
void labels_add_text(struct buf *b, const struct labels *l);
/* {"a":"b","c":"d"} */
void labels_add_json(struct buf *b, const struct labels *l);

/* The two texts back (the first may have a comma before its end), normalised; strings lie in the
 * arena. No JSON at all, as of an entry that has no member labels, is the empty set. Errors:
 * ERR_USAGE with what is wrong; ERR_LIMIT, LABELS_MAX and so on. */
MUST_CHECK int labels_parse_text(struct bytes text, struct arena *a, struct labels *ret,
				 struct err *e);
MUST_CHECK int labels_parse_json(struct bytes text, struct arena *a, struct labels *ret,
				 struct err *e);
/* Whether the text is one but for a name that is there twice: which. It lies in the arena. */
bool labels_text_twice(struct bytes text, struct arena *a, struct bytes *ret_name);
/* As Loki reads the labels of a push: a value that is no string is its text, and of a name that is
 * there twice the last counts. */
MUST_CHECK int labels_parse_json_loosely(struct bytes text, struct arena *a, struct labels *ret,
					 struct err *e);

/* The binary form: uvarint count, then for each label uvarint length and bytes of name and of
 * value. */
void labels_encode(struct buf *b, const struct labels *l);
/* The same to p, which has room for labels_encoded_max; returns the end. */
char *labels_encode_to(char *p, const struct labels *l);
size_t labels_encoded_max(const struct labels *l);
/* Strings are borrowed from r's bytes; the array lies in the arena. A set that is not sorted, or
 * has a name twice, fails. Errors: ERR_CORRUPT. */
MUST_CHECK int labels_decode(struct rd *r, struct arena *a, struct labels *ret, struct err *e);
/* labels_cmp of two sets in this form, both good. Takes no memory. */
int labels_cmp_binary(struct bytes a, struct bytes b);

/* A place in a set in this form, a name and a value being one string after the other. */
struct labels_place {
	uint32_t strings; /* before it */
	uint32_t bytes;	  /* before it, of the string that it is in */
};
/* Up to which place two good sets are the same. */
struct labels_place labels_differ(struct bytes a, struct bytes b);
/*
 * The bytes of a good set from the place on, as a number by which sets can be sorted that are the
 * same up to there: that of a lesser one is not greater. Of those with one number labels_cmp_binary
 * knows.
 */
uint64_t labels_key(struct bytes set, struct labels_place from);

#endif
