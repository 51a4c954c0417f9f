/*
 * Who asks, and what they may: passwords, bearer tokens and client certificates of the settings'
 * `auth`. Without any user there everybody may do everything, as with Loki.
 */
#ifndef SERVER_AUTH_H
#define SERVER_AUTH_H

#include "server/call.h"
#include "server/config.h"

struct auth;

/* Holds users. Errors: ERR_IO (randomness, no thread). */
MUST_CHECK int auth_open(struct config_auth *users, struct auth **ret, struct err *e);

/* From now on these users ask, as far as they have changed; it holds them. What was found out about
 * passwords that have changed is forgotten, requests that are let in already go on. Errors:
 * ERR_USAGE, there were users and there are none, so that everybody might do everything; all is as
 * before then. */
MUST_CHECK int auth_change(struct auth *a, struct config_auth *users, struct err *e);

/* May *who of *held, who was let in, ask still? Then they become those of the users in force, who
 * are held in the place of the others. From any thread. */
bool auth_stays(struct auth *a, struct config_auth **held, const struct config_user **who);

/* Checks no password any more: calls that wait for that, and those that come, are refused. Waits
 * for the one that is being checked. NULL: nothing. */
void auth_stop(struct auth *a);

/* After auth_stop, or instead of it. NULL: nothing. */
void auth_close(struct auth *a);

enum auth_verdict {
	AUTH_KNOWN,   /* c->who, of c->auth, says who; NULL when nobody need say */
	AUTH_REFUSED, /* 401: nobody, or not the right secret */
	AUTH_LATER,   /* a password has to be checked: auth_check does it */
};

/* From the head of the request, at once. e says why one is refused. */
MUST_CHECK enum auth_verdict auth_identify(struct auth *a, struct call *c, struct err *e);

/* For AUTH_LATER, from the head too: done is called as passwords_check has it; or at once, with
 * ERR_AGAIN, when too many wait or after auth_stop. */
void auth_check(struct auth *a, struct call *c,
		void (*done)(struct call *c, const struct err *why));

/* May c->who do what the route needs, in the tenants of the call? Sets c->matchers. Errors:
 * ERR_USAGE, 403. */
MUST_CHECK int auth_allow(struct call *c, struct err *e);

#endif
