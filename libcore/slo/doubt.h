/* What is no fault, but leaves an answer in doubt: it is warned of. */
#ifndef SLO_DOUBT_H
#define SLO_DOUBT_H

#include "slo/work.h"

/* An objective without data, or without any of some windows: nothing is known of it, however good
 * that looks. */
void slo_doubt_data(const struct slo_work *w, const struct slo_state *s);

/* A time of which an objective has no counts; or none for itself, since intervals go on where it
 * begins or ends. */
enum slo_gap { SLO_GAP_NO_EVENTS, SLO_GAP_CUT };
void slo_doubt_span(const struct slo_work *w, const struct slo *o, const struct slo_span *span,
		    enum slo_gap gap);

/* Alerts of the options that can never hold, whatever fails: of all objectives, or of those whose
 * rules are not disabled. */
enum slo_which { SLO_ALL_ALERTS, SLO_ALERTS_OF_RULES };
void slo_doubt_alerts(const struct slo_work *w, enum slo_which which);

#endif
