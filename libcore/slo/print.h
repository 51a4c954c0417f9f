/* What objectives have come to, as text for people, JSON lines and CSV. */
#ifndef SLO_PRINT_H
#define SLO_PRINT_H

#include "slo/state.h"

/* What is told besides the budget. */
enum slo_print { SLO_PRINT_BUDGET, SLO_PRINT_ALERTS };

void slo_print_text(struct buf *out, const struct slo_state *s, const struct slo_alerts *a,
		    enum slo_print what);
void slo_print_jsonl(struct buf *out, const struct slo_state *s, const struct slo_alerts *a);
/* A table, one row each. */
void slo_print_markdown(struct buf *out, const struct slo_state *s, size_t n);
/* A page with that table, and pictures, SVG, below it. */
void slo_print_html(struct buf *out, const struct slo_state *s, size_t n, struct bytes pictures);
/* A row for each, below a row of names. */
void slo_print_csv(struct buf *out, const struct slo_state *s, size_t n);

#endif
