/* One tenant and day. Private to erase/. */
#ifndef ERASE_DAY_H
#define ERASE_DAY_H

#include "erase/erase.h"
#include "erase/target.h"
#include "index/due.h"

/*
 * Applies all targets that are not yet, as far as they reach into the day; commits; deletes what
 * was replaced long enough ago. Marks those that are undone after it. Errors: ERR_IO, ERR_FULL,
 * those of on_day.
 */
MUST_CHECK int erase_day_run(const struct erase_opts *o, struct targets *t, int32_t day,
			     struct err *e);

/* Whether any target is to be applied to a day that is in order. */
bool erase_day_wants(struct targets *t, const struct due_day *due);

/* Of a day that no target reaches: only deletes what was replaced long enough ago. Errors: ERR_IO,
 * ERR_FULL. */
MUST_CHECK int erase_day_sweep(const struct erase_opts *o, struct targets *t, int32_t day,
			       struct err *e);

/* Only marks those that are undone. */
MUST_CHECK int erase_day_look(const struct erase_opts *o, struct targets *t, int32_t day,
			      struct err *e);

/* The limit of what a request reaches: is any of the day in it? */
bool erase_day_reaches(const struct target *t, int32_t day);

#endif
