/* What a repair that is under way knows, and what all of its parts do. Private to index/. */
#ifndef INDEX_REPAIR_WORK_H
#define INDEX_REPAIR_WORK_H

#include "base/buf.h"
#include "base/map.h"
#include "index/repair.h"
#include "index/repair_day.h"

/* Of a tenant and day. */
struct place {
	struct bytes tenant;
	int32_t day;
	bool build, merge;
};

/* What goes when its place is done. */
struct going {
	const char *name;
	const char
		*to; /* its copy; NULL: it is a pack that may be of no use, to be set aside then */
	size_t place, fault;
};

struct repair {
	const struct index_repair *r;
	const struct fault_list *l;
	bool *kept; /* of each fault */
	struct place *place;
	size_t n_places, cap_places;
	struct going *going;
	size_t n_going, cap_going;
	struct map moved; /* what was copied */
	struct map made;  /* index files, some under the names of wrong ones */
	struct arena mem;
	int64_t n_kept;
};

/* "DONE fmt", or "WOULD fmt" of a dry run. */
void repair_say(const struct repair *r, const char *done, const char *would, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* Fault i stays. */
void repair_keep(struct repair *r, size_t i, const char *why);
/* Is fault i of this pack, with something wrong inside? */
bool repair_is_damage(const struct repair *r, size_t i, const struct place *p,
		      struct store_name *ret);

/* Copies it to ~lokid/lost, for the fault; it goes when its place is done. Errors: ERR_IO,
 * ERR_FULL, ERR_AGAIN. */
MUST_CHECK int repair_set_aside(struct repair *r, size_t fault, const char *name, size_t place,
				struct err *e);
/* Whether the pack of the fault is of no use is asked once more, when index files are right. */
void repair_judge_later(struct repair *r, size_t fault, size_t place);
/* Of the day, what goes: index files, or packs. To be freed. */
struct hash_list repair_names_going(const struct repair *r, const struct place *p,
				    enum store_kind kind);
/* Whether all of it is there, and so can be made anew under its name, is known when it is read. */
void repair_say_would_salvage(struct repair *r, const char *name);

/* ---- damaged packs ---- */

/* What was done about those of a place that are damaged inside. */
struct repair_damaged {
	struct hash_list merged; /* an index file without them is committed */
	struct hash_list apart;	 /* they are for repair_build, and what names them is set aside */
};
void repair_damaged_release(struct repair_damaged *d);

/* With the day's lock, but for a dry run. Errors: ERR_IO, ERR_FULL, ERR_AGAIN. */
MUST_CHECK int repair_salvage(struct repair *r, size_t place, struct repair_damaged *ret,
			      struct err *e);

#endif
