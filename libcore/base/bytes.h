/*
 * A borrowed run of bytes: never freed through this type. Whoever returns one says
 * until when it is valid. p may be NULL only when n is 0.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const char *p;
	size_t n;
};

#define BYTES_LIT(s) ((struct bytes){ (s), sizeof(s) - 1 })
/* For printf: "%.*s" with BYTES_ARG(b). */
#define BYTES_ARG(b) (int)((b).n > INT32_MAX ? INT32_MAX : (b).n), (b).p ? (b).p : ""

static inline struct bytes bytes_of(const void *p, size_t n)
{
	return (struct bytes){ p, n };
}

static inline struct bytes bytes_str(const char *s)
{
	return (struct bytes){ s, strlen(s) };
}

static inline bool bytes_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The same in a time that does not depend on what is in them, but on how long they are. */
bool bytes_eq_secret(struct bytes a, struct bytes b);

static inline bool bytes_is(struct bytes a, const char *s)
{
	return bytes_eq(a, bytes_str(s));
}

/* <0, 0, >0 by bytes as unsigned, a prefix before what it starts. */
static inline int bytes_cmp(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	if (c != 0)
		return c;
	return (a.n > b.n) - (a.n < b.n);
}

static inline bool bytes_starts(struct bytes b, struct bytes prefix)
{
	return b.n >= prefix.n && (prefix.n == 0 || memcmp(b.p, prefix.p, prefix.n) == 0);
}

/* From offset off, at most n bytes; both are clipped to b. */
static inline struct bytes bytes_sub(struct bytes b, size_t off, size_t n)
{
	if (off > b.n)
		off = b.n;
	if (n > b.n - off)
		n = b.n - off;
	return (struct bytes){ n ? b.p + off : b.p, n };
}

/* Without spaces and tabs, CR and LF at both ends. */
struct bytes bytes_trim(struct bytes b);

/*
 * Takes the next piece of *rest up to sep (or all of it) into *ret_piece, and moves *rest
 * behind it. False when *rest was used up. A trailing sep gives one last empty piece.
 * Start with the whole text; *rest.p becomes NULL at the end.
 */
bool bytes_split(struct bytes *rest, char sep, struct bytes *ret_piece);

#endif
