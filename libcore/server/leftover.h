/* Which closed segments of the log a flush has left because nothing mends them, so that the same
 * work is not done for them again, nor the same said. For one thread at a time. */
#ifndef SERVER_LEFTOVER_H
#define SERVER_LEFTOVER_H

#include "wal/segment.h"

/* Segments, each by its name and size. */
struct marks {
	struct hash128 *v;
	size_t n, cap;
};

/* {0} is valid: nothing was seen yet, and nothing left. */
struct leftover {
	struct marks seen;		  /* in the folder, last */
	struct marks tried;		  /* by the round under way */
	struct marks left;		  /* by the last; ascending */
	struct err why;			  /* as was told then */
	struct marks unread, were_unread; /* that cannot be opened: in the folder, last; and before
					    that, ascending */
};

/* Looks at the folder: reset first, then each closed segment. */
void leftover_look(struct leftover *l);
void leftover_saw(struct leftover *l, const struct wal_segment *s);

/* One cannot be opened, why saying which. Was that so at the look before? */
bool leftover_cannot_open(struct leftover *l, const struct err *why);

/* Was one seen that the last round did not leave? */
bool leftover_has_new(const struct leftover *l);

/* A round begins, of what was seen. */
void leftover_begin(struct leftover *l);

/* Did the last round leave some for the same reason, in the same words? */
bool leftover_was_told(const struct leftover *l, const struct err *why);

/* It has ended: damage that stays, why, was all that failed, or not so. Was that told before? */
bool leftover_end(struct leftover *l, bool only_damage, const struct err *why);

/* All is new again. */
void leftover_forget(struct leftover *l);

void leftover_release(struct leftover *l);

#endif
