/* What becomes of an answer before it goes out: another form, gzip. For queries.c. */
#ifndef SERVER_QUERY_ENCODE_H
#define SERVER_QUERY_ENCODE_H

#include "server/queries.h"

bool query_is_to_be_encoded(const struct query *query);
/* It may take long. For any thread; query is only its own meanwhile. */
void query_encode(struct query *query);

#endif
