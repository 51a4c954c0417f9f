/* Whose data a request is about: X-Scope-OrgID, by Loki's rules. */
#ifndef SERVER_TENANT_H
#define SERVER_TENANT_H

#include "server/call.h"

/* The tenant when nobody has to say one. */
#define TENANT_ALONE "fake"

enum { TENANTS_MAX = 64 }; /* of one request */

/* Sets c->tenant and n_tenants. Returns 0, or the HTTP status of the refusal, whose text is in e.
 */
MUST_CHECK int tenant_of_call(const struct server *s, struct call *c, struct err *e);

/* Of "a|b" the first. */
struct bytes tenant_first(struct bytes tenants);

#endif
