/* A call's question. */
#ifndef SERVER_QUERY_CALL_H
#define SERVER_QUERY_CALL_H

#include "server/call.h"
#include "server/query_params.h"

/* With pointers into c. */
struct query_request query_request_of(struct call *c);

#endif
