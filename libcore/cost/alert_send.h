/*
 * Alerts to other programs, over HTTP.
 *
 * A webhook gets {"text":"2 cost alerts: ...","currency":"USD","alerts":[...]}: a line for people,
 * and the objects of cost_alert_json. Alertmanager gets the list that its API takes, and of each
 * threshold and group the last period alone: what its labels do not tell apart is one alert there,
 * however long it goes on.
 */
#ifndef COST_ALERT_SEND_H
#define COST_ALERT_SEND_H

#include "cost/alert.h"
#include "httpc/options.h"

/* Where to; strings are borrowed, and NULL where they are not wanted. */
struct cost_sending {
	const char *webhook;	  /* POST there */
	const char *webhook_file; /* holds such a URL, which may be a secret */
	const char *alertmanager; /* POST to /api/v2/alerts there */
	int64_t last_ns;	  /* so long an alert lasts there, if it is not sent again */
	struct httpc_given given; /* of the one that is asked */

	struct buf for_webhook, for_alertmanager; /* private: bodies, empty ones are not sent */
};

/* For options as they were given. Errors: ERR_USAGE. */
MUST_CHECK int cost_sending_check(const struct cost_sending *s, struct err *e);

/* Writes what each that is named is to get, when there are alerts; now_ns: the time. The report is
 * not needed any more. */
void cost_sending_write(struct cost_sending *s, const struct cost_report *r,
			const struct cost_alerts *a, int64_t now_ns);
/* Whether something was written, and not sent yet. */
bool cost_sending_has(const struct cost_sending *s);
/*
 * Sends that, once. Errors of each are given to fault, and the others are still sent to: ERR_AGAIN,
 * no answer, or that to try it later; ERR_IO, a refusal, or a file that cannot be read; ERR_USAGE.
 */
void cost_sending_send(struct cost_sending *s, void (*fault)(void *data, const struct err *e),
		       void *data);

#endif
