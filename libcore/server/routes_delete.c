/* Requests to delete entries, as Loki answers them with deletion_mode disabled: there are none, and
 * none is taken. */
#include "server/route.h"

void route_delete_list(struct call *c)
{
	call_answer_json(c, BYTES_LIT("[]\n"));
}

void route_delete_refuse(struct call *c)
{
	struct err e;

	err_set(&e, ERR_USAGE, "deletion is not available for this tenant");
	call_refuse(c, 403, &e);
}
