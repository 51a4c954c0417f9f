/* One row of counts, field by field, whatever it is written in. */
#ifndef SLO_ROW_H
#define SLO_ROW_H

#include "slo/rows.h"

enum row_field {
	ROW_NAME,
	ROW_SERVICE,
	ROW_TARGET,
	ROW_WINDOW,
	ROW_TIME,
	ROW_TOTAL,
	ROW_BAD,
	ROW_GOOD,
	ROW_FIELDS,
};

/* Texts of fields; .p is NULL where there is none. */
struct row_texts {
	struct bytes text[ROW_FIELDS];
	uint64_t line;
};

/* The field of that name, or ROW_FIELDS. */
enum row_field row_field_of(struct bytes name);

/* Makes a row of them, behind those of r. Errors: as slo_rows_read. */
MUST_CHECK int row_add(struct slo_rows *r, const struct row_texts *t, struct err *e);

/* The two forms of a text. */
MUST_CHECK int rows_read_csv(struct bytes text, struct slo_rows *r, struct err *e);
MUST_CHECK int rows_read_json(struct bytes text, struct slo_rows *r, struct err *e);

#endif
