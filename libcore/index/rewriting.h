/*
 * Marks of packs that were made with other lines than those they replace have. A mark stands among
 * the names of replaced packs, and so goes wherever these go: into whatever is made of the pack,
 * and into index files. By it the rules know which of two that replace the same has the new lines.
 * Rules: lokid-index(5), "COMMIT RULES". For any thread.
 */
#ifndef INDEX_REWRITING_H
#define INDEX_REWRITING_H

#include "base/hash.h"

/* That of a pack in place of which one with other lines is made. what: a hash of what is rewritten
 * how. */
struct hash128 rewriting_mark(const struct hash128 *pack, uint64_t what);

/* The marks among names that ascend: a part of them. */
struct hash_list rewriting_marks(const struct hash128 *v, size_t n);

/* An order of sets of marks in which a set with more than another comes after it: > 0 when the
 * lowest mark that only one has is a's. */
int rewriting_cmp(const struct hash_list *a, const struct hash_list *b);

/* Is the pack that the mark is of among names that ascend? */
bool rewriting_is_of(const struct hash128 *mark, const struct hash128 *v, size_t n);

#endif
