/*
 * Patterns of IAM policies: '*' is any run of characters, '?' any one. A set of places says how far
 * a pattern has come in a text that is read byte by byte, so that several patterns can be followed
 * over all texts there are.
 */
#ifndef COST_IAM_GLOB_H
#define COST_IAM_GLOB_H

#include "base/arena.h"

enum { IAM_ONE = 256, IAM_RUN = 257 }; /* the others are the bytes themselves */

struct iam_glob {
	struct bytes text;   /* as it was written */
	const uint16_t *sym; /* in the arena, as text is */
	uint32_t n;
	bool certain; /* false: it has a variable, which stands as a run */
};

/* In a policy of 2012-10-17, "${aws:username}" is a variable and "${*}" a '*' itself; in those
 * before, all is what it is. What looks like a variable without a ':' is a text. */
enum iam_variables { IAM_NO_VARIABLES, IAM_VARIABLES };
struct iam_glob iam_glob_of(struct bytes text, enum iam_variables how, struct arena *a);

/* The whole text, of bytes or, where letters' cases do not count, of ASCII letters of any case. */
enum iam_case { IAM_EXACT_CASE, IAM_ANY_CASE };
bool iam_glob_matches(const struct iam_glob *g, struct bytes text, enum iam_case how);

/* Places: bits 0 to g->n, in words of 64. */
size_t iam_glob_words(const struct iam_glob *g);
/* Where a text begins. set is zeroed. */
void iam_glob_start(const struct iam_glob *g, uint64_t *set);
/* One byte further; to is zeroed. */
void iam_glob_step(const struct iam_glob *g, const uint64_t *from, unsigned char c, uint64_t *to);
/* Is what was read up to here a text of the pattern? */
bool iam_glob_ends(const struct iam_glob *g, const uint64_t *set);

#endif
