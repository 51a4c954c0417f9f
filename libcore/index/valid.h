/*
 * Which of what commits say counts: of two that did not see each other, and one of which has other
 * lines of a pack than it was, one does not count. Rules: lokid-index(5), "COMMIT RULES". Private
 * to index/; for any thread.
 */
#ifndef INDEX_VALID_H
#define INDEX_VALID_H

#include "index/live.h"

/* Shallow copies, the highest rank first. */
struct valid {
	struct live_item *v; /* those that are not void */
	size_t n;
	struct live_item *claim; /* those that would not be if all of which anything is made was
				    there: what they replace is in them. They alone make others
				    void, and none of them is: else one might be for which nobody
				    has what it was made of but one that is void too, or itself */
	size_t n_claims;
	struct hash_list names; /* of all there are, ascending; none without a mark */
};

/* Of those of `by`, with all of them and those of v there. */
void valid_find(const struct live_item *by, size_t n_by, const struct live_item *v, size_t n,
		struct valid *ret);
void valid_release(struct valid *l);

/* Does one of them make this one void? Its rank may be any. */
bool valid_voids(const struct valid *l, const struct live_item *a);

#endif
