/* Amounts in tables. */
#ifndef COST_TABLE_MONEY_H
#define COST_TABLE_MONEY_H

#include "base/num.h"
#include "report/table.h"

/* The next cell: exact; to the nearest cent, for people, whom the exact amount in other forms is
 * not kept from. nano: money.h. */
void table_money(struct table *t, num_wide nano);
void table_cents(struct table *t, num_wide nano);

#endif
