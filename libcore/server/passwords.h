/*
 * Passwords: checked one after the other on a thread of its own, since a hash takes long on
 * purpose. Who sends wrong ones without end is not to shut out those whose are right: what was
 * right is remembered until it changes, each user's in a place of its own; of the checks that
 * wait only so many are one user's, and of these only so many from one network.
 */
#ifndef SERVER_PASSWORDS_H
#define SERVER_PASSWORDS_H

#include "server/call.h"
#include "server/config.h"

enum {
	PASSWORDS_MAX = 64,	    /* different ones that wait or are checked */
	PASSWORDS_OF_USER_MAX = 16, /* of these; of names that nobody has so many are checked */
	PASSWORDS_OF_NET_MAX = 4,   /* of a name's, from one network */
};

struct passwords;

/* Holds users. Errors: ERR_IO (randomness, no thread). */
MUST_CHECK int passwords_open(struct config_auth *users, struct passwords **ret, struct err *e);

/* What was found out is forgotten, but of whose password is as before; what waits, and what is
 * being checked, is checked against these users, who are held. */
void passwords_change(struct passwords *p, struct config_auth *users);

/* What waits, and what comes, is refused with ERR_AGAIN. Waits for the one being checked. */
void passwords_stop(struct passwords *p);
void passwords_close(struct passwords *p); /* stops it first; NULL: nothing */

/* What was found out of "name:password", if it was; *ret is of users, or NULL when it is wrong.
 * False when it has to be checked, or users are not those in force. From any thread. */
bool passwords_recall(struct passwords *p, const struct config_auth *users, struct bytes given,
		      const struct config_user **ret);

/*
 * Checks given, "name:password" from the heap, which is freed. net: of http_peer_net. Then done is
 * called on the thread of passwords: why is NULL, and c->who is the user, of c->auth, which is the
 * users in force; or why tells what is wrong. From any thread.
 *
 * Errors: ERR_AGAIN, too many wait, or after passwords_stop; done is not called then. A name that
 * nobody has is refused as others are, or it were known by that which names somebody has; but
 * beyond PASSWORDS_OF_USER_MAX of them they share a check.
 */
MUST_CHECK int passwords_check(struct passwords *p, char *given, struct bytes net, struct call *c,
			       void (*done)(struct call *c, const struct err *why), struct err *e);

#endif
