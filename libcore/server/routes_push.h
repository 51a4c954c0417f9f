/* What the routes of pushes share. Private to them. */
#ifndef SERVER_ROUTES_PUSH_H
#define SERVER_ROUTES_PUSH_H

#include "push/body.h"
#include "push/push.h"
#include "server/call.h"
#include "server/intake.h"

/* A push until it is answered: call.route_data. */
struct push_call {
	struct call *c;
	int (*decode)(struct push_call *p, const struct push_sink *sink, struct arena *a,
		      struct err *e);
	void (*answer)(struct push_call *p, const struct intake_answer *a);
	/* Of struct intake_push, or NULL. */
	void (*refused)(struct push_call *p, uint64_t entry, int status, struct bytes why);
	void *own;		     /* of a route, which frees it in */
	void (*free_own)(void *own); /* NULL: nothing to free */
	struct buf body; /* without its encoding, when it had one; until it is decoded */
	struct bytes message;
	bool json;
};

/* Of the call, with its body as it came and answers as text. */
struct push_call *push_begin(struct call *c);

/* p->message, without the encoding that Content-Encoding names. Errors: of push_decompress;
 * ERR_AGAIN, the memory for that is taken by others. */
MUST_CHECK int push_unpack_as_said(struct push_call *p, struct err *e);

/* Into the intake; the answer comes by p->answer. */
void push_take(struct push_call *p);

/* Refused before anything was decoded: by p->answer, with the status that e stands for. */
void push_refuse(struct push_call *p, const struct err *e);

/* The answer itself: with the status and the Retry-After of a. */
void push_answer(struct call *c, const struct intake_answer *a, const char *type,
		 struct bytes body);
/* "TEXT\n", or nothing for 200 and 204. */
void push_answer_plain(struct push_call *p, const struct intake_answer *a);

#endif
