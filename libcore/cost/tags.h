/* The tags of a line in a bill that stand in one column: an object of JSON, or the text that a
 * database makes of a map, {user_cluster=ops, user_team=search}. */
#ifndef COST_TAGS_H
#define COST_TAGS_H

#include "base/arena.h"
#include "base/err.h"

/*
 * The value of a tag: one that is called so, "user_" or "user:" and so, or so but for the case of
 * letters, the first of these that there is; a number, true and false as they are written. Empty:
 * there is none, or it is null. *ret lies in scratch.
 * Errors: ERR_CORRUPT, expected and found: neither of both; a value that is a list or an object;
 * two tags that differ in case alone.
 */
MUST_CHECK int tags_find(struct bytes all, struct bytes name, struct arena *scratch,
			 struct bytes *ret, struct err *e);

/* Whether both are the same, but for the case of the letters A to Z. */
bool tags_alike(struct bytes a, struct bytes b);

#endif
