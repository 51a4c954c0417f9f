/*
 * Alerts on burn rates: each looks at a long and a short window, and both must burn faster than its
 * factor, so that it neither fires at a moment's errors nor goes on long after they have ended.
 */
#ifndef SLO_ALERT_H
#define SLO_ALERT_H

#include "slo/budget.h"

enum slo_severity { SLO_PAGE, SLO_TICKET };

struct slo_alert {
	struct exact factor;
	int64_t long_ns, short_ns;
	enum slo_severity severity;
};

enum { SLO_ALERTS_MAX = 16 };

struct slo_alerts {
	struct slo_alert v[SLO_ALERTS_MAX];
	size_t n;
};

/* 14.4 times over 1 h and 5 m, 6 over 6 h and 30 m: pages; 3 over 1 d and 2 h, 1 over 3 d and 6 h:
 * tickets. */
struct slo_alerts slo_alerts_default(void);

/* "14.4:1h:5m:page", where ":page" may be left out. Errors: ERR_USAGE; ERR_LIMIT, too many. */
MUST_CHECK int slo_alerts_read(struct slo_alerts *a, struct bytes text, struct err *e);

/* Their windows, each once, in order; at most 2 * SLO_ALERTS_MAX. Returns how many. */
size_t slo_alerts_windows(const struct slo_alerts *a, int64_t *ret_ns);

/* What became of one: burn rates of its windows, where there are counts of them. */
struct slo_alert_state {
	bool known; /* both windows have counts, and there were events in the long one or in the
		       objective's own */
	bool holds;
	struct ratio long_burn, short_burn;
};

/* Errors: ERR_LIMIT, numbers of too many digits. */
MUST_CHECK int slo_alert_look(const struct slo_alert *a, const struct slo_measured *m,
			      struct slo_alert_state *ret, struct err *e);

/* Can its factor be exceeded? When all fails, the budget burns at 1 / (1 - target). */
bool slo_alert_can_hold(const struct slo_alert *a, struct exact target);

/* "14.4 over 1h and 5m" */
void slo_alert_add(struct buf *b, const struct slo_alert *a);

const char *slo_severity_name(enum slo_severity s);

#endif
