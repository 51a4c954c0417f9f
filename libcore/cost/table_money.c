#include "cost/table_money.h"

#include "cost/money.h"

void table_money(struct table *t, num_wide nano)
{
	struct buf b = { 0 };

	money_text(&b, nano);
	table_add(t, buf_bytes(&b));
	buf_release(&b);
}

void table_cents(struct table *t, num_wide nano)
{
	table_money(t, money_cents(nano));
}
