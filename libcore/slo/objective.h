/* Objectives: what is promised, over which time, and by which queries it is measured. */
#ifndef SLO_OBJECTIVE_H
#define SLO_OBJECTIVE_H

#include "base/arena.h"
#include "slo/budget.h"

struct slo_pair {
	struct bytes name, value;
};

/* In the order of their file. */
struct slo_pairs {
	const struct slo_pair *v;
	size_t n;
};

/* What is said of the alerts of one severity. */
struct slo_alerting {
	bool disabled;
	struct slo_pairs labels, annotations;
};

struct slo {
	struct bytes name, service, description; /* name is never empty, the others may be */
	struct exact target;
	struct slo_period period;
	/* Queries, in which {{.window}} stands for a duration. Of events: total and one of error
	 * and good; else share, of those that are bad, or good with share_is_good. Empty: not
	 * there. */
	struct bytes error, good, total, share;
	bool share_is_good;
	struct slo_pairs labels; /* of all rules made for it */
	struct bytes alert;	 /* what its alerts are called; empty: by its name */
	struct slo_pairs alert_labels, alert_annotations;
	struct slo_alerting page, ticket;
	const char *file; /* where it stands, for messages; NULL: on the command line */
	uint32_t line;
};

/* {0} is a valid empty one. Texts lie in mem, or outlive it. */
struct slo_set {
	struct arena mem;
	struct slo *v;
	size_t n, cap;
	struct time_zone **zone; /* private, as all from here */
	size_t n_zones, cap_zones;
};

/* Of files and of rows: what is counted of each is some 20 kB. */
enum { SLO_OBJECTIVES_MAX = 1000 };

void slo_set_release(struct slo_set *s);
/* Zeroed; valid until the next one is added. */
struct slo *slo_set_add(struct slo_set *s);

/* A zone that lives as long as the set; each is opened once. NULL: as time_zone_open. */
const struct time_zone *slo_set_zone(struct slo_set *s, struct bytes name, struct err *e);

static inline bool slo_has_queries(const struct slo *o)
{
	return o->total.n || o->share.n;
}

/* "'lokid.yaml':12: objective 'a'", or "objective 'a'": for err_wrap. */
void slo_add_place(struct buf *b, const struct slo *o);

#endif
